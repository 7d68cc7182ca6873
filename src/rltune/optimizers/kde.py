"""BOHB's model: kernel densities of the good and the bad configurations (Falkner et al. 2018, arXiv 1807.01774).

Notation:
    n  configurations that a density was fitted on; m points at which it is evaluated; p parameters
    v  (n, p) coordinates: a number's unit value in [0, 1]; a categorical parameter's index of its choice
    h  (p,) bandwidths
    k  (p,) number of choices, 0 for a number
    l, g  densities of the good and the bad ones
Kernels: Gaussian for numbers; for a categorical parameter 1 - h on its own choice and h / (k - 1) on each other
(Aitchison, Aitken 1976). Their product over the parameters is averaged over the n points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

_TINY = 1e-32
"""Below this a density counts as this: ratios of two vanishing ones say nothing."""


@dataclass(frozen=True, slots=True)
class Density:
    """A kernel density. points (n, p), bandwidths (p,), choices (p,)."""

    points: np.ndarray
    bandwidths: np.ndarray
    choices: np.ndarray

    def at(self, v: np.ndarray) -> np.ndarray:
        """(m,) density at v (m, p)."""
        product = np.ones((len(v), len(self.points)))
        for column, (h, k) in enumerate(zip(self.bandwidths, self.choices, strict=True)):
            apart = v[:, column, None] - self.points[None, :, column]
            if k:
                product *= np.where(apart == 0, 1 - h, h / max(k - 1, 1))
            else:
                product *= np.exp(-0.5 * (apart / h) ** 2) / (h * math.sqrt(2 * math.pi))
        return product.mean(axis=1)

    def draw(self, rng: np.random.Generator, count: int, factor: float) -> np.ndarray:
        """(count, p): around random points; numbers from a normal distribution that is `factor` times as wide and cut
        off at 0 and 1, choices kept with probability 1 - h, else any."""
        center = self.points[rng.integers(len(self.points), size=count)]
        uniform = rng.random((2, *center.shape))
        wide = factor * self.bandwidths
        low, high = ndtr(-center / wide), ndtr((1 - center) / wide)
        number = np.clip(center + wide * ndtri(low + uniform[0] * (high - low)), 0, 1)
        kept = uniform[0] < 1 - self.bandwidths
        choice = np.where(kept, center, np.floor(uniform[1] * self.choices))
        return np.where(self.choices > 0, choice, number)


def fit_density(points: np.ndarray, choices: np.ndarray, min_bandwidth: float) -> Density:
    """The density of points (n, p), with the bandwidths of the normal reference rule, 1.06 σ n^(-1 / (4 + p)), in
    [min_bandwidth, 1 - 1/k for k choices]: beyond that a kernel would favour the other choices."""
    n, p = points.shape
    h = 1.06 * points.std(axis=0) * n ** (-1 / (4 + p))
    widest = np.where(choices > 0, 1 - 1 / np.maximum(choices, 1), np.inf)
    return Density(points, np.minimum(np.maximum(h, min_bandwidth), widest), choices)


@dataclass(frozen=True, slots=True)
class KdeModel:
    """l and g, and the number of steps of the runs that they were fitted on."""

    good: Density
    bad: Density
    steps: int

    def log_ratio(self, v: np.ndarray) -> np.ndarray:
        """(m,) log l(v) - log g(v): what a proposal maximizes."""
        return np.log(np.maximum(self.good.at(v), _TINY)) - np.log(np.maximum(self.bad.at(v), _TINY))


def split_sizes(count: int, min_points: int, top_n_percent: int) -> tuple[int, int]:
    """How many of `count` configurations, best first, are good and bad."""
    good = min(count, max(min_points, top_n_percent * count // 100))
    bad = max(min_points, (100 - top_n_percent) * count // 100)
    return good, min(bad, count - good)


def impute(points: np.ndarray, choices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """points (n, p) without NaN, which stand for absent parameters: the values of a random point that has them, or
    random ones if none has."""
    filled = points.copy()
    for row in filled:
        while (absent := np.flatnonzero(np.isnan(row))).size:
            first = absent[0]
            donors = np.flatnonzero(~np.isnan(points[:, first]))
            if donors.size:
                row[absent] = points[rng.choice(donors), absent]
            else:
                row[first] = rng.integers(choices[first]) if choices[first] else rng.random()
    return filled
