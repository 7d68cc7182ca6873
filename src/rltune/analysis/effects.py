"""What a model of the scores says of each hyperparameter: its main effect, and the score along it.

Notation:
    f(φ)  the model's mean score at one fidelity; d columns of an encoding x (see `rltune.space.space`)
    g     values of one hyperparameter, evenly spaced in unit values
    m     quasi-random settings ξ of the others
    f̄(v)  mean of f(v, ξ) over ξ: the score along the hyperparameter, the others averaged
    S     Var f̄(v) / Var f(v, ξ), the first-order Sobol index: the share of all differences between configurations
          that this hyperparameter makes by itself (Sobol 1993). What is missing to 1 in their sum is made together
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.types import Configuration, Fidelity, Scalar

Predict = Callable[[np.ndarray, Fidelity], tuple[np.ndarray, np.ndarray]]
"""Mean score (q,) and its standard deviation (q,) at encodings x (q, d), at a fidelity."""

VALUES = 17
"""g at most: of a continuum, and of whole numbers that are more."""
SETTINGS = 128
"""m."""
BAND = 1.645
"""Standard deviations to each side that hold 90 % of a normal."""
_ROWS = 2048
"""Rows that are predicted at once."""
_NO_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Effect:
    """The score along one hyperparameter at a fidelity, as a model has it.

    Attributes:
        values: (g,) in order. mean: (g,) f̄; low, high: (g,) its 90 % band. The band takes the errors of single
            predictions as equal, which those of neighbours are: of errors that differ the mean is known better.
        near: (g,) the score along it with the other settings of one configuration (the winner); None without one, or
            if that hasn't this hyperparameter.
        share: S in [0, 1]; 0 where the score is the same everywhere.
    """

    name: str
    values: tuple[Scalar, ...]
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    near: np.ndarray | None
    share: float


class Grid:
    """Configurations that vary one hyperparameter at a time, encoded once for all models and fidelities.

    Args:
        near: a configuration of the space, or None. settings: m.
    """

    def __init__(
        self, space: Space, near: Configuration | None = None, *, settings: int = SETTINGS, seed: int = 0
    ) -> None:
        drawn = np.array([space.units(c) for c in sobol(space, settings, seed)])
        self.lines = tuple(_line(space, name, drawn, near) for name in space.names)

    def effects(self, predict: Predict, fidelity: Fidelity) -> tuple[Effect, ...]:
        """The effect of each hyperparameter of the space, in its order."""
        return tuple(_effect(line, lambda x: predict(x, fidelity)) for line in self.lines)


def with_value(configuration: Configuration, space: Space, name: str, value: Scalar) -> Configuration:
    """`configuration` with another value of one hyperparameter; those that depend on it come or go with it, and those
    that constraints tie to it move as little as they must."""
    u = space.units(configuration)
    u[space.names.index(name)] = space.parameters[name].to_unit(value)
    return space.from_units(u, hold=(name,))


@dataclass(frozen=True, slots=True)
class _Line:
    """One hyperparameter's part of a grid: `x` (g m, d) encodings, values first; `present` (m,) the settings in which
    it is present; `near` (g, d) or None."""

    name: str
    values: tuple[Scalar, ...]
    x: np.ndarray
    present: np.ndarray
    near: np.ndarray | None


def _line(space: Space, name: str, drawn: np.ndarray, near: Configuration | None) -> _Line:
    values = _values(space, name)
    rows: list[Configuration] = []
    for value in values:
        moved = drawn.copy()
        moved[:, space.names.index(name)] = space.parameters[name].to_unit(value)
        rows += [space.from_units(u, hold=(name,)) for u in moved]
    present = np.array([name in c.values for c in rows[: len(drawn)]])
    near_x = None
    if near is not None and name in near.values:
        near_x = np.array([space.encode(with_value(near, space, name, v)) for v in values])
    return _Line(name, values, np.array([space.encode(c) for c in rows]), present, near_x)


def _effect(line: _Line, score: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Effect:
    parts = [score(line.x[i : i + _ROWS]) for i in range(0, len(line.x), _ROWS)]
    mean, sd = (np.concatenate(part).reshape(len(line.values), -1) for part in zip(*parts, strict=True))
    # a conditional hyperparameter has a score along it only where it is present; its share counts the others too
    present = line.present if line.present.any() else ~line.present
    along, width = mean[:, present].mean(1), BAND * sd[:, present].mean(1)
    near = None if line.near is None else score(line.near)[0]
    whole = float(mean.var())
    share = float(mean.mean(1).var()) / whole if whole > _NO_VARIANCE else 0.0
    return Effect(line.name, line.values, along, along - width, along + width, near, share)


def _values(space: Space, name: str) -> tuple[Scalar, ...]:
    """Every possible value if there are few, else those in the middles of equal parts of the unit interval, which stand
    for it evenly."""
    parameter = space.parameters[name]
    count = parameter.cardinality
    if count is not None and count <= VALUES:
        values = tuple(parameter.values())
    else:
        values = tuple(dict.fromkeys(parameter.from_unit((i + 0.5) / VALUES) for i in range(VALUES)))
    return space.nearest.reachable(name, values)
