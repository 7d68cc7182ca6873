"""From an optimizer's name to the optimizer. A new one is one file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from pydantic import ValidationError

from rltune.config.problems import Problem as Mistake
from rltune.config.problems import find_problems
from rltune.errors import OptimizerError, suggest
from rltune.optimizers.base import Optimizer, Problem
from rltune.optimizers.baseline_options import BohbOptions, GridOptions, OptunaOptions, meant_by
from rltune.optimizers.options import JointFidelityOptions, RecipeOptions
from rltune.optimizers.outline import NoOptions, OptimizerOptions, raise_mistakes

OPTIMIZERS: Mapping[str, tuple[str, str, type[OptimizerOptions]]] = {
    "bohb": ("rltune.optimizers.bohb", "BohbOptimizer", BohbOptions),
    "grid": ("rltune.optimizers.grid", "GridOptimizer", GridOptions),
    "joint_fidelity": ("rltune.optimizers.joint_fidelity", "JointFidelityOptimizer", JointFidelityOptions),
    "optuna": ("rltune.optimizers.optuna", "OptunaOptimizer", OptunaOptions),
    "random": ("rltune.optimizers.random", "RandomOptimizer", NoOptions),
    "recipe": ("rltune.optimizers.recipe", "RecipeOptimizer", RecipeOptions),
}
"""name -> (module, class, its options): by name, so that only the optimizer in use loads its libraries. Each class is
made from (problem, options)."""


LIGHT = frozenset({"bohb", "grid", "optuna", "random", "recipe"})
"""Those that can be made without PyTorch."""


LEARNS_FROM_PRIORS = frozenset({"joint_fidelity"})
"""Those that use what earlier studies measured (`Problem.priors`)."""


def check_optimizer(
    name: str, options: Mapping[str, object] | None = None, problem: Problem | None = None
) -> OptimizerOptions:
    """The checked options of an optimizer; loads no PyTorch.

    Args:
        problem: if given, an optimizer of `LIGHT` is also tried out on it: some options depend on the space, those of a
            library's part on that part.

    Raises:
        OptimizerError: if the name or an option is unknown, or an option has an impossible value.
    """
    checked = _checked_options(name, options, problem)
    if problem is not None and name in LIGHT:
        build_optimizer(name, problem, options)
    return checked


def build_optimizer(name: str, problem: Problem, options: Mapping[str, object] | None = None) -> Optimizer:
    """The optimizer called `name` for a problem. Raises as `check_optimizer`."""
    checked = _checked_options(name, options, problem)
    module, attribute, _ = OPTIMIZERS[name]
    return getattr(importlib.import_module(module), attribute)(problem, checked)


def _checked_options(name: str, options: Mapping[str, object] | None, problem: Problem | None) -> OptimizerOptions:
    if name not in OPTIMIZERS:
        hint = meant_by(name) or suggest(name, OPTIMIZERS)
        raise OptimizerError(f"there is no optimizer {name!r}", where="optimizer", hint=hint)
    kind, given = OPTIMIZERS[name][2], dict(options or {})
    try:
        checked = kind.model_validate(given)
    except ValidationError as error:
        found = [_of_optimizer(mistake, name, kind) for mistake in find_problems(error, kind, given)]
        wrong = {mistake.path.partition(".")[0] for mistake in found}
        rest = kind.model_validate({key: value for key, value in given.items() if key not in wrong})
        raise_mistakes([*found, *(rest.mistakes(problem) if problem is not None else ())], name)
        raise
    if problem is not None:
        raise_mistakes(checked.mistakes(problem), name)
    return checked


def _of_optimizer(mistake: Mistake, name: str, kind: type[OptimizerOptions]) -> Mistake:
    """An unknown key is an unknown option, and some optimizers have none."""
    if not mistake.message.startswith("unknown key"):
        return mistake
    hint = mistake.hint if kind.model_fields else f"{name} has nothing to set: leave `options` out"
    return Mistake(mistake.path, f"{name} has no such option", hint)
