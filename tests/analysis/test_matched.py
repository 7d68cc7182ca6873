"""What is paired with what, and what dead runs are worth."""

from __future__ import annotations

import math

import pytest

from rltune.analysis.matched import matched_pairs
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, StopKind, StopReason

PROXY, TARGET = Fidelity("small", 10), Fidelity("large", 10)
FLOORS = {"small": 0.3, "large": 0.35}


def evaluation(
    n: int,
    model: str,
    steps: int,
    score: float | None,
    kind=StopKind.REACHED,
    at: int | None = None,
    phase=Phase.SEARCH,
    seed: int = 0,
):
    stop = StopReason(kind, steps if at is None else at, "")
    return Evaluation(
        Configuration({"n": n}), Fidelity(model, steps), seed, phase, score, Cost(), stop, steps if at is None else at
    )


def test_pairs_are_of_one_step_and_dead_runs_are_worth_the_untrained_model() -> None:
    found = matched_pairs(
        [
            evaluation(1, "small", 10, 0.6),
            evaluation(1, "large", 10, 0.7),
            evaluation(1, "large", 40, 0.9),
            evaluation(2, "small", 10, 0.8),
            evaluation(2, "large", 10, None, StopKind.RULE, at=7),
            evaluation(3, "small", 40, None, StopKind.DIVERGED, at=5),
            evaluation(3, "large", 10, 0.5),
            evaluation(4, "large", 10, 0.9),
        ],
        PROXY,
        TARGET,
        FLOORS,
    )
    assert [(p.configuration.values["n"], p.proxy, p.target, p.died) for p in found] == [
        (1, 0.6, 0.7, False),
        (2, 0.8, 0.35, True),
        (3, 0.3, 0.5, False),
    ]


def test_crashes_final_runs_and_later_deaths_are_no_result_at_this_step() -> None:
    found = matched_pairs(
        [
            evaluation(1, "small", 10, 0.6),
            evaluation(1, "large", 10, None, StopKind.FAILED, at=2),
            evaluation(2, "small", 10, 0.6),
            evaluation(2, "large", 10, 0.7, phase=Phase.FINAL),
            evaluation(3, "small", 10, 0.6),
            evaluation(3, "large", 10, 0.65),
            evaluation(3, "large", 40, None, StopKind.RULE, at=25),
        ],
        PROXY,
        TARGET,
        FLOORS,
    )
    assert [(p.configuration.values["n"], p.target, p.died) for p in found] == [(3, 0.65, False)]


def test_several_seeds_count_as_their_mean_and_a_score_that_is_no_number_as_a_death() -> None:
    found = matched_pairs(
        [
            evaluation(1, "small", 10, 0.6),
            evaluation(1, "small", 10, 0.8, seed=1),
            evaluation(1, "small", 10, None, StopKind.RULE, at=7, seed=2),
            evaluation(1, "large", 10, 0.7),
            evaluation(2, "small", 10, math.nan),
            evaluation(2, "large", 10, 0.5),
            evaluation(3, "small", 20, math.nan),
            evaluation(3, "large", 10, 0.5),
        ],
        PROXY,
        TARGET,
        FLOORS,
    )
    assert [(p.configuration.values["n"], pytest.approx(p.proxy), p.target) for p in found] == [
        (1, 0.7, 0.7),
        (2, 0.3, 0.5),
    ]
