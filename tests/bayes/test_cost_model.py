"""Expected seconds of segments."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rltune.bayes.cost_model import CostModel, fit_cost_model
from rltune.bayes.data import FidelityScale
from rltune.optimizers.build import build_optimizer
from rltune.space.quasi_random import sobol
from rltune.testing.surfaces import MIDDLE, SMALL, GrpoSurface, simulate
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    History,
    Phase,
    Proposal,
    StopKind,
    StopReason,
)

SURFACE = GrpoSurface()
PROBLEM = SURFACE.problem(0)
SCALE = FidelityScale(10, 40, SURFACE.sizes, "middle")


def seconds(costs: CostModel, configuration: Configuration, model: str, steps: int, rungs: int = 1) -> float:
    x = PROBLEM.space.encode(configuration)[None]
    return float(costs.seconds(x, np.array([SURFACE.sizes[model]]), np.array([steps]), np.array([rungs]))[0])


def run_of(configuration: Configuration, *segments: tuple[int, ...], stopped_at: int | None = None) -> list[Evaluation]:
    """A run on `small` that takes 1 s a step, 30 s a validation, 10 s a start. Each segment is validated at its steps
    and ends at the last one; `stopped_at`: where a rule ends the last segment instead."""
    found, validations = [], 0
    for started, rungs in enumerate(segments, start=1):
        for steps in rungs:
            dead = stopped_at is not None and steps == segments[-1][-1]
            trained = stopped_at if dead and stopped_at else steps
            validations += not dead
            stop = StopReason(StopKind.RULE if dead else StopKind.REACHED, trained, "")
            cost = Cost(float(trained), 30.0 * validations, 10.0 * started)
            score = None if dead else 0.5
            fidelity = Fidelity("small", steps)
            found.append(Evaluation(configuration, fidelity, 0, Phase.SEARCH, score, cost, stop, trained))
    return found


@pytest.mark.parametrize(
    "runs",
    [
        [((10, 20, 40),)],  # one segment past three rungs
        [((10,), (20, 40)), ((10,),)],  # continued once
        [((10, 20, 40),), ((10,), (20,), (40,)), ((10, 20),)],
    ],
)
def test_a_segment_costs_one_start_its_steps_and_a_validation_at_each_rung(runs: list[tuple[tuple[int, ...]]]) -> None:
    configurations = sobol(PROBLEM.space, len(runs), 3)
    history = History(tuple(e for c, run in zip(configurations, runs, strict=True) for e in run_of(c, *run)))
    costs = fit_cost_model(history, PROBLEM.space, SCALE, {})
    known = configurations[0]
    assert seconds(costs, known, "small", 10, 1) == pytest.approx(50, rel=0.1)
    assert seconds(costs, known, "small", 40, 3) == pytest.approx(140, rel=0.1)
    assert seconds(costs, known, "small", 20, 1) == pytest.approx(60, rel=0.1)  # 20 -> 40, continued


def test_a_run_that_a_rule_stopped_between_two_rungs_was_validated_before_only() -> None:
    (configuration,) = sobol(PROBLEM.space, 1, 3)
    costs = fit_cost_model(History(tuple(run_of(configuration, (10, 20, 40), stopped_at=25))), PROBLEM.space, SCALE, {})
    assert seconds(costs, configuration, "small", 40, 3) == pytest.approx(140, rel=0.1)


def test_nothing_is_learnt_from_a_run_that_never_began() -> None:
    stop = StopReason(StopKind.FAILED, 0, "out of memory")
    dead = Evaluation(PROBLEM.recipe, Fidelity("small", 40), 0, Phase.SEARCH, None, Cost(), stop, 0)
    costs = fit_cost_model(History((dead,)), PROBLEM.space, SCALE, {})
    unknown = fit_cost_model(History(), PROBLEM.space, SCALE, {})
    assert seconds(costs, PROBLEM.recipe, "small", 40) == seconds(unknown, PROBLEM.recipe, "small", 40)


def test_learns_rollouts_size_and_overhead() -> None:
    history = simulate(build_optimizer("random", SURFACE.problem(1, (SMALL,), MIDDLE)), SURFACE, evaluations=12)
    history = History(
        history.evaluations
        + simulate(build_optimizer("random", SURFACE.problem(2, (), MIDDLE)), SURFACE, evaluations=6).evaluations
    )
    costs = fit_cost_model(history, PROBLEM.space, SCALE, {})
    for configuration in sobol(PROBLEM.space, 8, 5):
        for model in ("small", "middle"):
            proposal = Proposal(configuration, Fidelity(model, 40), 0, Phase.SEARCH, "")
            true = GrpoSurface(deaths=False).evaluate(proposal, History()).cost.seconds
            assert seconds(costs, configuration, model, 40) == pytest.approx(true, rel=0.35)


def test_only_missing_steps_cost() -> None:
    history = simulate(build_optimizer("random", SURFACE.problem(1)), SURFACE, evaluations=5)
    costs = fit_cost_model(history, PROBLEM.space, SCALE, {})
    whole, half = (seconds(costs, PROBLEM.recipe, "small", steps) for steps in (40, 20))
    overhead = 2 * half - whole
    assert overhead > 0
    assert whole - half == pytest.approx(20 * 0.15 * (0.4 + 0.6 * 5 / 8), rel=0.3)


def test_one_observation_is_enough() -> None:
    proposal = Proposal(PROBLEM.recipe, Fidelity("small", 40), 0, Phase.SEARCH, "")
    measured = SURFACE.evaluate(proposal, History())
    costs = fit_cost_model(History((measured,)), PROBLEM.space, SCALE, {})
    assert seconds(costs, PROBLEM.recipe, "small", 40) == pytest.approx(measured.cost.seconds, rel=0.3)
    assert seconds(costs, PROBLEM.recipe, "middle", 40) > seconds(costs, PROBLEM.recipe, "small", 40)


def test_timing_facts_alone_are_enough() -> None:
    center = PROBLEM.space.decode(np.full(PROBLEM.space.dimension, 0.5))
    costs = fit_cost_model(History(), PROBLEM.space, SCALE, {"small": 2.0, "middle": 6.0})
    assert seconds(costs, center, "small", 100) == pytest.approx(200, rel=0.4)
    assert seconds(costs, center, "middle", 100) == pytest.approx(600, rel=0.4)


def test_nothing_at_all_gives_finite_costs_that_grow_with_steps_and_size() -> None:
    costs = fit_cost_model(History(), PROBLEM.space, SCALE, {})
    values = [seconds(costs, PROBLEM.recipe, m, s) for m, s in (("small", 10), ("small", 40), ("middle", 40))]
    assert all(math.isfinite(v) and v > 0 for v in values)
    assert values == sorted(values)
