"""Settings of the optimizers, apart from them: checking a study file must not load their libraries."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

Acquisition = Literal["ei_per_cost", "kg_per_cost"]


class NoOptions(BaseModel):
    """An optimizer that has nothing to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class JointFidelityOptions(BaseModel):
    """Settings of the joint-fidelity optimizer.

    Attributes:
        initial: configurations of the initial design, the recipe among them; default: twice the parameters, at least 6.
        acquisition: what is maximized. `kg_per_cost`: how much an evaluation is expected to raise the best posterior
            mean at (target, r_max), per expected second (knowledge gradient), on all models, the target among them;
            `ei_per_cost`: the expected improvement of the score at the evaluated fidelity, per expected second, on the
            proxies (the published method, arXiv 2606.03073).
        step_seconds: known seconds per step by model name, from timing steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    initial: int | None = Field(default=None, ge=1, le=10_000)
    acquisition: Acquisition = "kg_per_cost"
    step_seconds: dict[str, PositiveFloat] = Field(default_factory=dict)
