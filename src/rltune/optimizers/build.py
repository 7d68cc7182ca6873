"""From an optimizer's name to the optimizer. A new one is one file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from pydantic import ValidationError

from rltune.errors import OptimizerError, did_you_mean, suggest
from rltune.optimizers.base import Optimizer, Problem

OPTIMIZERS: Mapping[str, tuple[str, str]] = {
    "joint_fidelity": ("rltune.optimizers.joint_fidelity", "JointFidelityOptimizer"),
    "random": ("rltune.optimizers.random", "RandomOptimizer"),
    "recipe": ("rltune.optimizers.recipe", "RecipeOptimizer"),
}
"""name -> (module, class): by name, so that only the optimizer in use loads its libraries. Each class has a pydantic
model `options_type` and is made from (problem, options)."""


def find_optimizer(name: str) -> tuple[str, str]:
    """(module, class) of an optimizer; loads nothing.

    Raises:
        OptimizerError: if there is none of that name.
    """
    if name not in OPTIMIZERS:
        raise OptimizerError(
            f"there is no optimizer {name!r}",
            where="optimizer",
            hint=suggest(name, OPTIMIZERS),
        )
    return OPTIMIZERS[name]


def build_optimizer(name: str, problem: Problem, options: Mapping[str, object] | None = None) -> Optimizer:
    """The optimizer called `name` for a problem.

    Raises:
        OptimizerError: if the name or an option is unknown, or an option has an impossible value.
    """
    module, attribute = find_optimizer(name)
    cls = getattr(importlib.import_module(module), attribute)
    try:
        checked = cls.options_type.model_validate(dict(options or {}))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(cls.options_type.model_fields) or "none"
        close = did_you_mean(place, cls.options_type.model_fields) if first["type"] == "extra_forbidden" else None
        raise OptimizerError(
            f"option {place}: {first['msg']}, got {first['input']!r}",
            where=f"optimizer.{name}",
            hint=f"{close + ' ' if close else ''}options of {name}: {known}",
        ) from None
    return cls(problem, checked)
