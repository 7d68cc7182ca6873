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
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

SURFACE = GrpoSurface()
PROBLEM = SURFACE.problem(0, (SMALL, MIDDLE))
SCALE = FidelityScale(10, 40, SURFACE.sizes, "middle")


def seconds(costs: CostModel, configuration: Configuration, model: str, steps: int) -> float:
    x = PROBLEM.space.encode(configuration)[None]
    return float(costs.seconds(x, np.array([SURFACE.sizes[model]]), np.array([steps]))[0])


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
