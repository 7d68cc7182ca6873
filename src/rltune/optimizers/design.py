"""What to run before there is enough to learn from: the recipe, then a quasi-random design, thinned out.

The recipe runs to r_max at once, as the first value to beat. The others start at the lowest rung of the smallest
model, and the best third of them goes on to the next rung, and so on: so the model soon sees whole learning curves.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from rltune.optimizers.base import Problem
from rltune.optimizers.runs import Runs
from rltune.space.quasi_random import sobol
from rltune.types import Configuration, Fidelity, Phase, Proposal

KEPT = 3
"""One in this many goes on from rung to rung."""
FROM_EARLIER = 3
"""With earlier studies one in this many is one of their best."""
APART = 0.15
"""In unit values: two configurations of earlier studies that differ by less, in every hyperparameter, are as one."""


def next_of_design(problem: Problem, runs: Runs, count: int) -> Proposal | None:
    """The next run of a design of `count` configurations, the recipe among them; None when it is complete, or when
    what it needs next is still in flight."""
    smallest = min(problem.search_models, key=lambda m: m.parameters).name
    start = Fidelity(smallest, problem.horizon)
    if _is_new(problem.recipe, start, runs):
        return _proposal(problem, problem.recipe, start, "the recipe, as the value to beat")
    others = [c for c in design(problem, count) if c != problem.recipe]
    for number, configuration in enumerate(others, 2):
        fidelity = Fidelity(smallest, problem.rungs[0])
        if _is_new(configuration, fidelity, runs):
            return _proposal(problem, configuration, fidelity, f"initial design, {number} of {len(others) + 1}")
    return _promotion(problem, runs, smallest, others)


def design(problem: Problem, count: int) -> tuple[Configuration, ...]:
    """`count` (or fewer, in a small space) configurations: the recipe, the best of earlier studies, if there are any,
    for a third of the others, then a scrambled Sobol sequence."""
    space = problem.space
    drawn = (space.tidy(c) for c in sobol(space, count, problem.seed))
    return tuple(dict.fromkeys((problem.recipe, *proven(problem, (count - 1) // FROM_EARLIER), *drawn)))[:count]


def proven(problem: Problem, count: int) -> list[Configuration]:
    """Up to `count` configurations that were the best of earlier studies, in turns, none close to another."""
    space = problem.space
    chosen = {problem.recipe: space.units(problem.recipe)}
    waiting = [deque(prior.best) for prior in problem.priors if prior.weight != 0]
    while any(waiting) and len(chosen) <= count:
        for queue in waiting:
            while queue:
                configuration = queue.popleft()
                u = space.units(configuration)
                if all(np.abs(u - other).max() >= APART for other in chosen.values()):
                    chosen[configuration] = u
                    break
    return list(chosen)[1 : count + 1]


def _promotion(problem: Problem, runs: Runs, model: str, others: list[Configuration]) -> Proposal | None:
    """The best run of a rung, as long as its next rung has seen fewer than its share of the design."""
    for level in range(1, len(problem.rungs)):
        below, steps = problem.rungs[level - 1], problem.rungs[level]
        share = math.ceil(len(others) / KEPT**level)
        if sum(runs.attempted.get((c, model), 0) >= steps for c in others) >= share:
            continue
        if any((c, model) in runs.busy for c in others):
            return None
        ready = [c for c in others if runs.reached.get((c, model)) == below and runs.may_run(c, Fidelity(model, steps))]
        if not ready:
            continue
        best = max(ready, key=lambda c: runs.scores[c, model])
        reason = f"best of the initial design after {below} steps (score {runs.scores[best, model]:.3g})"
        return _proposal(problem, best, Fidelity(model, steps), reason)
    return None


def _is_new(configuration: Configuration, fidelity: Fidelity, runs: Runs) -> bool:
    return (configuration, fidelity.model) not in runs.attempted and runs.may_run(configuration, fidelity)


def _proposal(problem: Problem, configuration: Configuration, fidelity: Fidelity, reason: str) -> Proposal:
    return Proposal(configuration, fidelity, problem.training_seed, Phase.SEARCH, reason)
