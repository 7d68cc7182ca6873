"""What a combination of values must meet: one divides another, or is at most another.

In a study file they are written out: `updates_per_step divides prompts_per_step`, `8 divides prompts_per_step *
rollouts`, `clip_ratio <= clip_ratio_high`. Values are scalars, or NumPy arrays that broadcast against each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from rltune.errors import SpaceError
from rltune.types import Scalar

TOLERANCE = 1e-9
"""Relative: by so much a real number may exceed its bound, since an encoding is rounded (`UNIT_DIGITS`)."""

_NAME = re.compile(r"[^\W\d][\w.\-]*")
_FORM = "write `a divides b` or `a <= b`, where a and b are numbers, hyperparameters or products of them with `*`"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A product: `factor` times the values of `names`.

    Raises:
        SpaceError: if the factor isn't finite and above 0, or a name stands in it twice.
    """

    factor: float = 1
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.factor < math.inf:
            raise SpaceError(
                f"a number in a constraint must be finite and above 0, got {self.factor:g}",
                where="constraints",
                hint=_FORM,
            )
        if len(set(self.names)) < len(self.names):
            raise SpaceError(
                f"a product in a constraint may name a hyperparameter once, got {self.text}",
                where="constraints",
                hint=_FORM,
            )
        # a whole number stays one: 8.0 divides like 8
        if float(self.factor).is_integer():
            object.__setattr__(self, "factor", int(self.factor))

    @property
    def text(self) -> str:
        """`2 * prompts_per_step * rollouts`, as a study file has it."""
        factor = [] if self.factor == 1 and self.names else [f"{self.factor:.15g}"]
        return " * ".join([*factor, *self.names])

    def of(self, values: Mapping[str, Any]) -> Any:
        """The product, where `values` holds a number, or an array, for each of the names."""
        return math.prod((values[name] for name in self.names), start=self.factor)

    def bound(self, values: Mapping[str, float]) -> Quantity:
        """With the names that `values` holds replaced by their values."""
        factor = math.prod((values[n] for n in self.names if n in values), start=self.factor)
        return Quantity(factor, tuple(n for n in self.names if n not in values))


@dataclass(frozen=True, slots=True)
class Constraint:
    """What `left` and `right` must meet; `reason` says why, in a clause without a full stop.

    Made by `Divides.of("updates_per_step", "prompts_per_step")`. A constraint that names a hyperparameter which is
    absent from a configuration, and has no value elsewhere, says nothing about it.
    """

    left: Quantity
    right: Quantity
    reason: str = ""

    verb: ClassVar[str]
    """As a study file has it."""
    must: ClassVar[str]
    """As a sentence has it."""

    @classmethod
    def of(cls, left: str | float, right: str | float, reason: str = "") -> Self:
        """From texts such as `8 * rollouts`. Raises SpaceError if one is no product of numbers and names."""
        return cls(read_quantity(left), read_quantity(right), reason)

    @property
    def names(self) -> tuple[str, ...]:
        """The hyperparameters that it ties together, each once."""
        return tuple(dict.fromkeys((*self.left.names, *self.right.names)))

    @property
    def text(self) -> str:
        """As a study file has it: `parse_constraint(text)` gives an equal one but for the reason."""
        return f"{self.left.text} {self.verb} {self.right.text}"

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether it is met by values of all its `names`; an array of bools if they are arrays."""
        raise NotImplementedError

    def bound(self, values: Mapping[str, Scalar]) -> Self:
        """With the names that `values` holds replaced by their values.

        Raises:
            SpaceError: if one of these is no positive number.
        """
        known: dict[str, float] = {}
        for name in self.names:
            value = values.get(name)
            if value is None:
                continue
            if isinstance(value, (bool, str)) or value <= 0:
                raise SpaceError(
                    f"a constraint needs numbers above 0, but {name} is {value!r}: {self.text}",
                    where="constraints",
                    hint=f"leave {name} out of it",
                )
            known[name] = value
        return replace(self, left=self.left.bound(known), right=self.right.bound(known))

    def complaint(self, values: Mapping[str, Scalar]) -> str:
        """What is wrong with values that don't meet it: both sides, and what they are made of."""
        left, right = self.left.of(values), self.right.of(values)
        parts = [f"{name} {_number(values[name])}" for name in self.names]
        simple = len(self.left.names) <= 1 and len(self.right.names) <= 1 and self.left.factor == self.right.factor == 1
        made = "" if simple or not parts else f" ({', '.join(parts)})"
        return f"{self.left.text} {self.must} {self.right.text}, got {_number(left)} and {_number(right)}{made}"


class Divides(Constraint):
    """`left` divides `right`: both are whole, and nothing is left over."""

    __slots__ = ()
    verb = "divides"
    must = "must divide"

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether values, by name, meet it; arrays give an array."""
        return self.right.of(values) % self.left.of(values) == 0


class AtMost(Constraint):
    """`left` is at most `right`."""

    __slots__ = ()
    verb = "<="
    must = "must be at most"

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether values, by name, meet it; arrays give an array."""
        left, right = self.left.of(values), self.right.of(values)
        return left <= (right if _is_whole(left) and _is_whole(right) else right + TOLERANCE * abs(right))


def read_quantity(text: str | float) -> Quantity:
    """A product from its text. Raises SpaceError if a factor is neither a number nor a name."""
    if not isinstance(text, str):
        return Quantity(text)
    factor, names = 1.0, []
    for part in (part.strip() for part in text.split("*")):
        if _NAME.fullmatch(part) and part not in ("inf", "nan"):
            names.append(part)
            continue
        try:
            factor *= float(part)
        except ValueError:
            raise SpaceError(
                f"expected a number or the name of a hyperparameter, got {part!r}", where="constraints", hint=_FORM
            ) from None
    return Quantity(factor, tuple(names))


def parse_constraint(text: str) -> Constraint:
    """A constraint as a study file has it.

    Raises:
        SpaceError: if it has another form.
    """
    for pattern, kind, swapped in (
        (r"\s+divides\s+", Divides, False),
        (r"<=|\s+at\s+most\s+", AtMost, False),
        (r">=|\s+at\s+least\s+", AtMost, True),
    ):
        sides = re.split(pattern, text)
        if len(sides) == 2:
            left, right = reversed(sides) if swapped else sides
            return kind.of(left, right)
    raise SpaceError(f"expected a constraint, got {text!r}", where="constraints", hint=_FORM)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or getattr(getattr(value, "dtype", None), "kind", "") == "i"


def _number(value: Scalar) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value:.6g}"
