"""No optimizer ever proposes batches that verl can't make: ten thousand proposals of each, judged independently."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import numpy as np
import optuna
import pytest
from verl_judge import can_run
from verl_toys import STAND_IN

from rltune.config.recipes import build_recipe
from rltune.config.resolve import SearchPlan
from rltune.optimizers.base import ModelSpec, Problem
from rltune.optimizers.baseline_options import BohbOptions, GridOptions
from rltune.optimizers.bohb import BohbOptimizer
from rltune.optimizers.candidates import new_configurations
from rltune.optimizers.grid import GridOptimizer
from rltune.optimizers.kde import KdeModel, fit_density
from rltune.optimizers.optuna_parts import quiet
from rltune.optimizers.optuna_study import suggest
from rltune.optimizers.runs import read_runs
from rltune.optimizers.trials import new_at_random, read_trials
from rltune.space.parameters import CategoricalParameter, IntParameter
from rltune.space.space import Space
from rltune.study.feasible import check_baseline, study_space, trainers_constraints
from rltune.trainers.build import build_trainer
from rltune.types import Configuration, History, Scalar

RECIPES = ("verl-grpo", "verl-ppo", "verl-dapo", "verl-reinforce-plus-plus", "verl-rloo")
GPUS, MICRO = 8, 2
ACTOR = "actor_rollout_ref.actor"
OWN = [
    "data.train_files=train.parquet",
    "data.val_files=val.parquet",
    "actor_rollout_ref.rollout.tensor_model_parallel_size=2",
    f"{ACTOR}.ppo_micro_batch_size_per_gpu={MICRO}",
]
WIDER = {
    "prompts_per_step": IntParameter(low=64, high=1024),
    "updates_per_step": IntParameter(low=1, high=32, log=True),
}
CHOSEN = {
    "prompts_per_step": CategoricalParameter(choices=(96, 128, 100, 512)),
    "updates_per_step": CategoricalParameter(choices=(1, 2, 3, 4, 5, 16)),
}


@cache
def problem_of(name: str, chosen: bool) -> tuple[Problem, Mapping[str, Scalar]]:
    """A study on a recipe with batch sizes searched, as a blueprint has it, and what it holds fixed."""
    recipe = build_recipe(name)
    wider = CHOSEN if chosen else WIDER
    parameters = {**recipe.space, **wider}
    baseline = {**recipe.values, "prompts_per_step": 512, "updates_per_step": 4}
    fixed = {n: v for n, v in recipe.fixed.items() if n not in wider}
    plan = SearchPlan(parameters, baseline, fixed)
    trainer = build_trainer("verl", {"python": str(STAND_IN / "python"), "base": OWN, "gpus": GPUS})
    constraints = trainers_constraints(trainer, plan, fixed)
    check_baseline(constraints, plan, fixed)
    space = study_space(constraints, plan, fixed)
    model = ModelSpec("m", 1e6)
    return Problem(space, model, (), (model,), (10, 20), space.clip(baseline), seed=1), fixed


def drawn_at_random(problem: Problem, count: int) -> Iterator[Configuration]:
    for number in range(count):
        found = new_at_random(problem.space, 0, number, ())
        assert found is not None
        yield found


def candidates(problem: Problem, count: int) -> Iterator[Configuration]:
    rng = np.random.default_rng(0)
    runs, good = read_runs(History(), 0), [problem.recipe]
    while count > 0:
        found = new_configurations(problem.space, good, runs, rng)
        yield from found[:count]
        good = [found[int(i)] for i in rng.integers(len(found), size=3)]
        count -= len(found)


def drawn_from_densities(problem: Problem, count: int) -> Iterator[Configuration]:
    optimizer = BohbOptimizer(problem, BohbOptions())
    rng = np.random.default_rng(0)
    while count > 0:
        points = np.array([optimizer._coordinates(problem.space.sample(rng)) for _ in range(24)])
        good, bad = (fit_density(part, optimizer.choices, 1e-3) for part in (points[:12], points[12:]))
        trials = read_trials(problem, History())
        for _ in range(min(count, 100)):
            found = optimizer._draw(KdeModel(good, bad, 10), trials, rng)
            assert found is not None
            yield found
        count -= 100


def suggested(problem: Problem, count: int) -> Iterator[Configuration]:
    with quiet():
        for part in range(0, count, 200):
            study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=part))
            for _ in range(min(200, count - part)):
                yield suggest(study.ask(), problem.space)


def swept(problem: Problem, count: int) -> Iterator[Configuration]:
    names = ("prompts_per_step", "updates_per_step", "learning_rate", "grad_clip")
    points = 2
    while points**4 < count and points < 10:
        points += 1
    grid = GridOptimizer(problem, GridOptions(parameters=names, points=points))
    yield from grid.coarse[:count]


PROPOSERS: Mapping[str, Callable[[Problem, int], Iterator[Configuration]]] = {
    "random": drawn_at_random,
    "joint_fidelity": candidates,
    "bohb": drawn_from_densities,
    "optuna": suggested,
    "grid": swept,
}


@pytest.fixture(autouse=True)
def interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_PYTHON", sys.executable)


def judge(name: str, problem: Problem, fixed: Mapping[str, Scalar], proposals: Iterator[Configuration]) -> int:
    """How many there were; none impossible, and each of the space."""
    seen, batches = 0, set()
    for configuration in proposals:
        values = {**fixed, **configuration.values}
        prompts, updates, rollouts = (int(values[n]) for n in ("prompts_per_step", "updates_per_step", "rollouts"))
        groups = name in ("verl-grpo", "verl-dapo", "verl-rloo")
        assert can_run(prompts, updates, rollouts, gpus=GPUS, micro=MICRO, groups=groups), values
        assert problem.space.contains(configuration)
        seen += 1
        batches.add((prompts, updates))
    assert len(batches) >= 5  # moved to the nearest, not all to the same
    return seen


@pytest.mark.parametrize("proposer", PROPOSERS)
@pytest.mark.parametrize("chosen", [True, False], ids=["choices", "intervals"])
def test_proposals_are_possible(proposer: str, chosen: bool) -> None:
    problem, fixed = problem_of("verl-grpo", chosen)
    assert judge("verl-grpo", problem, fixed, PROPOSERS[proposer](problem, 60)) > 10


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("proposer", PROPOSERS)
def test_ten_thousand_proposals_are_possible(proposer: str, recipe: str) -> None:
    problem, fixed = problem_of(recipe, False)
    seen = judge(recipe, problem, fixed, PROPOSERS[proposer](problem, 10_000))
    assert seen == 10_000 or (proposer == "grid" and seen > 300)


def test_without_the_constraints_most_would_be_impossible() -> None:
    """The judge can tell."""
    problem, fixed = problem_of("verl-grpo", False)
    free = Space(problem.space.parameters)
    rng = np.random.default_rng(0)
    drawn = [{**fixed, **free.sample(rng).values} for _ in range(200)]
    good = [
        can_run(int(v["prompts_per_step"]), int(v["updates_per_step"]), int(v["rollouts"]), gpus=GPUS, micro=MICRO)
        for v in drawn
    ]
    assert sum(good) < 60
