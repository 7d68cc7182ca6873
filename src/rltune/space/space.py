"""The search space: which configurations exist, and their coordinates.

Notation:
    p  number of parameters
    d  `dimension`, the length of an encoding: 1 per numeric parameter, k per categorical one with k choices
    u  (p,) unit values, one per parameter (`units`, `from_units`): what is sampled and perturbed
    x  (d,) encoding in [0, 1] (`encode`, `decode`): what models see; categorical parameters are one-hot
A parameter that is absent (its condition isn't met) sits at the centre: u = 0.5; x = 0.5, or 1/k a choice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from rltune.errors import SpaceError, suggest
from rltune.space.conditions import activation_order, is_present
from rltune.space.parameters import CategoricalParameter, Parameter
from rltune.types import Configuration, Scalar

GRID_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Space:
    """A set of configurations, made of named parameters.

    Raises:
        SpaceError: if there is no parameter, or a condition is impossible.
    """

    parameters: Mapping[str, Parameter]
    order: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.parameters:
            raise SpaceError(
                "a space needs at least one parameter, got none",
                where="space",
                hint="name a hyperparameter with its interval or choices",
            )
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "order", activation_order(self.parameters))

    def __reduce__(self) -> tuple[type[Space], tuple[dict[str, Parameter]]]:
        return Space, (dict(self.parameters),)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.parameters)

    @property
    def dimension(self) -> int:
        """d, the length of an encoding."""
        return sum(_width(parameter) for parameter in self.parameters.values())

    def column(self, name: str) -> int:
        """The first of a parameter's columns in an encoding. Raises KeyError if there is no such parameter."""
        names = self.names
        if name not in self.parameters:
            raise KeyError(name)
        return sum(_width(self.parameters[other]) for other in names[: names.index(name)])

    @property
    def cardinality(self) -> float:
        """An upper bound of the number of configurations; infinite if a parameter is continuous."""
        return math.prod(parameter.cardinality or math.inf for parameter in self.parameters.values())

    def configuration(self, values: Mapping[str, Scalar]) -> Configuration:
        """The configuration with these values, in canonical types (4.0 becomes 4 for a whole number).

        Raises:
            SpaceError: if a value isn't allowed, a present parameter has none, or a name is unknown or absent.
        """
        self._check_names(values)
        checked: dict[str, Scalar] = {}
        for name in self.order:
            parameter = self.parameters[name]
            if not is_present(parameter, checked):
                self._check_absent(name, values)
                continue
            value = self._given(name, values)
            try:
                checked[name] = parameter.check(value)
            except ValueError as error:
                raise SpaceError(
                    f"{name} must be {error}, got {value!r}",
                    where=f"space.{name}",
                    hint="change the value or the space",
                ) from None
        return Configuration(checked)

    def contains(self, configuration: Configuration) -> bool:
        try:
            return self.configuration(configuration.values) == configuration
        except SpaceError:
            return False

    def clip(self, values: Mapping[str, Scalar]) -> Configuration:
        """The nearest configuration: numbers are moved into their interval and onto their steps, values of unknown or
        absent parameters are left out.

        Raises:
            SpaceError: if a present parameter has no value, or one that isn't a number or one of its choices.
        """
        clipped: dict[str, Scalar] = {}
        for name in self.order:
            parameter = self.parameters[name]
            if not is_present(parameter, clipped):
                continue
            value = self._given(name, values)
            categorical = isinstance(parameter, CategoricalParameter)
            try:
                if not categorical and (isinstance(value, (bool, str)) or math.isnan(value)):
                    raise ValueError(parameter.allowed())
                clipped[name] = parameter.nearest(value)
            except ValueError as error:
                raise SpaceError(f"{name} must be {error}, got {value!r}", where=f"space.{name}") from None
        return Configuration(clipped)

    def tidy(self, configuration: Configuration, digits: int = 4) -> Configuration:
        """The configuration with numbers rounded to `digits` significant digits, for human readers."""
        tidied = {name: self.parameters[name].tidy(value, digits) for name, value in configuration.values.items()}
        return Configuration(tidied)

    def sample(self, rng: np.random.Generator) -> Configuration:
        """One configuration, uniform in unit values."""
        return self.from_units(rng.random(len(self.parameters)))

    def units(self, configuration: Configuration) -> np.ndarray:
        """u (p,) of a configuration. Raises SpaceError if it isn't in the space."""
        values = self.configuration(configuration.values).values
        return np.array(
            [parameter.to_unit(values[name]) if name in values else 0.5 for name, parameter in self.parameters.items()]
        )

    def from_units(self, u: Sequence[float] | np.ndarray) -> Configuration:
        """The configuration nearest to unit values u (p,)."""
        by_name = dict(zip(self.parameters, u, strict=True))
        values: dict[str, Scalar] = {}
        for name in self.order:
            parameter = self.parameters[name]
            if is_present(parameter, values):
                values[name] = parameter.from_unit(float(by_name[name]))
        return Configuration(values)

    def encode(self, configuration: Configuration) -> np.ndarray:
        """x (d,) in [0, 1]. Raises SpaceError if the configuration isn't in the space."""
        values = self.configuration(configuration.values).values
        x: list[float] = []
        for name, parameter in self.parameters.items():
            if not isinstance(parameter, CategoricalParameter):
                x.append(parameter.to_unit(values[name]) if name in values else 0.5)
            elif name in values:
                x += [float(choice == values[name]) for choice in parameter.choices]
            else:
                x += [1.0 / parameter.cardinality] * parameter.cardinality
        return np.array(x)

    def decode(self, x: Sequence[float] | np.ndarray) -> Configuration:
        """The configuration nearest to an encoding x (d,)."""
        if len(x) != self.dimension:
            raise SpaceError(f"an encoding must have {self.dimension} numbers, got {len(x)}")
        u: list[float] = []
        at = 0
        for parameter in self.parameters.values():
            part = np.asarray(x[at : at + _width(parameter)])
            at += _width(parameter)
            categorical = isinstance(parameter, CategoricalParameter)
            u.append((int(part.argmax()) + 0.5) / len(part) if categorical else float(part[0]))
        return self.from_units(u)

    def narrow(self, center: Configuration, fraction: float) -> Space:
        """The space around `center`: each numeric interval shrinks to `fraction` of its (scaled) width and stays
        inside the old one; choices stay. A conditional parameter that can't be present any more is left out.

        Raises:
            SpaceError: if `center` isn't in the space, or `fraction` not in (0, 1].
        """
        if not 0.0 < fraction <= 1.0:
            raise SpaceError(f"a fraction must be above 0 and at most 1, got {fraction}")
        values = self.configuration(center.values).values
        narrowed: dict[str, Parameter] = {}
        for name in self.order:
            parameter = self.parameters[name]
            if name in values:
                parameter = parameter.narrowed(values[name], fraction)
            reachable = {
                other: tuple(v for v in allowed if other in narrowed and _allows(narrowed[other], v))
                for other, allowed in parameter.when.items()
            }
            if all(reachable.values()):
                narrowed[name] = parameter.model_copy(update={"when": reachable})
        return Space({name: narrowed[name] for name in self.names if name in narrowed})

    def grid(self, points_per_axis: int) -> tuple[Configuration, ...]:
        """All combinations of evenly spaced values: `points_per_axis` (or fewer, if there are no more) per numeric
        parameter, ends included, and every choice of a categorical one. No configuration twice.

        Raises:
            SpaceError: if there would be more than a million points, or fewer than one per axis.
        """
        if points_per_axis < 1:
            raise SpaceError(f"a grid needs at least 1 point per axis, got {points_per_axis}", where="grid")
        axes = [_axis(parameter, points_per_axis) for parameter in self.parameters.values()]
        size = math.prod(len(axis) for axis in axes)
        if size > GRID_LIMIT:
            raise SpaceError(
                f"a grid may have at most {GRID_LIMIT} points, this one has {size}",
                where="grid",
                hint="take fewer points per axis or fewer parameters",
            )
        return tuple(dict.fromkeys(self.from_units(u) for u in itertools.product(*axes)))

    def _check_names(self, values: Mapping[str, Scalar]) -> None:
        for name in values:
            if name not in self.parameters:
                raise SpaceError(
                    f"{name} isn't a parameter of the space",
                    where="space",
                    hint=suggest(name, self.names),
                )

    def _check_absent(self, name: str, values: Mapping[str, Scalar]) -> None:
        if name in values:
            condition = " and ".join(
                f"{other} is {' or '.join(map(repr, allowed))}" for other, allowed in self.parameters[name].when.items()
            )
            raise SpaceError(
                f"{name} is present only when {condition}, but has the value {values[name]!r}",
                where=f"space.{name}",
                hint=f"leave {name} out",
            )

    def _given(self, name: str, values: Mapping[str, Scalar]) -> Scalar:
        if name not in values:
            raise SpaceError(
                f"{name} has no value",
                where=f"space.{name}",
                hint=f"it must be {self.parameters[name].allowed()}",
            )
        return values[name]


def _width(parameter: Parameter) -> int:
    return parameter.cardinality if isinstance(parameter, CategoricalParameter) else 1


def _allows(parameter: Parameter, value: Scalar) -> bool:
    try:
        parameter.check(value)
    except ValueError:
        return False
    return True


def _axis(parameter: Parameter, points: int) -> tuple[float, ...]:
    """Distinct unit values of one axis of a grid."""
    if isinstance(parameter, CategoricalParameter) or (parameter.cardinality or math.inf) <= points:
        return tuple(parameter.to_unit(value) for value in parameter.values())
    spaced = np.linspace(0.0, 1.0, points) if points > 1 else np.array([0.5])
    return tuple(dict.fromkeys(parameter.to_unit(parameter.from_unit(float(u))) for u in spaced))
