"""Where a study stands, told by a few of its rows and the database's sums: the same as by all of its records."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.factory import CONFIG, TARGET, Filler, begin, fill_failing, fill_finished, fill_half, propose
from rltune.analysis.added_up import totals_of, trials_of
from rltune.analysis.outcomes import FORECASTS
from rltune.analysis.records import read_records
from rltune.analysis.standing import stand, standing
from rltune.analysis.summary import summarize, summarize_records
from rltune.cli.commands.status import SHOWN, tell
from rltune.cli.console import TextConsole
from rltune.store.base import StudyState, StudyStore, Totals
from rltune.store.open import create_study
from rltune.store.records import FAILURE
from rltune.types import Cost, Evaluation, Fidelity, Phase, Proposal, StopKind, StopReason

MODELS = ("embedded/xs", "embedded/s", TARGET)
FLOATS = {"search_seconds", "full_runs", "train_seconds", "validate_seconds", "start_seconds"}


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> Iterator[StudyStore]:
    """A study beside another one in the same database."""
    place = request.getfixturevalue("server") if request.param == "postgres" else str(tmp_path)
    other = create_study(place, f"{name}-b", CONFIG)
    fill_half(other)
    made = create_study(place, name, CONFIG)
    yield made
    made.close()
    other.close()


def wild(store: StudyStore, seed: int, segments: int = 30) -> None:
    """Trials of all kinds of ends, continued, repeated, lost and in flight."""
    begin(store)
    chance, filler = random.Random(seed), Filler(store, seed)
    configurations, flying = propose(4, seed), set()
    for _ in range(segments):
        place = chance.choice(configurations), chance.choice(MODELS), chance.randint(0, 1)
        configuration, model, number = place
        run = store.run(configuration, model, number)
        done = max(
            (s.stop.step for s in store.segments(run.id) if s.stop and s.stop.kind is StopKind.REACHED), default=0
        )
        later = [rung for rung in (15, 30, 60) if rung > done]
        if not later or place in flying:
            continue
        to_step, phase = later[0], chance.choice(list(Phase))
        kind = chance.choice([StopKind.REACHED] * 6 + [StopKind.LOST, StopKind.INTERRUPTED] * 3 + list(StopKind))
        flies = chance.random() < 0.05
        stop = StopReason(kind, chance.randint(done + 1, to_step), "so it was", rule="kl_growth", values={"kl": 0.1})
        filler.segment(
            configuration,
            model,
            to_step,
            seed=number,
            phase=phase,
            stop=None if kind is StopKind.REACHED else stop,
            finish=not flies,
        )
        flying |= {place} if flies else set()
    steady = propose(9, seed)[-1]
    filler.segment(steady, TARGET, 15)
    filler.segment(steady, TARGET, 30, stop=StopReason(StopKind.LOST, 20, "its node went away"))
    for to_step in (30, 60):
        filler.segment(steady, TARGET, to_step)
    for segment in chance.sample(store.segments(), 8):
        store.add_decision("retrain", segment.run_id, "room", {"segment": segment.id, "steps": chance.randint(1, 20)})
    for _ in range(chance.randint(0, 4)):
        store.add_decision("delete", "r0001", "room", {})


def assert_same(found: Totals, expected: Totals) -> None:
    """Counts are equal; sums of seconds as far as the order of adding allows."""
    for name in Totals.__slots__:
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert ours == (pytest.approx(theirs, rel=1e-12) if name in FLOATS else theirs), name


@pytest.mark.parametrize("seed", range(2))
def test_the_database_adds_up_what_the_records_do(store: StudyStore, seed: int) -> None:
    wild(store, seed)
    records, outline = read_records(store), store.outline(TARGET, 60)
    expected = totals_of(records)
    assert_same(outline.totals, expected)
    assert outline.trials == trials_of(records)
    assert min(expected.promotions, expected.recoveries, expected.steps_retrained, expected.moved_up) > 0
    assert min(expected.steps_retrained_for_room, expected.trials, len(expected.full_runs)) > 0
    assert any(t.stop is None for t in outline.trials)


def transferred(store: StudyStore) -> None:
    """Enough configurations on a proxy and on the target for a shift of the learning rate, and some on either only."""
    begin(store)
    filler, configurations = Filler(store), propose(14)
    for number, configuration in enumerate(configurations):
        for model in ("embedded/xs", TARGET):
            if number < 10 or (number < 12) == (model == TARGET):
                filler.segment(configuration, model, 60)


@pytest.mark.parametrize(
    "fill", [fill_finished, transferred, lambda s: fill_failing(s, failing=2), lambda s: wild(s, 7)]
)
def test_a_status_says_what_all_records_say(store: StudyStore, fill: object) -> None:
    assert callable(fill)
    if fill is not fill_finished:
        begin(store)
    fill(store)
    records = read_records(store)
    assert stand(store) == standing(records, trials_of(records), totals_of(records))
    ours, theirs = summarize(store).to_json(), summarize_records(records).to_json()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), name
    if fill is transferred:
        assert theirs["transfer"]["shift"] and "2 left out" in theirs["transfer"]["note"]  # type: ignore[index]


def test_a_study_of_which_nothing_is_known_stands_at_its_beginning(store: StudyStore) -> None:
    found = stand(store)
    assert found.state == "created" and found.best is None and found.work.evaluations == 0 == found.work.steps_trained
    assert_same(store.outline(None, None).totals, totals_of(read_records(store)))


def test_the_best_score_is_a_number(store: StudyStore) -> None:
    begin(store)
    for score, configuration in zip((math.nan, 0.25, math.inf, 0.75, 0.75), propose(5), strict=True):
        run = store.run(configuration, TARGET, 0)
        at = Fidelity(TARGET, 15)
        segment = store.begin_segment(Proposal(configuration, at, 0, Phase.SEARCH, ""), run.id, 0, Path("s"))
        stop = StopReason(StopKind.REACHED, 15, "reached")
        result = Evaluation(configuration, at, 0, Phase.SEARCH, score, Cost(1.0), stop, 15)
        store.finish_segment(segment.id, stop, Cost(1.0), [], [], [result])
    best = stand(store).best
    assert best is not None and best.score == 0.75 and best.configuration == propose(5)[3].id
    assert summarize_records(read_records(store)).best == best


def test_a_failed_study_says_why_until_it_goes_on(store: StudyStore) -> None:
    begin(store)
    store.set_fact(FAILURE, "5 trials all crashed")
    assert stand(store).failed_because is None
    store.set_state(StudyState.FAILED)
    assert stand(store).failed_because == "5 trials all crashed"
    assert json.loads(json.dumps(summarize(store).to_json()))["failed_because"] == "5 trials all crashed"


def test_a_status_without_scores_loads_no_heavy_library(tmp_path: Path) -> None:
    store = create_study(tmp_path, "light", CONFIG)
    filler = Filler(store)
    begin(store)
    filler.segment(propose(2)[1], TARGET, 15)
    store.close()
    (tmp_path / "study.yaml").write_text("name: light\n")
    code = (
        "import sys; from rltune.cli.commands import list, status; "
        f"status.main({str(tmp_path)!r}); list.main({str(tmp_path)!r}, True); "
        "print('loaded', *{m.split('.')[0] for m in sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    loaded = set(told.rpartition("loaded ")[2].split())
    assert "light: running" in told or "light: crashed" in told
    assert not {"numpy", "scipy", "torch", "pydantic", "plotly", "alembic", "optuna"} & loaded


@pytest.mark.parametrize("running", [FORECASTS, SHOWN + 5])
def test_many_runs_in_flight_are_told_without_forecasts_and_those_ahead_are_shown(
    tmp_path: Path, running: int, capsys: pytest.CaptureFixture[str]
) -> None:
    store = create_study(tmp_path, "wide", CONFIG)
    filler = Filler(store)
    begin(store)
    for index, configuration in enumerate(propose(running)):
        filler.segment(configuration, TARGET, 30 if index else 60, finish=False)
    store.set_state(StudyState.RUNNING)
    found = stand(store)
    store.close()
    assert len(found.running) == running
    assert {run.forecast is not None for run in found.running} == {running <= FORECASTS}
    tell(found, TextConsole(width=120))
    told = capsys.readouterr().out
    assert sum("/30" in line or "/60" in line for line in told.splitlines()) == min(running, SHOWN)
    assert ("and 5 more" in told) == (running > SHOWN)
