"""BOHB: brackets over rungs, promotions of the best, and draws from its model."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rltune.optimizers.base import Session
from rltune.optimizers.baseline_options import BohbOptions
from rltune.optimizers.bohb import BohbOptimizer
from rltune.optimizers.build import build_optimizer
from rltune.optimizers.trials import read_trials
from rltune.space.parameters import CategoricalParameter, FloatParameter
from rltune.space.space import Space
from rltune.testing.surfaces import GrpoSurface, simulate
from rltune.types import Configuration, Cost, Evaluation, History, Proposal, StopKind, StopReason

SURFACE = GrpoSurface(deaths=False)
LADDER = replace(SURFACE.problem(0), rungs=(9, 27, 81))


def result(proposal: Proposal, score: float | None, kind: StopKind = StopKind.REACHED) -> Evaluation:
    p = proposal
    stop = StopReason(kind, p.fidelity.steps, "")
    return Evaluation(p.configuration, p.fidelity, p.seed, p.phase, score, Cost(1.0), stop, p.fidelity.steps)


def passed(proposal: Proposal, score: float) -> list[Evaluation]:
    """A run's evaluations as a study records them: at each rung on the way too."""
    rungs = [s for s in LADDER.rungs if s <= proposal.fidelity.steps]
    return [result(replace(proposal, fidelity=replace(proposal.fidelity, steps=s)), score) for s in rungs]


@pytest.mark.parametrize("on_the_way", [False, True], ids=["ends only", "every passed rung"])
def test_runs_hyperbands_brackets(on_the_way: bool) -> None:
    session = Session(build_optimizer("bohb", LADDER))
    rng = np.random.default_rng(0)
    quality: dict[Configuration, float] = {}
    asked = []
    for _ in range(20):
        proposal = session.ask()
        assert proposal is not None
        asked.append(proposal)
        score = quality.setdefault(proposal.configuration, rng.random())
        for e in passed(proposal, score) if on_the_way else [result(proposal, score)]:
            session.tell(e)
    assert [p.fidelity.steps for p in asked] == [9] * 9 + [27] * 3 + [81] + [27] * 3 + [81] + [81] * 3
    first = sorted({p.configuration for p in asked[:9]}, key=lambda c: -quality[c])
    assert [p.configuration for p in asked[9:12]] == first[:3]
    assert asked[12].configuration == first[0]
    assert len({p.configuration for p in asked}) == 9 + 3 + 3


def test_the_next_bracket_begins_while_one_waits() -> None:
    session = Session(build_optimizer("bohb", LADDER))
    asked = [p for p in (session.ask() for _ in range(14)) if p]
    assert Counter(p.fidelity.steps for p in asked) == {9: 9, 27: 3, 81: 2}


def test_the_dead_are_never_promoted_and_what_they_owe_is_made_up() -> None:
    session = Session(build_optimizer("bohb", LADDER))
    for _ in range(9):
        proposal = session.ask()
        assert proposal is not None
        session.tell(result(proposal, None, StopKind.RULE))
    steps = []
    for _ in range(6):
        proposal = session.ask()
        assert proposal is not None
        steps.append(proposal.fidelity.steps)
        session.tell(result(proposal, 0.5))
    # the second bracket starts its three, one goes on, and one more for the first bracket
    assert steps[:5] == [27, 27, 27, 81, 81]


def history_of(optimizer: BohbOptimizer, count: int, steps: int) -> History:
    """Random configurations on one rung; good where the learning rate is near 1e-3."""
    problem, rng = optimizer.problem, np.random.default_rng(0)
    proposal = optimizer.ask(History())
    assert proposal is not None
    configurations = [problem.recipe, *(problem.space.tidy(problem.space.sample(rng)) for _ in range(count - 1))]
    found = []
    for c in configurations:
        score = 1 - abs(np.log10(float(c.values["learning_rate"])) + 3)
        fidelity = replace(proposal.fidelity, steps=steps)
        found.append(result(replace(proposal, configuration=c, fidelity=fidelity), float(score)))
    return History(tuple(found))


def bohb(**options: object) -> BohbOptimizer:
    return BohbOptimizer(LADDER, BohbOptions.model_validate(options))


def test_the_model_is_of_the_largest_budget_with_enough_points() -> None:
    optimizer, rng = bohb(), np.random.default_rng(0)
    few, enough = history_of(optimizer, 13, 9), history_of(optimizer, 14, 9)
    assert optimizer.model(read_trials(LADDER, few), rng) is None
    model = optimizer.model(read_trials(LADDER, enough), rng)
    assert model is not None and model.steps == 9 and len(model.good.points) == len(model.bad.points) == 7
    longer = history_of(optimizer, 40, 9).evaluations + history_of(optimizer, 20, 27).evaluations
    model = optimizer.model(read_trials(LADDER, History(longer)), rng)
    assert model is not None and model.steps == 27


def test_what_died_counts_as_bad() -> None:
    optimizer = bohb()
    history = history_of(optimizer, 20, 9)
    died = tuple(
        replace(e, score=None, stop=replace(e.stop, kind=StopKind.DIVERGED)) if i < 5 else e
        for i, e in enumerate(history.evaluations)
    )
    model = optimizer.model(read_trials(LADDER, History(died)), np.random.default_rng(0))
    assert model is not None and (len(model.good.points), len(model.bad.points)) == (7, 13)
    dead = {float(optimizer._coordinates(e.configuration)[0]) for e in died[:5]}
    assert dead <= set(model.bad.points[:, 0]) and not dead & set(model.good.points[:, 0])


@pytest.mark.slow
def test_a_third_is_drawn_at_random() -> None:
    optimizer = bohb()
    session = Session(optimizer, history_of(optimizer, 40, 9))
    reasons = [p.reason for p in (session.ask() for _ in range(150)) if p and "bracket" in p.reason]
    share = sum("at random" in r for r in reasons) / len(reasons)
    assert len(reasons) > 100 and 0.21 < share < 0.46  # three standard errors around 1/3


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_draws_come_from_where_the_good_ones_are(fraction: float) -> None:
    optimizer = bohb(random_fraction=fraction)
    session = Session(optimizer, history_of(optimizer, 40, 9))
    new = [p.configuration for p in (session.ask() for _ in range(40)) if p and "bracket" in p.reason]
    away = np.median([abs(np.log10(float(c.values["learning_rate"])) + 3) for c in new])
    assert (away < 0.35) == (fraction == 0.0)


def test_conditional_parameters_are_modelled() -> None:
    space = Space(
        {
            "learning_rate": FloatParameter(low=1e-6, high=1e-2, log=True),
            "schedule": CategoricalParameter(choices=("constant", "cosine")),
            "warmup": FloatParameter(low=0.0, high=0.5, when={"schedule": ("cosine",)}),
        }
    )
    problem = replace(LADDER, space=space, recipe=Configuration({"learning_rate": 1e-3, "schedule": "constant"}))
    session = Session(BohbOptimizer(problem, BohbOptions(random_fraction=0.0)))
    for _ in range(40):
        proposal = session.ask()
        assert proposal is not None and space.contains(proposal.configuration)
        session.tell(result(proposal, 0.5 + 0.4 * (proposal.configuration.values["schedule"] == "cosine")))
    late = session.ask()
    assert late is not None and session.optimizer.rank(session.history, 1)[0].values["schedule"] == "cosine"


def test_a_forecast_counts_as_the_score_at_the_end() -> None:
    optimizer = bohb()
    history = history_of(optimizer, 20, 81)
    low, high = sorted(history.evaluations, key=lambda e: e.score or 0)[:: len(history.evaluations) - 1]
    ended = dataclasses.replace(
        low, score=None, stop=StopReason(StopKind.PLATEAU, 40, "", values={"forecast": 0.99999})
    )
    swapped = tuple(ended if e is low else e for e in history.evaluations)
    model = optimizer.model(read_trials(LADDER, History(swapped)), np.random.default_rng(0))
    assert model is not None
    assert float(optimizer._coordinates(low.configuration)[0]) in set(model.good.points[:, 0])
    assert high.score is not None


@pytest.mark.slow
def test_it_learns() -> None:
    """With a model its late draws are better than its early ones, in true score at r_max."""
    optimizer = build_optimizer("bohb", SURFACE.problem(1, ()))
    history = simulate(optimizer, SURFACE, evaluations=120)
    order = list(dict.fromkeys(e.configuration for e in history.evaluations))
    values = [SURFACE.value(c, SURFACE.problem(1, ()).goal) for c in order]
    assert np.mean(values[-30:]) > np.mean(values[:30]) + 0.05
