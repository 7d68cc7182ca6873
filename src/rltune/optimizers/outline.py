"""What an optimizer says of itself before anything has run: for checks and plans, without its libraries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from rltune.config.problems import Problem as Mistake
from rltune.errors import OptimizerError
from rltune.optimizers.base import Problem
from rltune.space.parameters import CategoricalParameter, Parameter


@dataclass(frozen=True, slots=True)
class Outline:
    """What an optimizer will ask for.

    Attributes:
        models: names of those that it trains on, smallest first. steps: that it asks for, increasing.
        swept: parameters that it varies; the others stay at the recipe.
        options: those in force, defaults filled in.
        runs: most runs that it asks for, after which it ends; None: it goes on as long as the budget does.
        design: configurations that it runs before results guide it, of an optimizer that has such a design.
    """

    models: tuple[str, ...]
    steps: tuple[int, ...]
    swept: tuple[str, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    runs: int | None = None
    design: int | None = None

    @property
    def least(self) -> int:
        """Runs without which it can't do what it is for."""
        return self.runs or self.design or 1


class OptimizerOptions(BaseModel):
    """Settings of an optimizer: the contract.

    An instance knows what its optimizer will do with a problem. It loads no library of the optimizer, and asks nothing
    of the history.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def mistakes(self, problem: Problem) -> list[Mistake]:
        """What can't work on this problem, by option."""
        return []

    def outline(self, problem: Problem) -> Outline:
        """What will be asked for. Without more said: full runs on the largest search model, unendingly."""
        fidelity = problem.full_search_run
        return Outline((fidelity.model,), (fidelity.steps,), problem.space.names, self.model_dump(mode="json"))


class NoOptions(OptimizerOptions):
    """An optimizer that has nothing to set."""


def points_of(parameter: Parameter, points: int) -> int:
    """Most values of a parameter in a sweep: all choices of a categorical one, else `points` if there are so many."""
    if isinstance(parameter, CategoricalParameter):
        return parameter.cardinality
    return int(min(points, parameter.cardinality or math.inf))


def raise_mistakes(mistakes: Sequence[Mistake], optimizer: str) -> None:
    """Tells all that is wrong with an optimizer's options; returns if nothing is.

    Raises:
        OptimizerError: with the option as its place, as the study file has it.
    """
    if len(mistakes) == 1:
        [one] = mistakes
        raise OptimizerError(f"{_option(one)}: {one.message}", where=f"optimizer.options.{one.path}", hint=one.hint)
    if mistakes:
        lines = (f"\n  - {_option(m)}: {m.message}" + (f" ({m.hint})" if m.hint else "") for m in mistakes)
        text = f"{len(mistakes)} problems with the options of {optimizer}:{''.join(lines)}"
        raise OptimizerError(text, where="optimizer.options")


def _option(mistake: Mistake) -> str:
    return mistake.path.rpartition(".")[2] if mistake.path.startswith(("sampler_", "pruner_")) else mistake.path
