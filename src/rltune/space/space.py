"""The search space: which configurations exist, and their coordinates.

Notation:
    p  number of parameters
    d  `dimension`, the length of an encoding: 1 per numeric parameter, k per categorical one with k choices
    u  (p,) unit values, one per parameter (`units`, `from_units`): what is sampled and perturbed
    x  (d,) encoding in [0, 1] (`encode`, `decode`): what models see; categorical parameters are one-hot
A parameter that is absent (its condition isn't met) sits at the centre: u = 0.5; x = 0.5, or 1/k a choice.
Whatever comes from unit values, an encoding or a grid, or is clipped, meets the constraints: values that don't are
moved to the nearest ones that do (`nearest`), which leaves values that do as they are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from rltune.errors import SpaceError, suggest
from rltune.space.conditions import activation_order, is_present
from rltune.space.constraints import Constraint
from rltune.space.grid_axis import grid_axis
from rltune.space.nearest import Nearest
from rltune.space.parameters import CategoricalParameter, Parameter
from rltune.types import Configuration, Scalar

GRID_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Space:
    """A set of configurations, made of named parameters.

    Attributes:
        constraints: what the values of several parameters must meet together.
        elsewhere: what holds for a conditional parameter where it is absent; constraints count with it.
        nearest: what moves values into the constraints.
        encodings: those known already, (d,) each, of configurations moved into the space (`rltune.bayes.data`);
            None for one that can't be.

    Raises:
        SpaceError: if there is no parameter, a condition or a constraint is impossible, or no values meet all
            constraints.
    """

    parameters: Mapping[str, Parameter]
    constraints: tuple[Constraint, ...] = ()
    elsewhere: Mapping[str, Scalar] = field(default_factory=dict)
    order: tuple[str, ...] = field(init=False, repr=False, compare=False)
    nearest: Nearest = field(init=False, repr=False, compare=False)
    encodings: dict[Configuration, np.ndarray | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.parameters:
            raise SpaceError(
                "a space needs at least one parameter, got none",
                where="space",
                hint="name a hyperparameter with its interval or choices",
            )
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        object.__setattr__(self, "elsewhere", MappingProxyType(dict(self.elsewhere)))
        object.__setattr__(self, "order", activation_order(self.parameters))
        nearest = Nearest(self.parameters, self.order, self.constraints, self.elsewhere)
        object.__setattr__(self, "nearest", nearest)
        object.__setattr__(self, "encodings", {})

    def __reduce__(self) -> tuple[type[Space], tuple[dict[str, Parameter], tuple[Constraint, ...], dict[str, Scalar]]]:
        return Space, (dict(self.parameters), self.constraints, dict(self.elsewhere))

    @property
    def names(self) -> tuple[str, ...]:
        """The searched hyperparameters, in the order of the space."""
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
            SpaceError: if a value isn't allowed, a present parameter has none, a name is unknown or absent, or a
                constraint isn't met.
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
        self._check_constraints(checked)
        return Configuration(checked)

    def contains(self, configuration: Configuration) -> bool:
        """Whether the configuration lies in the space: every value allowed, every constraint met."""
        try:
            return self.configuration(configuration.values) == configuration
        except SpaceError:
            return False

    def clip(self, values: Mapping[str, Scalar], hold: Collection[str] = ()) -> Configuration:
        """The nearest configuration: numbers are moved into their interval and onto their steps, then together into the
        constraints; values of unknown or absent parameters are left out.

        Args:
            hold: names whose values, once inside their interval, constraints don't move if that can be.

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
        return self._settled(clipped, hold)

    def tidy(self, configuration: Configuration, digits: int = 4) -> Configuration:
        """The configuration with numbers rounded to `digits` significant digits, for human readers; as it is where
        rounding breaks a constraint."""
        tidied = {name: self.parameters[name].tidy(value, digits) for name, value in configuration.values.items()}
        return configuration if self.nearest.unmet(tidied) else Configuration(tidied)

    def sample(self, rng: np.random.Generator) -> Configuration:
        """One configuration, uniform in unit values (before it is moved into the constraints)."""
        return self.from_units(rng.random(len(self.parameters)))

    def units(self, configuration: Configuration) -> np.ndarray:
        """u (p,) of a configuration. Raises SpaceError if it isn't in the space."""
        values = self.configuration(configuration.values).values
        return np.array(
            [parameter.to_unit(values[name]) if name in values else 0.5 for name, parameter in self.parameters.items()]
        )

    def from_units(self, u: Sequence[float] | np.ndarray, hold: Collection[str] = ()) -> Configuration:
        """The configuration nearest to unit values u (p,); `hold` as for `clip`."""
        named = zip(self.parameters.items(), u, strict=True)
        return self._settled({name: parameter.from_unit(float(v)) for (name, parameter), v in named}, hold)

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
        """The configuration nearest to an encoding x (d,). Raises SpaceError if it has another length."""
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
        kept = {name: narrowed[name] for name in self.names if name in narrowed}
        gone = {name: value for name, value in self.elsewhere.items() if name not in kept}
        bound = [constraint.bound(gone) for constraint in self.constraints]
        return Space(kept, tuple(c for c in bound if c.names and kept.keys() >= set(c.names)), self.elsewhere)

    def grid(self, points_per_axis: int) -> tuple[Configuration, ...]:
        """All combinations of evenly spaced values: `points_per_axis` (or fewer, if there are no more) per numeric
        parameter, ends included, and every choice of a categorical one. An impossible one is moved to the nearest that
        is possible. No configuration twice.

        Raises:
            SpaceError: if there would be more than a million points, or fewer than one per axis.
        """
        if points_per_axis < 1:
            raise SpaceError(f"a grid needs at least 1 point per axis, got {points_per_axis}", where="grid")
        axes = [grid_axis(parameter, points_per_axis) for parameter in self.parameters.values()]
        size = math.prod(len(axis) for axis in axes)
        if size > GRID_LIMIT:
            raise SpaceError(
                f"a grid may have at most {GRID_LIMIT} points, this one has {size}",
                where="grid",
                hint="take fewer points per axis or fewer parameters",
            )
        return tuple(dict.fromkeys(self.from_units(u) for u in itertools.product(*axes)))

    def _settled(self, values: Mapping[str, Scalar], hold: Collection[str]) -> Configuration:
        return Configuration(self.nearest.settle(values, frozenset(hold)))

    def _check_constraints(self, values: Mapping[str, Scalar]) -> None:
        broken = self.nearest.unmet(values)
        if broken is not None:
            raise SpaceError(
                broken.complaint({**self.elsewhere, **values}),
                where="constraints",
                hint=broken.reason or "change one of the values",
            )

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
