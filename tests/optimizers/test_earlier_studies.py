"""An optimizer that knows earlier studies: what it tries first, what it gains, and that it isn't fooled for long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rltune.optimizers.base import Problem
from rltune.optimizers.beliefs import Believes, concordance
from rltune.optimizers.build import build_optimizer
from rltune.optimizers.design import APART, design, proven
from rltune.priors import Prior
from rltune.priors.history import prior_of_history
from rltune.priors.mapping import Ground, Wishes, map_prior
from rltune.testing.surfaces import BASE_SCORE, GrpoSurface, simulate

SURFACE = GrpoSurface()


def old(seed: int = 77, evaluations: int = 40) -> Prior:
    """A random search on the same surface."""
    history = simulate(build_optimizer("random", SURFACE.problem(seed)), SURFACE, evaluations=evaluations)
    return prior_of_history(history, SURFACE.sizes, source="old", horizon=SURFACE.horizon)


def knowing(problem: Problem, *priors: Prior, weight: float | None = None) -> Problem:
    ground = Ground(problem.space, problem.recipe.values, problem.sizes, problem.target.name)
    tasks = tuple(map_prior(prior, Wishes(weight=weight), ground).task for prior in priors)
    return replace(problem, priors=tasks)


def upside_down(prior: Prior) -> Prior:
    turned = (replace(e, score=1 - (BASE_SCORE if e.score is None else e.score)) for e in prior.evaluations)
    return replace(prior, evaluations=tuple(turned), base_scores={})


def regret(problem: Problem, evaluations: int) -> float:
    """Of what is named best after so many evaluations, on the target at r_max."""
    optimizer = build_optimizer("joint_fidelity", problem, {"initial": 6})
    history = simulate(optimizer, SURFACE, evaluations=evaluations)
    (named,) = optimizer.rank(history, 1)
    return SURFACE.optimum(problem.target.name)[1] - SURFACE.value(named, problem.goal)


def test_the_design_tries_the_best_of_an_earlier_study_and_none_of_one_that_has_no_weight() -> None:
    problem, prior = SURFACE.problem(0), old()
    plain = design(problem, 10)
    known = knowing(problem, prior)
    tried = design(known, 10)
    assert len(tried) == len(set(tried)) == 10 and tried[0] == problem.recipe
    assert tried[1:4] == tuple(proven(known, 3)) and tried[1] == known.priors[0].best[0]
    assert tried[4:] == plain[1:7]
    assert design(knowing(problem, prior, weight=0.0), 10) == plain


def test_of_several_earlier_studies_each_has_its_turn_and_none_is_close_to_another() -> None:
    known = knowing(SURFACE.problem(0), old(1), old(2))
    found = proven(known, 4)
    assert found[0] == known.priors[0].best[0] and found[1] in known.priors[1].best
    units = [known.space.units(c) for c in (known.recipe, *found)]
    assert all(np.abs(a - b).max() >= APART for i, a in enumerate(units) for b in units[:i])


def test_few_results_of_an_earlier_study_leave_the_rest_of_the_design() -> None:
    known = knowing(SURFACE.problem(0), old(evaluations=1))
    assert len(proven(known, 5)) <= 1 and len(design(known, 10)) == 10


def test_rank_correlation_compares_within_a_fidelity() -> None:
    said, scores = np.array([0.0, 1, 2, 3, 4, 9, 8, 7, 6, 5]), np.arange(10) / 10
    fidelities = np.array([[1.0, 1.0]] * 5 + [[0.5, 1.0]] * 5)
    assert concordance(said, scores, fidelities) == 0.0  # ten pairs each way; across fidelities nothing is compared
    assert concordance(said[:5], scores[:5], fidelities[:5]) == 1.0
    assert concordance(said[:4], scores[:4], fidelities[:4]) is None  # six pairs are too few to tell
    assert concordance(np.ones(10), scores, fidelities) is None


@pytest.mark.slow
def test_the_published_acquisition_learns_from_it_too() -> None:
    problem = knowing(SURFACE.problem(0), old())
    optimizer = build_optimizer("joint_fidelity", problem, {"initial": 4, "acquisition": "ei_per_cost"})
    history = simulate(optimizer, SURFACE, evaluations=8)
    assert {e.fidelity.model for e in history.evaluations} == {"small"}
    assert isinstance(optimizer, Believes) and optimizer.beliefs(history)[0].influence > 0.1


@pytest.mark.slow
def test_an_earlier_study_pays_at_the_beginning() -> None:
    pairs = [(regret(knowing(SURFACE.problem(s), old()), 4), regret(SURFACE.problem(s), 4)) for s in range(3)]
    assert sum(told < alone for told, alone in pairs) >= 2
    assert np.mean([told for told, _ in pairs]) < 0.7 * np.mean([alone for _, alone in pairs])


@pytest.mark.slow
def test_a_misleading_one_is_found_out() -> None:
    problem = knowing(SURFACE.problem(0), upside_down(old()), old(78))
    optimizer = build_optimizer("joint_fidelity", problem, {"initial": 6})
    history = simulate(optimizer, SURFACE, evaluations=25)
    assert isinstance(optimizer, Believes)
    wrong, right = optimizer.beliefs(history)
    assert wrong.correlation is not None and right.correlation is not None
    assert wrong.correlation < 0 < right.correlation
    assert wrong.weight < right.weight
    alone = [regret(knowing(SURFACE.problem(s), upside_down(old())), 25) for s in range(3)]
    recipe = SURFACE.optimum("middle")[1] - SURFACE.value(problem.recipe, problem.goal)
    assert max(alone) < 0.5 * recipe
