"""No search at all: the recipe, trained once."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from rltune.optimizers.base import Problem
from rltune.optimizers.runs import best_scored, read_runs
from rltune.types import Configuration, Fidelity, History, Phase, Proposal


class RecipeOptions(BaseModel):
    """The recipe has no settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecipeOptimizer:
    """Proposes the recipe on the largest search model at r_max, then nothing."""

    name = "recipe"
    options_type = RecipeOptions

    def __init__(self, problem: Problem, options: RecipeOptions) -> None:
        self.problem = problem

    def ask(self, history: History) -> Proposal | None:
        problem = self.problem
        largest = max(problem.search_models, key=lambda m: m.parameters)
        fidelity = Fidelity(largest.name, problem.horizon)
        if not read_runs(history, problem.training_seed).may_run(problem.recipe, fidelity):
            return None
        return Proposal(problem.recipe, fidelity, problem.training_seed, Phase.SEARCH, "the recipe")

    def rank(self, history: History, count: int) -> list[Configuration]:
        problem = self.problem
        sizes = {m.name: m.parameters for m in (problem.target, *problem.proxies)}
        ranked = best_scored(history, sizes, len(history.evaluations))
        return [c for c in ranked if c == problem.recipe][:count]
