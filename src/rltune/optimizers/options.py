"""Settings of the optimizers, apart from them: checking a study file must not load their libraries."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

Acquisition = Literal["ei_per_cost", "goal_per_cost"]
"""Whose expected improvement per expected second is maximized: `ei_per_cost` (published, arXiv 2606.03073) that of the
score at the evaluated fidelity, `goal_per_cost` that of the posterior mean at (target, r_max)."""


class NoOptions(BaseModel):
    """An optimizer that has nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class JointFidelityOptions(BaseModel):
    """Settings of the joint-fidelity optimizer.

    Attributes:
        initial: configurations of the initial design, the recipe among them; default: parameters + 2, at least 6.
        acquisition: what is maximized. `ei_per_cost`: the expected improvement of the score at the evaluated
            fidelity, per expected second (the published method); `goal_per_cost`: that of the posterior mean at
            (target, r_max) by the evaluation, per expected second.
        step_seconds: known seconds per step by model name, from timing steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    initial: int | None = Field(default=None, ge=1)
    acquisition: Acquisition = "ei_per_cost"
    step_seconds: dict[str, PositiveFloat] = Field(default_factory=dict)
