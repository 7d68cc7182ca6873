"""From an optimizer's name to the optimizer. A new one is one file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from rltune.errors import OptimizerError, did_you_mean, suggest
from rltune.optimizers.base import Optimizer, Problem
from rltune.optimizers.baseline_options import BohbOptions, GridOptions, OptunaOptions
from rltune.optimizers.options import JointFidelityOptions, NoOptions

OPTIMIZERS: Mapping[str, tuple[str, str, type[BaseModel]]] = {
    "bohb": ("rltune.optimizers.bohb", "BohbOptimizer", BohbOptions),
    "grid": ("rltune.optimizers.grid", "GridOptimizer", GridOptions),
    "joint_fidelity": ("rltune.optimizers.joint_fidelity", "JointFidelityOptimizer", JointFidelityOptions),
    "optuna": ("rltune.optimizers.optuna", "OptunaOptimizer", OptunaOptions),
    "random": ("rltune.optimizers.random", "RandomOptimizer", NoOptions),
    "recipe": ("rltune.optimizers.recipe", "RecipeOptimizer", NoOptions),
}
"""name -> (module, class, its options): by name, so that only the optimizer in use loads its libraries. Each class is
made from (problem, options)."""


LIGHT = frozenset({"bohb", "grid", "optuna", "random", "recipe"})
"""Those that can be made without PyTorch."""


def check_optimizer(
    name: str, options: Mapping[str, object] | None = None, problem: Problem | None = None
) -> BaseModel:
    """The checked options of an optimizer; loads no PyTorch.

    Args:
        problem: if given, an optimizer of `LIGHT` is also tried out on it: some options depend on the space, those of a
            library's part on that part.

    Raises:
        OptimizerError: if the name or an option is unknown, or an option has an impossible value.
    """
    checked = _checked_options(name, options)
    if problem is not None and name in LIGHT:
        build_optimizer(name, problem, options)
    return checked


def build_optimizer(name: str, problem: Problem, options: Mapping[str, object] | None = None) -> Optimizer:
    """The optimizer called `name` for a problem. Raises as `check_optimizer`."""
    checked = _checked_options(name, options)
    module, attribute, _ = OPTIMIZERS[name]
    return getattr(importlib.import_module(module), attribute)(problem, checked)


def _checked_options(name: str, options: Mapping[str, object] | None) -> BaseModel:
    if name not in OPTIMIZERS:
        raise OptimizerError(f"there is no optimizer {name!r}", where="optimizer", hint=suggest(name, OPTIMIZERS))
    kind = OPTIMIZERS[name][2]
    try:
        return kind.model_validate(dict(options or {}))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(kind.model_fields) or "none"
        close = did_you_mean(place, kind.model_fields) if first["type"] == "extra_forbidden" else None
        raise OptimizerError(
            f"option {place}: {first['msg']}, got {first['input']!r}",
            where=f"optimizer.{name}",
            hint=f"{close + ' ' if close else ''}options of {name}: {known}",
        ) from None
