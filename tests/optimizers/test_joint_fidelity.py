"""Joint-fidelity search: what it proposes, and that it pays."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from rltune.errors import OptimizerError
from rltune.optimizers.base import AsksMany
from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import LARGE, MIDDLE, SMALL, GrpoSurface, simulate, spent_seconds
from rltune.types import Configuration, Fidelity, History, Proposal, StopKind

SURFACE = GrpoSurface()


def promotions(history: History) -> int:
    """Evaluations that continue a run."""
    runs = [(e.configuration, e.fidelity.model) for e in history.evaluations]
    return len(runs) - len(set(runs))


def test_starts_with_the_recipe_to_the_end_then_short_runs_then_promotes_the_best() -> None:
    optimizer = build_optimizer("joint_fidelity", SURFACE.problem(0), {"initial": 8})
    history = simulate(optimizer, SURFACE, evaluations=11)
    steps = [e.fidelity.steps for e in history.evaluations]
    assert history.evaluations[0].configuration == SURFACE.problem(0).recipe
    assert steps[:8] == [40] + [10] * 7
    assert steps[8:] == [20, 20, 20]
    scores = {e.configuration: e.score or 0.0 for e in history.evaluations[1:8]}
    promoted = {e.configuration for e in history.evaluations[8:]}
    assert promoted == set(sorted(scores, key=lambda c: -scores[c])[:3])


def test_several_slots_are_filled_while_the_design_waits() -> None:
    optimizer = build_optimizer("joint_fidelity", SURFACE.problem(0), {"initial": 8})
    history = simulate(optimizer, SURFACE, evaluations=14, slots=3)
    assert len(history.evaluations) >= 14
    assert promotions(history) >= 2


def test_of_several_at_once_each_knows_that_those_before_it_are_in_flight() -> None:
    """Alone, the second best candidate would be the best one's twin: worth next to nothing once the first is known."""
    optimizer = build_optimizer("joint_fidelity", SURFACE.problem(0), {"initial": 3})
    assert isinstance(optimizer, AsksMany)
    history = simulate(optimizer, SURFACE, evaluations=12)
    asked = optimizer.ask_many(history, 8)
    one_by_one: list[Proposal] = []
    for _ in asked:
        shown = replace(history, pending=tuple(one_by_one))
        one_by_one += [p for p in [optimizer.ask(shown)] if p is not None]
    gains = [[p.values["log_improvement"] for p in found] for found in (asked, one_by_one)]
    assert np.mean(gains[0]) == pytest.approx(np.mean(gains[1]), abs=0.7), "about as good as one by one"
    units = SURFACE.problem(0).space.encode
    distances = [
        float(np.linalg.norm(units(a.configuration) - units(b.configuration)))
        for a, b in itertools.combinations(asked, 2)
    ]
    assert min(distances) > 0.02


def test_a_proposal_explains_itself() -> None:
    optimizer = build_optimizer("joint_fidelity", SURFACE.problem(0), {"initial": 3})
    history = simulate(optimizer, SURFACE, evaluations=6)
    proposal = optimizer.ask(history)
    assert proposal is not None
    assert "expected gain at the goal" in proposal.reason
    assert proposal.values["expected_seconds"] > 0
    expected = math.exp(proposal.values["log_improvement"]) / proposal.values["expected_seconds"]
    assert math.exp(proposal.values["log_alpha"]) == pytest.approx(expected)


def test_a_dearer_model_must_be_worth_it() -> None:
    problem = SURFACE.problem(1, (SMALL, MIDDLE), LARGE)
    history = simulate(build_optimizer("joint_fidelity", problem, {"initial": 4}), SURFACE, evaluations=8)
    cheap = build_optimizer("joint_fidelity", problem, {"initial": 4}).ask(history)
    slow = tuple(
        replace(e, cost=replace(e.cost, train_seconds=e.cost.train_seconds * 1e4))
        if e.fidelity.model == "middle"
        else e
        for e in history.evaluations
    )
    options = {"initial": 4, "step_seconds": {"small": 0.1, "middle": 1e4}}
    dear = build_optimizer("joint_fidelity", problem, options).ask(replace(history, evaluations=slow))
    assert cheap is not None and dear is not None
    assert dear.fidelity.model == "small"


def test_rank_prefers_the_posterior_to_a_lucky_score() -> None:
    optimizer = build_optimizer("joint_fidelity", SURFACE.problem(2))
    history = simulate(optimizer, SURFACE, evaluations=20)
    goal = SURFACE.problem(2).goal
    true = {e.configuration: SURFACE.value(e.configuration, goal) for e in history.evaluations}
    assert SURFACE.value(optimizer.rank(history, 1)[0], goal) >= np.quantile(list(true.values()), 0.75)


def test_at_most_one_that_never_ran_is_named_best() -> None:
    for seed in range(3):
        optimizer = build_optimizer("joint_fidelity", SURFACE.problem(seed))
        history = simulate(optimizer, SURFACE, evaluations=20)
        ran = {e.configuration for e in history.evaluations}
        named = optimizer.rank(history, 10)
        assert sum(c not in ran for c in named) <= 1
        assert all(SURFACE.problem(seed).space.contains(c) for c in named)


def test_a_recipe_without_a_value_is_refused() -> None:
    with pytest.raises(OptimizerError, match="the recipe must lie in the space, but .* has no value"):
        replace(SURFACE.problem(0), recipe=Configuration({"learning_rate": 1e-4}))


@pytest.mark.slow
def test_a_usual_study_promotes_and_stops_asking_for_the_dead() -> None:
    history = simulate(build_optimizer("joint_fidelity", SURFACE.problem(3)), SURFACE, evaluations=24)
    assert 12 <= len({e.configuration for e in history.evaluations}) <= 24
    assert promotions(history) >= 2
    assert any(e.fidelity == Fidelity("small", 40) for e in history.evaluations)
    died = [e for e in history.evaluations if e.stop.kind is StopKind.RULE]
    assert len({e.configuration for e in died}) == len(died)


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", ["ei_per_cost", "kg_per_cost"])
def test_beats_random_search_at_equal_cost(acquisition: str) -> None:
    """On the target itself: the true score of the recommended configuration, in at least 6 of 8 seeds."""
    surface, wins = GrpoSurface(), 0
    for seed in range(8):
        problem = surface.problem(seed, ())
        values = []
        for name, options in (("joint_fidelity", {"acquisition": acquisition}), ("random", {})):
            optimizer = build_optimizer(name, problem, options)
            history = simulate(optimizer, surface, seconds=250)
            assert spent_seconds(history) < 250 + 60
            values.append(surface.value(optimizer.rank(history, 1)[0], problem.goal))
        wins += values[0] > values[1]
    assert wins >= 6
