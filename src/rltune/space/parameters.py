"""The kinds of searched hyperparameters, and how each maps between native values and the unit interval.

Notation:
    v  native value of one parameter: float, int, or one of the choices
    u  its unit value, a float in [0, 1]
    n  number of values of a parameter that has finitely many; each owns a cell of width 1/n (whole numbers on a log
       scale: from v - 1/2 to v + 1/2 in log space), so rounding favours no value; u is the cell's centre
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

from rltune.types import Scalar

UNIT_DIGITS = 12
"""Unit values are rounded to this many decimals, so that native -> unit -> native -> unit is exact."""


class ParameterBase(BaseModel):
    """What all parameters share: frozen, unknown keys refused, and `when`.

    `when` makes a parameter conditional: it is present only if each named parameter is present and has (one of) the
    given value(s).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Mapping[str, tuple[Scalar, ...]] = Field(default_factory=dict)

    @field_validator("when", mode="before")
    @classmethod
    def _values_as_tuples(cls, when: object) -> object:
        if not isinstance(when, Mapping):
            return when
        return {name: tuple(v) if isinstance(v, (list, tuple)) else (v,) for name, v in when.items()}

    @field_validator("when")
    @classmethod
    def _values_are_named(cls, when: Mapping[str, tuple[Scalar, ...]]) -> Mapping[str, tuple[Scalar, ...]]:
        for name, values in when.items():
            if not values:
                raise ValueError(f"when.{name} must name at least one value, got none")
        return when


class FloatParameter(ParameterBase):
    """A real number in [low, high]; on a log scale if `log`; in steps from low if `step` is given."""

    type: Literal["float"] = "float"
    low: FiniteFloat
    high: FiniteFloat
    log: bool = False
    step: FiniteFloat | None = None

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        _check_interval(self.low, self.high, self.log, self.step)
        if self.log and self.step is not None:
            raise ValueError("step can't be combined with log: true")
        return self

    @property
    def cardinality(self) -> int | None:
        """Number of values, or None if there is a continuum."""
        if self.step is None:
            return None
        return math.floor((self.high - self.low) / self.step + 1e-9) + 1

    def allowed(self) -> str:
        """What is allowed, in words."""
        steps = "" if self.step is None else f" in steps of {self.step:g}"
        return f"a number from {self.low:g} to {self.high:g}{steps}"

    def check(self, value: object) -> float:
        """The canonical value. Raises ValueError if `value` isn't allowed."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(self.allowed())
        if not self.low <= value <= self.high:
            raise ValueError(self.allowed())
        if self.step is None:
            return float(value)
        nearest = self.nearest(value)
        if abs(nearest - value) > 1e-9 * self.step:
            raise ValueError(self.allowed())
        return nearest

    def nearest(self, value: Scalar) -> float:
        """The allowed value that is nearest to `value`."""
        clipped = min(max(float(value), self.low), self.high)
        if self.step is None:
            return clipped
        return self._cell_value(round((clipped - self.low) / self.step))

    def to_unit(self, value: Scalar) -> float:
        """u in [0, 1] of a value: its place in the interval, logarithmic if `log`; of a step the centre of its cell."""
        n = self.cardinality
        if n is not None:
            return _cell_center(round((float(value) - self.low) / (self.step or 1.0)), n)
        low, high, v = (math.log(x) if self.log else x for x in (self.low, self.high, float(value)))
        return round(min(max((v - low) / (high - low), 0.0), 1.0), UNIT_DIGITS)

    def from_unit(self, u: float) -> float:
        """The value at u, which is moved into [0, 1]."""
        n = self.cardinality
        if n is not None:
            return self._cell_value(_cell(u, n))
        if u <= 0.0 or u >= 1.0:
            return self.low if u <= 0.0 else self.high
        if self.log:
            value = math.exp(math.log(self.low) + u * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + u * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def tidy(self, value: Scalar, digits: int) -> float:
        """`value` with at most `digits` significant digits, inside the interval."""
        return self.nearest(float(f"{float(value):.{digits}g}") if self.step is None else value)

    def narrowed(self, center: Scalar, fraction: float) -> FloatParameter:
        """The part of the interval of width `fraction` in u around `center`, moved to lie inside."""
        lower, upper = _window(self.to_unit(center), fraction)
        low, high = self.from_unit(lower), self.from_unit(upper)
        if self.step is not None and low == high:
            low, high = self.nearest(low - self.step), self.nearest(high + self.step)
        return self.model_copy(update={"low": low, "high": high}) if low < high else self

    def values(self) -> tuple[float, ...]:
        """All values, in order; none of a continuum."""
        return tuple(self._cell_value(index) for index in range(self.cardinality or 0))

    def _cell_value(self, index: int) -> float:
        index = min(max(index, 0), (self.cardinality or 1) - 1)
        # 12 significant digits: 0.1 + 2 * 0.1 is 0.3
        return min(float(f"{self.low + index * (self.step or 0.0):.12g}"), self.high)


class IntParameter(ParameterBase):
    """A whole number from low to high (both included), in steps of `step`; on a log scale if `log`."""

    type: Literal["int"] = "int"
    low: int
    high: int
    log: bool = False
    step: int = 1

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        _check_interval(self.low, self.high, self.log, self.step)
        if self.log and self.step != 1:
            raise ValueError("step can't be combined with log: true")
        return self

    @property
    def cardinality(self) -> int:
        """Number of values."""
        return (self.high - self.low) // self.step + 1

    def values(self) -> tuple[int, ...]:
        """All values, in order."""
        return tuple(range(self.low, self.high + 1, self.step))

    def allowed(self) -> str:
        """What is allowed, in words."""
        steps = "" if self.step == 1 else f" in steps of {self.step}"
        return f"a whole number from {self.low} to {self.high}{steps}"

    def check(self, value: object) -> int:
        """The canonical value (4.0 is 4). Raises ValueError if `value` isn't allowed."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != math.floor(value):
            raise ValueError(self.allowed())
        if not self.low <= value <= self.high or (int(value) - self.low) % self.step:
            raise ValueError(self.allowed())
        return int(value)

    def nearest(self, value: Scalar) -> int:
        """The allowed value that is nearest to `value`."""
        index = round((min(max(float(value), self.low), self.high) - self.low) / self.step)
        return self.low + min(index, self.cardinality - 1) * self.step

    def to_unit(self, value: Scalar) -> float:
        """u in [0, 1] of a value: the centre of its cell; cells are equally wide, or as logarithms go if `log`."""
        if not self.log:
            return _cell_center(round((float(value) - self.low) / self.step), self.cardinality)
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return round((math.log(float(value)) - low) / (high - low), UNIT_DIGITS)

    def from_unit(self, u: float) -> int:
        """The value whose cell u, moved into [0, 1], lies in."""
        if not self.log:
            return self.low + _cell(u, self.cardinality) * self.step
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + u * (high - low))), self.low), self.high)

    def tidy(self, value: Scalar, digits: int) -> int:
        """The value: a whole number has no digits to spare."""
        return self.nearest(value)

    def narrowed(self, center: Scalar, fraction: float) -> IntParameter:
        """The part of the interval of width `fraction` in u around `center`, moved to lie inside."""
        lower, upper = _window(self.to_unit(center), fraction)
        low, high = self.from_unit(lower), self.from_unit(upper)
        if low == high:
            low, high = self.nearest(low - self.step), self.nearest(high + self.step)
        return self.model_copy(update={"low": low, "high": high}) if low < high else self


class CategoricalParameter(ParameterBase):
    """One of several choices that have no order."""

    type: Literal["categorical"] = "categorical"
    choices: tuple[Scalar, ...]

    @field_validator("choices")
    @classmethod
    def _are_distinct(cls, choices: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        if not choices:
            raise ValueError("choices must hold at least one value, got none")
        for index, choice in enumerate(choices):
            if isinstance(choice, float) and not math.isfinite(choice):
                raise ValueError(f"choices must be finite, got {choice}")
            if choice in choices[:index]:
                raise ValueError(f"choices must differ from each other, got {choice!r} twice")
        return choices

    @property
    def cardinality(self) -> int:
        """Number of choices."""
        return len(self.choices)

    def values(self) -> tuple[Scalar, ...]:
        """All values."""
        return self.choices

    def allowed(self) -> str:
        """What is allowed, in words."""
        return "one of " + ", ".join(repr(choice) for choice in self.choices)

    def check(self, value: object) -> Scalar:
        """The canonical value. Raises ValueError if `value` isn't one of the choices."""
        for choice in self.choices:
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return choice
        raise ValueError(self.allowed())

    def nearest(self, value: object) -> Scalar:
        """The same as `check`: choices have no order."""
        return self.check(value)

    def to_unit(self, value: Scalar) -> float:
        """u in [0, 1]: the centre of the choice's cell."""
        return _cell_center(self.choices.index(value), self.cardinality)

    def from_unit(self, u: float) -> Scalar:
        """The choice whose cell u lies in."""
        return self.choices[_cell(u, self.cardinality)]

    def tidy(self, value: Scalar, digits: int) -> Scalar:
        """The value as it is."""
        return value

    def narrowed(self, center: Scalar, fraction: float) -> CategoricalParameter:
        """The same parameter: choices have no order, and none is near another."""
        return self


Parameter = Annotated[FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="type")]
"""Any parameter; in a study file `type: float | int | categorical` says which."""


def _check_interval(low: float, high: float, log: bool, step: float | None) -> None:
    if not low < high:
        raise ValueError(f"low must be below high, got low {low:g} and high {high:g}")
    if log and low <= 0:
        raise ValueError(f"log: true needs low > 0, got low {low:g}")
    if step is not None and step <= 0:
        raise ValueError(f"step must be > 0, got {step:g}")
    if step is not None and step > (high - low) * (1 + 1e-9):
        raise ValueError(f"step must fit between low and high ({high - low:g} apart), got {step:g}")


def _cell(u: float, n: int) -> int:
    return min(max(math.floor(u * n), 0), n - 1)


def _cell_center(index: int, n: int) -> float:
    return round((index + 0.5) / n, UNIT_DIGITS)


def _window(center: float, fraction: float) -> tuple[float, float]:
    """A window of width `fraction` around `center`, moved to lie inside [0, 1]."""
    lower = min(max(center - fraction / 2, 0.0), 1.0 - fraction)
    return lower, lower + fraction
