"""What a study searches, holds fixed and has to beat: the recipe with the study's own settings over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rltune.config.recipes import Recipe
from rltune.config.study import StudyConfig
from rltune.errors import ConfigError, did_you_mean
from rltune.space.conditions import activation_order, is_present
from rltune.space.parameters import Parameter
from rltune.types import Scalar


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The hyperparameters of a study. A run's are `{**fixed, **configuration.values}`.

    Attributes:
        parameters: the searched ones, never empty.
        baseline: the recipe's value of each searched one that is present in it: the configuration to beat. A value
            may lie outside of the study's own interval: the recipe is beaten as published.
        fixed: all others that are set, the same for each run, the baseline's too; for a conditional parameter, what
            holds where it is absent.
    """

    parameters: Mapping[str, Parameter]
    baseline: Mapping[str, Scalar]
    fixed: Mapping[str, Scalar]

    def __post_init__(self) -> None:
        for name in ("parameters", "baseline", "fixed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def plan_search(config: StudyConfig, recipe: Recipe) -> SearchPlan:
    """Lays the study's `space`, `fixed` and `baseline` over the recipe.

    A searched parameter that the study fixes is not searched; a recipe's value that the study doesn't search is fixed.

    Raises:
        ConfigError: if nothing is left to search, or the baseline lacks a value for a searched parameter.
        SpaceError: if a condition of the space is impossible.
    """
    parameters = _without_fixed(_searched(config, recipe), config.fixed)
    if not parameters:
        raise ConfigError(
            "nothing is left to search: `fixed` holds every parameter of the space",
            where="fixed",
            hint="release one of them, or name another in `space`",
        )
    known = {**recipe.fixed, **recipe.values, **config.baseline}
    baseline: dict[str, Scalar] = {}
    for name in activation_order(parameters):
        if is_present(parameters[name], baseline):
            if name not in known:
                meant = did_you_mean(name, known)
                remedy = f"say what to compare with: `baseline: {{{name}: <the trainer's default>}}`"
                raise ConfigError(
                    f"the recipe {recipe.name} has no value for {name}, which the space searches",
                    where=f"space.{name}",
                    hint=f"{meant} Else {remedy}" if meant else remedy,
                )
            baseline[name] = known[name]
    kept = {name: v for name, v in known.items() if name not in parameters or parameters[name].when}
    return SearchPlan(parameters, baseline, {**kept, **config.fixed})


def _searched(config: StudyConfig, recipe: Recipe) -> dict[str, Parameter]:
    if config.space is None:
        return dict(recipe.space)
    return {**(recipe.space if config.space.base == "recipe" else {}), **config.space.parameters}


def _without_fixed(searched: Mapping[str, Parameter], fixed: Mapping[str, Scalar]) -> dict[str, Parameter]:
    """The parameters that are left when some are held: conditions on those are settled, one way or the other."""
    left: dict[str, Parameter] = {}
    for name in activation_order(searched):
        when = searched[name].when
        met = all(fixed[other] in allowed if other in fixed else other in left for other, allowed in when.items())
        if name not in fixed and met:
            open_conditions = {other: allowed for other, allowed in when.items() if other not in fixed}
            left[name] = searched[name].model_copy(update={"when": open_conditions})
    return {name: left[name] for name in searched if name in left}
