"""What the benchmark of earlier studies makes of its results."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path

import pytest

from rltune.priors import Prior, PriorEvaluation

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
bench = importlib.import_module("warm_start_prior")


def test_reaching_for_the_first_time_and_for_good_differ() -> None:
    trace = ((0.5, 0.6), (1.0, 0.97), (2.0, 0.9), (3.0, 0.96))
    result = bench.Result("same", 0, trace, 4.0, 1.0, 0.5, 1.0)
    assert (result.reached(), result.stays()) == (1.0, 3.0)
    assert result.regret(0.4) == 0.5 and result.regret(2.5) == pytest.approx(0.1)
    assert result.nearly() == 1.0
    assert result.upto(2.5).stays() == math.inf and result.upto(2.5).reached() == 1.0
    never = bench.Result("same", 0, ((0.5, 0.6),), 4.0, 1.0, 0.5, 1.0)
    assert never.reached() == never.stays() == math.inf


def test_a_ratio_of_medians_knows_costs_that_were_never_reached() -> None:
    assert bench.ratio([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]) == (0.5, 0.5, 0.5)
    value, low, high = bench.ratio([1.0, 1.0, math.inf], [2.0, 2.0, 2.0])
    assert value == low == 0.5 and high == math.inf
    assert math.isnan(bench.ratio([math.inf], [math.inf])[0])


def test_an_arm_that_misleads_is_as_wrong_as_can_be() -> None:
    found = Prior(
        "old",
        tuple(PriorEvaluation({"a": i}, "m", 1.0, 8, score) for i, score in enumerate((0.2, 0.9, None, 0.5))),
    )
    turned = [e.score for e in bench.misled(found, "negated", 0).evaluations]
    assert turned == pytest.approx([0.9, 0.2, 0.9, 0.6])
    dealt = [e.score for e in bench.misled(found, "permuted", 0).evaluations]
    assert sorted(map(str, dealt)) == sorted(map(str, (0.2, 0.9, None, 0.5)))


def test_the_docs_hold_the_table_of_the_kept_results() -> None:
    start, end = bench.MARKS
    held = bench.DOCS.read_text().split(start)[1].split(end)[0].strip()
    assert held == bench.report(bench.read_results()), "run: python bench/warm_start_prior.py tell"
