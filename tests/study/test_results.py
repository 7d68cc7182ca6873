"""From an outcome to evaluations."""

from __future__ import annotations

import math

import pytest

from rltune.executors.base import Outcome
from rltune.study.results import cost_up_to, evaluations_of, gave_up
from rltune.types import Configuration, Cost, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason

PROPOSAL = Proposal(Configuration({"learning_rate": 1e-3}), Fidelity("small", 40), 7, Phase.SEARCH, "why not")
RUNGS = (10, 20, 40)


def curve(steps: int, scores: dict[int, float]) -> list[StepMetrics]:
    lines = []
    for step in range(1, steps + 1):
        values = {"reward": 0.5, "step_seconds": 2.0}
        if step in scores:
            values |= {"score/mean": scores[step], "validate_seconds": 3.0}
        lines.append(StepMetrics(step, values))
    return lines


def outcome(kind: StopKind, step: int) -> Outcome:
    return Outcome(StopReason(kind, step, "because"), Cost(1.0, 1.0, 1.0))


def test_a_full_run_gives_each_rung_that_it_passed() -> None:
    lines = curve(40, {10: 0.4, 20: 0.5, 40: 0.6})
    found = evaluations_of(PROPOSAL, outcome(StopKind.REACHED, 40), lines, 1.5, RUNGS)
    assert [(e.fidelity.steps, e.score) for e in found] == [(10, 0.4), (20, 0.5), (40, 0.6)]
    assert found[0].cost == Cost(20.0, 3.0, 1.5)
    assert found[-1].cost == Cost(80.0, 9.0, 1.5)
    assert all(e.stop.kind is StopKind.REACHED and e.seed == 7 for e in found)


def test_a_stopped_run_has_no_score_but_its_last_one() -> None:
    found = evaluations_of(PROPOSAL, outcome(StopKind.RULE, 25), curve(25, {10: 0.4, 20: 0.3}), 1.0, RUNGS)
    last = found[-1]
    assert (last.fidelity.steps, last.score, last.last_score, last.steps_trained) == (40, None, 0.3, 25)
    assert last.stop.kind is StopKind.RULE
    assert last.cost.train_seconds == 50.0


@pytest.mark.parametrize("kind", [StopKind.INTERRUPTED, StopKind.LOST])
def test_an_interruption_says_nothing_about_the_goal(kind: StopKind) -> None:
    found = evaluations_of(PROPOSAL, outcome(kind, 15), curve(15, {10: 0.4}), 1.0, RUNGS)
    assert [(e.fidelity.steps, e.score) for e in found] == [(10, 0.4)]


def test_a_score_that_is_not_finite_is_a_failure() -> None:
    lines = curve(40, {10: 0.4, 20: math.nan, 40: math.nan})
    found = evaluations_of(PROPOSAL, outcome(StopKind.REACHED, 40), lines, 1.0, RUNGS)
    assert [e.fidelity.steps for e in found] == [10, 40]
    assert found[-1].score is None and found[-1].stop.kind is StopKind.FAILED


def test_vanishing_for_good_counts_as_a_failure() -> None:
    evaluation = gave_up(PROPOSAL, "its process vanished", 3, curve(12, {}), 2.0)
    assert evaluation.stop.kind is StopKind.FAILED and "3 times" in evaluation.stop.reason
    assert evaluation.score is None and evaluation.steps_trained == 12


def test_cost_counts_only_steps_up_to_the_one_asked_for() -> None:
    assert cost_up_to(curve(10, {5: 0.1}), 4, 0.0) == Cost(8.0, 0.0, 0.0)
    assert cost_up_to(curve(10, {5: 0.1}), 5, 0.5) == Cost(10.0, 3.0, 0.5)
