"""Reward laws: parametric shapes of reward against training progress.

Every law is R(x) = start + gain * shape(x; theta), linear in (start, gain); shape(0) = 0.

Notation:
    x      (n,) progress, step / horizon, > 0
    theta  (g, k) nonlinear parameters of g candidates
    shape  (g, n)

Sources: the saturating exponential and its 80 % point at ln 5 / lambda are arXiv 2507.18014 (eq. 3); the sigmoid in
log progress is ScaleRL, arXiv 2510.13786 (eq. 1), with compute taken as progress; the power law is the shifted form
that is finite at the start.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Law:
    """One family of curves.

    Attributes:
        name: as in results and docs. equation: in words of its parameters, x being progress.
        parameters: names of theta's columns. bounds: least and largest value of each; all are > 0.
        shape: (theta (g, k), x (n,)) -> (g, n), rising from 0.
        saturates: whether start + gain is a level that it tends to.
    """

    name: str
    equation: str
    parameters: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    points: tuple[int, ...]
    shape: Callable[[Array, Array], Array]

    def grid(self) -> Array:
        """Candidates (g, k) that cover the bounds evenly on log scales: the starts of every fit."""
        axes = [np.geomspace(low, high, count) for (low, high), count in zip(self.bounds, self.points, strict=True)]
        return np.array(list(itertools.product(*axes)))

    def curve(self, start: float, gain: float, theta: Mapping[str, float], x: Array) -> Array:
        """R(x), shape (n,)."""
        row = np.array([[theta[name] for name in self.parameters]])
        return start + gain * self.shape(row, x)[0]


def _exponential(theta: Array, x: Array) -> Array:
    return -np.expm1(-theta[:, :1] * x[None])


def _sigmoid(theta: Array, x: Array) -> Array:
    return 1.0 / (1.0 + (theta[:, :1] / np.maximum(x, 1e-12)[None]) ** theta[:, 1:])


def _power(theta: Array, x: Array) -> Array:
    return 1.0 - (1.0 + x[None] / theta[:, :1]) ** -theta[:, 1:]


EXPONENTIAL = Law(
    "exponential",
    "start + gain (1 - exp(-rate x))",
    ("rate",),
    ((0.3, 300.0),),  # from nearly straight over the whole run to done within its first hundredth
    (40,),
    _exponential,
)

SIGMOID = Law(
    "sigmoid",
    "start + gain / (1 + (middle / x)^steepness)",
    ("middle", "steepness"),
    ((0.001, 3.0), (0.5, 6.0)),  # half of the gain between 1/1000 of the run and three times its length
    (24, 9),
    _sigmoid,
)

POWER = Law(
    "power",
    "start + gain (1 - (1 + x / scale)^-exponent)",
    ("scale", "exponent"),
    ((0.0005, 1.0), (0.25, 2.0)),
    (20, 4),
    _power,
)

LAWS: Mapping[str, Law] = MappingProxyType({law.name: law for law in (EXPONENTIAL, SIGMOID, POWER)})
