"""Settings of rltune's own optimizers, apart from them: checking a study file must not load their libraries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat

from rltune.config.problems import Problem as Mistake
from rltune.errors import suggest
from rltune.optimizers.base import Problem
from rltune.optimizers.outline import NoOptions, OptimizerOptions, Outline

Acquisition = Literal["ei_per_cost", "kg_per_cost"]


class RecipeOptions(NoOptions):
    """The recipe alone: one run."""

    def outline(self, problem: Problem) -> Outline:
        fidelity = problem.full_search_run
        return Outline((fidelity.model,), (fidelity.steps,), (), runs=1)


class JointFidelityOptions(OptimizerOptions):
    """Settings of the joint-fidelity optimizer.

    Attributes:
        initial: configurations of the initial design, the recipe among them; default: twice the parameters, at least 6.
        acquisition: what is maximized. `kg_per_cost`: how much an evaluation is expected to raise the best posterior
            mean at (target, r_max), per expected second (knowledge gradient), on all models, the target among them;
            `ei_per_cost`: the expected improvement of the score at the evaluated fidelity, per expected second, on the
            proxies (the published method, arXiv 2606.03073).
        step_seconds: known seconds per step by model name, from timing steps.
    """

    initial: int | None = Field(default=None, ge=1, le=10_000)
    acquisition: Acquisition = "kg_per_cost"
    step_seconds: dict[str, PositiveFloat] = Field(default_factory=dict)

    def mistakes(self, problem: Problem) -> list[Mistake]:
        return [
            Mistake(f"step_seconds.{name}", f"{name!r} isn't a model of the study", suggest(name, problem.sizes))
            for name in self.step_seconds
            if name not in problem.sizes
        ]

    def outline(self, problem: Problem) -> Outline:
        searched = set(problem.search_models)
        if self.acquisition == "kg_per_cost":
            searched.add(problem.target)
        initial = self.initial or max(6, 2 * len(problem.space.names))
        return Outline(
            tuple(m.name for m in problem.models if m in searched),
            problem.rungs,
            problem.space.names,
            {**self.model_dump(mode="json"), "initial": initial},
            design=int(min(initial, problem.space.cardinality)),
        )
