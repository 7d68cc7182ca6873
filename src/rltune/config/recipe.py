"""What a recipe is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rltune.space.parameters import Parameter
from rltune.types import Scalar


@dataclass(frozen=True, slots=True)
class Recipe:
    """A trainer's published hyperparameters.

    Attributes:
        values: the searched ones, at their published values: the configuration to beat.
        space: an interval or choices for each of them; holds all of `values`.
        fixed: hyperparameters that are set but not searched.
        source: where the values are published. note: what was changed, and by which rule.
    """

    name: str
    title: str
    source: str
    values: Mapping[str, Scalar]
    space: Mapping[str, Parameter]
    fixed: Mapping[str, Scalar]
    note: str

    def __post_init__(self) -> None:
        if set(self.values) != set(self.space):
            raise ValueError("a recipe needs a value for each parameter of its space, and no other")
        for name, value in self.values.items():
            self.space[name].check(value)
        for name in ("values", "space", "fixed"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
