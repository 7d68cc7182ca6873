"""Random search: the baseline that everything must beat."""

from __future__ import annotations

import numpy as np

from rltune.optimizers.base import Problem
from rltune.optimizers.outline import NoOptions
from rltune.optimizers.runs import Runs, best_scored, read_runs
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

TRIES = 1_000


class RandomOptimizer:
    """The recipe, then configurations drawn uniformly (in scaled values), each on the largest search model with all
    r_max steps. The n-th draw depends on the seed and n alone. Ends when a small space is used up."""

    name = "random"

    def __init__(self, problem: Problem, options: NoOptions) -> None:
        self.problem = problem

    def ask(self, history: History) -> Proposal | None:
        problem = self.problem
        runs = read_runs(history, problem.training_seed)
        fidelity = problem.full_search_run
        if runs.may_run(problem.recipe, fidelity):
            return Proposal(problem.recipe, fidelity, problem.training_seed, Phase.SEARCH, "the recipe")
        configuration = self._draw(runs, fidelity, len(history.evaluations) + len(history.pending))
        if configuration is None:
            return None
        return Proposal(configuration, fidelity, problem.training_seed, Phase.SEARCH, "drawn at random")

    def rank(self, history: History, count: int) -> list[Configuration]:
        return best_scored(history, self.problem.sizes, count)

    def _draw(self, runs: Runs, fidelity: Fidelity, first: int) -> Configuration | None:
        space = self.problem.space
        for number in range(first, first + TRIES):
            rng = np.random.default_rng((self.problem.seed, number))
            configuration = space.tidy(space.sample(rng))
            if runs.may_run(configuration, fidelity):
                return configuration
        return None
