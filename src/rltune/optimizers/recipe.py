"""No search at all: the recipe, trained once."""

from __future__ import annotations

from rltune.optimizers.base import Problem
from rltune.optimizers.outline import NoOptions
from rltune.optimizers.runs import best_scored, read_runs
from rltune.types import Configuration, History, Phase, Proposal


class RecipeOptimizer:
    """Proposes the recipe on the largest search model at r_max, then nothing."""

    name = "recipe"

    def __init__(self, problem: Problem, options: NoOptions) -> None:
        self.problem = problem

    def ask(self, history: History) -> Proposal | None:
        problem = self.problem
        fidelity = problem.full_search_run
        if not read_runs(history, problem.training_seed).may_run(problem.recipe, fidelity):
            return None
        return Proposal(problem.recipe, fidelity, problem.training_seed, Phase.SEARCH, "the recipe")

    def rank(self, history: History, count: int) -> list[Configuration]:
        problem = self.problem
        ranked = best_scored(history, problem.sizes, len(history.evaluations))
        return [c for c in ranked if c == problem.recipe][:count]
