"""What every optimizer must keep, whatever the history."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from rltune.optimizers.base import AsksMany, ModelSpec, Optimizer, Problem, Session
from rltune.optimizers.build import OPTIMIZERS, build_optimizer
from rltune.priors import Prior, PriorEvaluation
from rltune.priors.mapping import Ground, Wishes, map_prior
from rltune.priors.task import PriorTask
from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space
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
VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
    "bohb": ("bohb", {}),
    "grid": ("grid", {}),
    "grid, fine": ("grid", {"points": 3, "fine_points": 2, "seeds": 2}),
    "joint_fidelity": ("joint_fidelity", {"initial": 3}),
    "joint_fidelity, earlier studies": ("joint_fidelity", {"initial": 4}),
    "joint_fidelity, ei_per_cost": ("joint_fidelity", {"initial": 3, "acquisition": "ei_per_cost"}),
    "optuna, gp": ("optuna", {"sampler": "gp", "pruner": "median", "pruner_options": {"n_startup_trials": 2}}),
    "optuna, nsgaii": ("optuna", {"sampler": "nsgaii", "pruner": "successive_halving"}),
    "optuna, qmc": ("optuna", {"sampler": "qmc", "sampler_options": {"scramble": True}, "pruner": "none"}),
    "optuna, tpe": ("optuna", {}),
    "random": ("random", {}),
    "recipe": ("recipe", {}),
}
EVALUATIONS = 8
ENDS = {"recipe", "grid", "grid, fine"}
"""These propose a fixed number of runs, and then nothing more."""


@pytest.fixture(params=sorted(VARIANTS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def build(name: str, problem: Problem) -> Optimizer:
    if "earlier studies" in name:
        problem = replace(problem, priors=(earlier(problem, 1), earlier(problem, 2)))
    return build_optimizer(VARIANTS[name][0], problem, VARIANTS[name][1])


def earlier(problem: Problem, seed: int) -> PriorTask:
    """A study with the problem's space and models, of which one run in five failed; its scores are of no use."""
    rng, sizes = np.random.default_rng(seed), problem.sizes
    models = [str(model) for model in rng.choice(list(sizes), 15)]
    found = {
        e.key: e
        for model, score in zip(models, rng.random(15), strict=True)
        for e in [
            PriorEvaluation(
                problem.space.sample(rng).values,
                model,
                sizes[model],
                int(rng.choice(problem.rungs)),
                None if score < 0.2 else float(score),
            )
        ]
    }
    ground = Ground(problem.space, problem.recipe.values, sizes, problem.target.name)
    return map_prior(Prior(f"study {seed}", tuple(found.values())), Wishes(), ground).task


def ended(proposal: Proposal, score: float | None, kind: StopKind = StopKind.REACHED) -> Evaluation:
    stop = StopReason(kind, proposal.fidelity.steps, "")
    return Evaluation(
        proposal.configuration,
        proposal.fidelity,
        proposal.seed,
        proposal.phase,
        score,
        Cost(3.0, 1.0, 0.5),
        stop,
        proposal.fidelity.steps,
    )


def tiny_problem(proxies: tuple[ModelSpec, ...] = (SMALL,)) -> Problem:
    """Nine configurations: categorical parameters and a conditional one, nothing continuous."""
    space = Space(
        {
            "lr_scheduler": CategoricalParameter(choices=("constant", "cosine", "linear")),
            "warmup": CategoricalParameter(choices=(0, 2, 4, 8), when={"lr_scheduler": ("cosine", "linear")}),
        }
    )
    recipe = Configuration({"lr_scheduler": "constant"})
    return Problem(space, MIDDLE, proxies, proxies or (MIDDLE,), (10, 20, 40), recipe, seed=0)


def test_every_optimizer_is_held_to_the_contract() -> None:
    assert {optimizer for optimizer, _ in VARIANTS.values()} == set(OPTIMIZERS)


def test_the_same_history_gives_the_same_proposal(name: str) -> None:
    problem = SURFACE.problem(seed=3)
    history = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS)
    for known in (0, 5, EVALUATIONS):
        shown = History(history.evaluations[:known], (), history.base_scores)
        used = build(name, problem)
        used.ask(history)
        assert used.ask(shown) == build(name, problem).ask(shown) == used.ask(shown)


def test_the_seed_matters_but_the_recipe_is_always_first(name: str) -> None:
    first = [build(name, SURFACE.problem(seed)).ask(History()) for seed in (0, 1)]
    assert [p.configuration for p in first if p] == [SURFACE.problem(0).recipe] * 2
    histories = [simulate(build(name, SURFACE.problem(seed)), SURFACE, evaluations=EVALUATIONS) for seed in (0, 1)]
    seen = [tuple(e.configuration for e in history.evaluations) for history in histories]
    assert (seen[0] == seen[1]) == (name == "recipe")


@pytest.mark.parametrize("proxies", [(), (SMALL,), (SMALL, MIDDLE)])
def test_never_repeats_and_stays_within_bounds(name: str, proxies: tuple[ModelSpec, ...]) -> None:
    target = MIDDLE if MIDDLE not in proxies else ModelSpec("large", 2.0e6)
    problem = SURFACE.problem(7, proxies, target)
    history = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS, slots=2)
    done = [(e.configuration, e.fidelity, e.seed) for e in history.evaluations]
    assert len(done) == len(set(done))
    stopped = {e.configuration for e in history.evaluations if not e.succeeded}
    models = {m.name for m in problem.search_models}
    for index, e in enumerate(history.evaluations):
        assert problem.space.contains(e.configuration)
        assert e.fidelity.model in models and e.fidelity.steps in problem.rungs
        assert e.seed == problem.training_seed and e.phase is Phase.SEARCH
        if e.configuration in stopped:
            later = [x for x in history.evaluations[index + 2 :] if x.configuration == e.configuration]
            assert e.succeeded or not later


@pytest.mark.parametrize("kind", [StopKind.RULE, StopKind.FAILED, StopKind.DIVERGED, StopKind.REACHED])
@pytest.mark.parametrize("score", [None, math.nan])
def test_a_study_in_which_everything_fails_goes_on(name: str, kind: StopKind, score: float | None) -> None:
    session = Session(build(name, SURFACE.problem(0)))
    seen: set[Configuration] = set()
    for _ in range(6):
        proposal = session.ask()
        if proposal is None:
            assert name == "recipe"
            break
        assert proposal.configuration not in seen
        seen.add(proposal.configuration)
        session.tell(ended(proposal, score, kind))
    assert session.optimizer.rank(session.history, 3) == []


def test_a_run_that_was_lost_may_be_proposed_again(name: str) -> None:
    optimizer = build(name, SURFACE.problem(0))
    first = optimizer.ask(History())
    assert first is not None
    lost = History((ended(first, None, StopKind.LOST), ended(first, None, StopKind.INTERRUPTED)))
    assert optimizer.ask(lost) == first


def test_what_is_in_flight_is_not_asked_again(name: str) -> None:
    session = Session(build(name, SURFACE.problem(2)))
    asked = [p for p in (session.ask() for _ in range(7)) if p is not None]
    runs = [(p.configuration, p.fidelity.model) for p in asked]
    assert len(set(runs)) == len(runs)


@pytest.mark.parametrize("name", ["joint_fidelity", "joint_fidelity, ei_per_cost"])
@pytest.mark.parametrize("known", [0, 5, EVALUATIONS])
def test_several_at_once_are_different_runs_and_begin_with_the_one_asked_for_alone(name: str, known: int) -> None:
    problem = SURFACE.problem(2)
    optimizer = build(name, problem)
    assert isinstance(optimizer, AsksMany)
    history = simulate(optimizer, SURFACE, evaluations=EVALUATIONS)
    shown = History(history.evaluations[:known], (), history.base_scores)
    asked = optimizer.ask_many(shown, 6)
    runs = {(p.configuration, p.fidelity.model) for p in asked}
    assert len(runs) == len(asked) == 6
    assert [asked[0]] == [optimizer.ask(shown)] == optimizer.ask_many(shown, 1)
    assert asked == build(name, problem).ask_many(shown, 6)  # type: ignore[attr-defined]
    done = {(e.configuration, e.fidelity) for e in shown.evaluations}
    assert not done & {(p.configuration, p.fidelity) for p in asked}


def test_a_history_out_of_order_and_of_another_study_is_survived(name: str) -> None:
    problem = SURFACE.problem(4)
    history = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS)
    foreign = Proposal(Configuration({"momentum": 0.9}), Fidelity("unknown", 7), 5, Phase.CONFIRM, "")
    strange = replace(
        history,
        evaluations=(*reversed(history.evaluations), ended(foreign, 0.9)),
        pending=(foreign,),
        base_scores={},
    )
    proposal = build(name, problem).ask(strange)
    done = {(e.configuration, e.fidelity) for e in history.evaluations}
    assert proposal is None or (proposal.configuration, proposal.fidelity) not in done
    assert proposal is None or problem.space.contains(proposal.configuration)


def test_a_small_space_is_used_up_and_then_there_is_nothing_left(name: str) -> None:
    problem = tiny_problem()
    session = Session(build(name, problem))
    proposals: list[Proposal] = []
    while (proposal := session.ask()) is not None:
        proposals.append(proposal)
        models = {p.fidelity.model for p in proposals}
        assert len(proposals) <= 27 * len(models), "nine configurations have three rungs each, on each model"
        assert problem.space.contains(proposal.configuration)
        session.tell(ended(proposal, 0.3 + 0.01 * len(proposals)))
    configurations = {p.configuration for p in proposals}
    assert len(configurations) == (1 if name == "recipe" else 9)


def test_rank_gives_what_ran_and_lives(name: str) -> None:
    problem = SURFACE.problem(5)
    optimizer = build(name, problem)
    assert optimizer.rank(History(), 3) == []
    history = simulate(optimizer, SURFACE, evaluations=EVALUATIONS)
    ranked = optimizer.rank(history, 3)
    assert 1 <= len(ranked) == len(set(ranked)) <= 3
    assert ranked == optimizer.rank(history, 9)[: len(ranked)]
    dead = {e.configuration for e in history.evaluations if not e.succeeded}
    assert not dead.intersection(optimizer.rank(history, 99))
    # a model may name one that was never run, nothing else may
    assert len(set(ranked) - {e.configuration for e in history.evaluations}) <= name.startswith("joint_fidelity")


def what(proposal: Proposal | None) -> tuple[Configuration, Fidelity, int] | None:
    """What a proposal asks for, apart from the numbers that explain it, which may be rounded otherwise."""
    return None if proposal is None else (proposal.configuration, proposal.fidelity, proposal.seed)


@pytest.mark.parametrize("order", ["reversed", "shuffled", "by score"])
def test_the_order_of_the_history_changes_nothing(name: str, order: str) -> None:
    problem = SURFACE.problem(6)
    whole = simulate(build(name, problem), SURFACE, evaluations=2 * EVALUATIONS, slots=3)
    cut = len(whole.evaluations) * 3 // 4
    known, later = list(whole.evaluations[:cut]), whole.evaluations[cut:]
    pending = tuple(Proposal(e.configuration, e.fidelity, e.seed, e.phase, "") for e in later)
    expected = build(name, problem).ask(replace(whole, evaluations=tuple(known), pending=pending))
    if order == "reversed":
        known.reverse()
    elif order == "shuffled":
        random.Random(0).shuffle(known)
    else:
        known.sort(key=lambda e: e.score or 0.0)
    mixed = replace(whole, evaluations=tuple(known), pending=pending[::-1])
    assert what(build(name, problem).ask(mixed)) == what(expected)
    assert build(name, problem).rank(mixed, 3) == build(name, problem).rank(replace(whole, evaluations=tuple(known)), 3)


def test_the_order_of_equals_changes_nothing(name: str) -> None:
    problem = SURFACE.problem(12)
    whole = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS)
    equal = tuple(e if e.score is None else replace(e, score=0.5) for e in whole.evaluations)
    one, other = (replace(whole, evaluations=known) for known in (equal, equal[::-1]))
    assert what(build(name, problem).ask(one)) == what(build(name, problem).ask(other))
    assert build(name, problem).rank(one, 9) == build(name, problem).rank(other, 9)


@pytest.mark.parametrize("scale", [1e-9, 1e9, -1.0, 0.0], ids=["tiny", "huge", "negative", "constant"])
def test_scores_of_any_scale_are_survived(name: str, scale: float) -> None:
    problem = SURFACE.problem(8)
    history = simulate(build(name, problem), SURFACE, evaluations=2 * EVALUATIONS)
    scaled = tuple(e if e.score is None else replace(e, score=scale * e.score) for e in history.evaluations)
    optimizer = build(name, problem)
    proposal = optimizer.ask(replace(history, evaluations=scaled, base_scores={}))
    if name in ENDS and proposal is None:
        return
    assert proposal is not None and problem.space.contains(proposal.configuration)
    done = {(e.configuration, e.fidelity, e.seed) for e in scaled}
    assert (proposal.configuration, proposal.fidelity, proposal.seed) not in done
    assert all(problem.space.contains(c) for c in optimizer.rank(replace(history, evaluations=scaled), 3))


def test_a_result_that_is_there_twice_changes_little(name: str) -> None:
    problem = SURFACE.problem(9)
    history = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS)
    doubled = replace(history, evaluations=(*history.evaluations, *history.evaluations))
    proposal = build(name, problem).ask(doubled)
    assert proposal is None or problem.space.contains(proposal.configuration)
    done = {(e.configuration, e.fidelity, e.seed) for e in history.evaluations}
    assert proposal is None or (proposal.configuration, proposal.fidelity, proposal.seed) not in done
    ran = {e.configuration for e in history.evaluations}
    once, twice = (build(name, problem).rank(known, 9) for known in (history, doubled))
    assert [c for c in once if c in ran] == [c for c in twice if c in ran]


def test_one_evaluation_is_enough_to_go_on(name: str) -> None:
    problem = SURFACE.problem(10)
    session = Session(build(name, problem))
    first = session.ask()
    assert first is not None
    session.tell(ended(first, 0.4))
    named = session.optimizer.rank(session.history, 3)
    assert first.configuration in named and len(named) <= 1 + name.startswith("joint_fidelity")
    assert (session.ask() is None) == (name == "recipe")


@pytest.mark.slow
def test_sixty_four_workers_get_different_work(name: str) -> None:
    problem = SURFACE.problem(11)
    history = simulate(build(name, problem), SURFACE, evaluations=EVALUATIONS)
    session = Session(build(name, problem), history)
    asked = [p for p in (session.ask() for _ in range(64)) if p is not None]
    runs = {(p.configuration, p.fidelity.model, p.seed) for p in asked}
    assert len(runs) == len(asked)
    assert all(problem.space.contains(p.configuration) for p in asked)
    assert name in ENDS or len(asked) == 64
