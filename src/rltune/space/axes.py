"""A parameter as constraints see it: the numbers that it may have, and how far they are from each other.

Notation:
    n       number of values of an axis; of a continuum, points of a grid over it
    place   where a value lies in [0, 1]: its unit value; of choices that are numbers, by their order
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rltune.errors import SpaceError, suggest
from rltune.space.constraints import Constraint, Divides, Quantity
from rltune.space.parameters import CategoricalParameter, FloatParameter, Parameter
from rltune.types import Scalar

MOST_VALUES = 65_536
LARGEST = 2**53
"""Products stay below: up to here every whole number is exact, in any arithmetic."""
GRID = 33
"""n of a continuum. Its own value and its bounds are tried beside them."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """See the module.

    Attributes:
        scalars: the values, native; of a continuum the grid. places: (n,).
        numbers: (n,) the same as numbers; None where they aren't, which no constraint names.
        continuous: whether there are more values between them.
    """

    name: str
    parameter: Parameter
    scalars: tuple[Scalar, ...]
    places: np.ndarray
    numbers: np.ndarray | None
    continuous: bool = False

    def place(self, value: Scalar) -> float:
        """Where a value lies."""
        if isinstance(self.parameter, CategoricalParameter):
            return float(self.places[self.scalars.index(value)])
        return self.parameter.to_unit(value)

    def distances(self, value: Scalar) -> np.ndarray:
        """(n,) from a value; choices that aren't numbers are all 1 apart."""
        if self.numbers is None:
            return np.array([0.0 if scalar == value else 1.0 for scalar in self.scalars])
        return np.abs(self.places - self.place(value))


def make_axis(name: str, parameter: Parameter) -> Axis:
    """The axis of a parameter.

    Raises:
        SpaceError: if there are too many values to look at.
    """
    if isinstance(parameter, FloatParameter) and parameter.step is None:
        places = np.linspace(0.0, 1.0, GRID)
        scalars = tuple(parameter.from_unit(float(u)) for u in places)
        return Axis(name, parameter, scalars, places, np.array(scalars), continuous=True)
    count = parameter.cardinality or 0
    if count > MOST_VALUES:
        raise SpaceError(
            f"a constraint can hold for parameters of at most {MOST_VALUES:,} values, {name} has {count:,}",
            where=f"space.{name}",
            hint="give it a step, or choices",
        )
    scalars = parameter.values() if not isinstance(parameter, CategoricalParameter) else _sorted(parameter.choices)
    if not all(_is_number(value) for value in scalars):
        return Axis(name, parameter, scalars, np.zeros(count), None)
    if isinstance(parameter, CategoricalParameter):
        places = (np.arange(count) + 0.5) / count
    else:
        places = np.array([parameter.to_unit(value) for value in scalars])
    return Axis(name, parameter, scalars, places, np.array(scalars))


def check_constraints(parameters: Mapping[str, Parameter], constraints: Sequence[Constraint]) -> None:
    """Passes if each constraint says something about numbers of the space.

    Raises:
        SpaceError: if one names no parameter, or one that isn't a number, or could not be checked exactly.
    """
    for constraint in constraints:
        for name in constraint.names:
            if name not in parameters:
                raise SpaceError(
                    f"a constraint names {name!r}, which isn't a hyperparameter here: {constraint.text}",
                    where="constraints",
                    hint=suggest(name, parameters),
                )
            _check_numbers(name, parameters[name], constraint)
        for side in (constraint.left, constraint.right):
            _check_side(side, parameters, constraint)


def _check_numbers(name: str, parameter: Parameter, constraint: Constraint) -> None:
    values = ends(parameter)
    odd = next((v for v in values if not _is_number(v)), None)
    if odd is not None:
        raise SpaceError(
            f"a constraint needs numbers, but {name} can be {odd!r}: {constraint.text}",
            where="constraints",
            hint=f"leave {name} out of it",
        )
    if isinstance(constraint, Divides):
        whole = all(float(v).is_integer() for v in values) and not _is_real(parameter)
        if not whole or min(map(float, values)) < 1:
            raise SpaceError(
                f"what divides and what is divided must be whole numbers from 1, but {name} is "
                f"{parameter.allowed()}: {constraint.text}",
                where="constraints",
                hint=f"make {name} an int, or give it choices that are",
            )


def _check_side(side: Quantity, parameters: Mapping[str, Parameter], constraint: Constraint) -> None:
    if isinstance(constraint, Divides) and not isinstance(side.factor, int):
        raise SpaceError(f"{side.factor:g} isn't a whole number: {constraint.text}", where="constraints")
    spans = [[float(v) for v in ends(parameters[name])] for name in side.names]
    if len(side.names) > 1 and any(min(values) < 0 for values in spans):
        raise SpaceError(f"a product needs numbers that aren't below 0: {constraint.text}", where="constraints")
    largest = side.factor
    for values in spans:
        largest *= max(1.0, *map(abs, values))
    if largest > LARGEST:
        raise SpaceError(f"{side.text} can be {largest:.3g}, more than 2^53: {constraint.text}", where="constraints")


def ends(parameter: Parameter) -> tuple[Scalar, ...]:
    """The values between which all others lie; of choices all."""
    return parameter.choices if isinstance(parameter, CategoricalParameter) else (parameter.low, parameter.high)


def _is_real(parameter: Parameter) -> bool:
    return isinstance(parameter, FloatParameter)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _sorted(choices: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """Numbers in their order, others as they are."""
    return tuple(sorted(choices)) if all(_is_number(c) for c in choices) else choices  # pyright: ignore[reportArgumentType, reportCallIssue]
