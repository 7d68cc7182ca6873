"""What a whole study's records say about its proxies."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.factory import BEST_RATE, CONFIG, RECIPE, RUNGS, TARGET, Filler, begin
from rltune.analysis.records import read_records
from rltune.analysis.shift import NoShift, Shift
from rltune.analysis.summary import summarize
from rltune.analysis.transfer import measure_transfer
from rltune.report.data import read_report_data
from rltune.report.sections.transfer import transfer
from rltune.store.base import StudyStore
from rltune.store.open import create_study
from rltune.types import Configuration


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    store = create_study(tmp_path, "small", CONFIG)
    begin(store)
    yield store
    store.close()


def fill(store: StudyStore, on_target: int) -> None:
    """Twelve learning rates on the proxy, `on_target` of them on the target too, all to the first rung."""
    filler = Filler(store)
    rates = [10 ** (-4.6 + 2.0 * i / 11) for i in range(12)]
    configurations = [Configuration({**RECIPE, "learning_rate": float(f"{rate:.3g}")}) for rate in rates]
    for configuration in configurations:
        filler.segment(configuration, "embedded/xs", 15)
    for configuration in configurations[:: max(1, 12 // on_target)][:on_target]:
        filler.segment(configuration, TARGET, 15)


def test_the_shift_of_the_best_learning_rate_is_read_from_a_study(store: StudyStore) -> None:
    fill(store, 12)
    found = measure_transfer(read_records(store)).shift
    assert isinstance(found, Shift)
    assert found.decades == pytest.approx(math.log10(BEST_RATE[TARGET] / BEST_RATE["embedded/xs"]), abs=0.15)
    assert "about 0.5 times" in transfer(read_report_data(store))


def test_too_few_pairs_say_so_in_the_report(store: StudyStore) -> None:
    fill(store, 4)
    found = measure_transfer(read_records(store)).shift
    assert isinstance(found, NoShift)
    assert "4 pairs, 6 are needed" in transfer(read_report_data(store))


def test_a_single_pair_is_counted_in_the_singular(store: StudyStore) -> None:
    filler = Filler(store)
    for model in ("embedded/xs", TARGET):
        filler.segment(Configuration(RECIPE), model, RUNGS[-1])
    assert measure_transfer(read_records(store)).note.startswith("1 configuration with both scores")


def test_a_skipped_check_is_told(store: StudyStore) -> None:
    store.set_fact("transfer_pairing", {"skipped": "no time", "reason": "transfer check skipped: no time"})
    assert "Transfer check skipped: no time" in transfer(read_report_data(store))


def test_the_verdict_and_its_pairs_are_in_the_summary_and_the_report(store: StudyStore) -> None:
    pairs = [
        {"configuration": "abc", "proxy": 0.8, "target": 0.4},
        {"configuration": "def", "proxy": 0.5, "target": 0.6},
    ]
    reason = "transfer check: the ranking of embedded/xs at step 15 did not hold on the target."
    fact = {"standing": "weak", "proxy": "embedded/xs", "step": 15, "pairs": pairs, "distrusted": [], "reason": reason}
    store.set_fact("transfer_verdict", fact)
    plain = json.loads(json.dumps(summarize(store).to_json(), allow_nan=False))
    assert plain["transfer"]["check"]["standing"] == "weak"
    page = transfer(read_report_data(store))
    assert "did not hold on the target" in page and "0.800" in page and "embedded/xs, step 15" in page
