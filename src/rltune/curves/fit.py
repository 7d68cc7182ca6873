"""Fits of reward laws: robust, from many starts, within the reward's range; chosen by corrected AIC.

Notation:
    n points (binned), g starts, b bootstrap replicates
    x (n,) progress, w (n,) steps behind each point
    y (n,) reward, in units of its range: 0 at the lower bound, 1 at the upper
    R(x) = start + gain shape(x; theta): for a given theta start and gain follow by linear least squares
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.optimize import least_squares

from rltune.curves.laws import LAWS, Law
from rltune.curves.series import Array, Series, binned, drawn_in, step_noise

_REPLICATES = 100
_POLISHED = 3  # so many of the best starts are refined
_SLACK = 1e-9  # a start of a fit on its bound lies inside by so much
_LEAST_SCALE = 1e-6  # of residuals, where the curve has no noise
_NUDGE = 1e-4  # of log theta, for its slopes
_AROUND = 11  # candidates a parameter around a fit


@dataclass(frozen=True, slots=True)
class LawFit:
    """One law, fitted.

    Attributes:
        law: which. start, gain, theta: its parameters; theta by name, in units of progress (step / horizon).
        horizon: steps at progress 1. rmse: root mean squared error about the points.
        aicc: corrected AIC, of rewards in units of their range.
        weight: Akaike weight among the laws that were fitted together (0 to 1).
        interval: 80 % interval of the level at the horizon, by bootstrap over blocks of residuals: of this law alone,
            as if it were true.
    """

    law: Law
    start: float
    gain: float
    theta: Mapping[str, float]
    horizon: float
    rmse: float
    aicc: float
    weight: float
    interval: tuple[float, float]

    def level(self, steps: Array) -> Array:
        """The law at `steps`, shape (n,)."""
        return self.law.curve(self.start, self.gain, self.theta, np.asarray(steps, dtype=float) / self.horizon)

    @property
    def asymptote(self) -> float:
        """The level that the law tends to; may lie far beyond the horizon."""
        return self.start + self.gain


def fit_laws(
    curve: Series,
    horizon: float,
    bounds: tuple[float, float],
    *,
    laws: Sequence[Law] = tuple(LAWS.values()),
    seed: int = 0,
) -> tuple[LawFit, ...]:
    """All `laws` fitted to `curve` (n >= 8, no `first_bad`), best (lowest corrected AIC) first.

    Start and asymptote are held within `bounds`. Single outliers are drawn in and larger residuals count less (soft
    L1 at three times the noise of a step).
    """
    low, span = bounds[0], bounds[1] - bounds[0]
    rewards = (curve.rewards - low) / span
    noise = step_noise(rewards)
    steps, y, counts = binned(Series(curve.steps, drawn_in(rewards, noise)))
    fits = [_fit_one(law, steps / horizon, y, counts, noise, horizon, seed) for law in laws]
    best = min(fit.aicc for fit in fits)
    likelihoods = [math.exp((best - fit.aicc) / 2) for fit in fits]
    weighed = [
        replace(
            fit,
            start=low + span * fit.start,
            gain=span * fit.gain,
            rmse=span * fit.rmse,
            weight=share / sum(likelihoods),
            interval=(low + span * fit.interval[0], low + span * fit.interval[1]),
        )
        for fit, share in zip(fits, likelihoods, strict=True)
    ]
    return tuple(sorted(weighed, key=lambda fit: fit.aicc))


def _fit_one(law: Law, x: Array, y: Array, counts: Array, noise: float, horizon: float, seed: int) -> LawFit:
    """The fit in units of the range, with a weight of 1."""
    grid = law.grid()
    shapes = law.shape(grid, x)  # (g, n)
    starts, gains, errors = _linear(shapes, y[None], counts)
    order = np.argsort(errors[0])[:_POLISHED]
    polished = [_polish(law, grid[i], starts[0, i], gains[0, i], x, y, counts, noise) for i in order]
    _, start, gain, theta = min(polished, key=lambda candidate: candidate[0])
    parameters = dict(zip(law.parameters, theta.tolist(), strict=True))
    level = law.curve(start, gain, parameters, x)
    grid = np.concatenate((grid, _near(law, theta, gain, x, y - level, counts)))
    error = float(np.average((y - level) ** 2, weights=counts))
    return LawFit(
        law,
        float(start),
        float(gain),
        MappingProxyType(parameters),
        horizon,
        math.sqrt(error),
        _aicc(error, x.size, len(law.parameters) + 3),
        1.0,
        _bootstrap(law, grid, x, level, y - level, counts, np.random.default_rng(seed)),
    )


def _linear(shapes: Array, y: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Weighted least squares of start and gain, for each curve (b, n) and shape (g, n): start, gain, error (b, g).

    Where the asymptote would leave [0, 1] it is held there and the start fitted anew; then likewise the start.
    """
    w = counts / counts.sum()
    s, ss = shapes @ w, (shapes**2) @ w  # (g,)
    m, mm = y @ w, (y**2) @ w  # (b,)
    sy = (y * w) @ shapes.T  # (b, g)
    gain = (sy - m[:, None] * s) / np.maximum(ss - s**2, 1e-12)
    start = m[:, None] - gain * s
    top = np.clip(start + gain, 0, 1)
    rest, rests = 1 - s, 1 - 2 * s + ss  # means of (1 - shape) and its square
    held = (m[:, None] - sy - top * rest) / np.maximum(rests, 1e-12)  # start - top, with the asymptote held
    start = np.where(top == start + gain, start, top + held)
    first = np.clip(start, 0, 1)
    top = np.where(first == start, top, np.clip(first + (sy - first * s) / np.maximum(ss, 1e-12), 0, 1))
    start, gain = first, top - first
    error = mm[:, None] - 2 * (start * m[:, None] + gain * sy) + start**2 + 2 * start * gain * s + gain**2 * ss
    return start, gain, np.maximum(error, 0)


def _polish(
    law: Law,
    theta: Array,
    start: float,
    gain: float,
    x: Array,
    y: Array,
    counts: Array,
    noise: float,
) -> tuple[float, float, float, Array]:
    """A local fit from one start, over (start, asymptote, log theta): cost, start, gain, theta."""
    root = np.sqrt(counts)
    least = np.array([0, 0, *(math.log(b[0]) for b in law.bounds)]) - _SLACK
    most = np.array([1, 1, *(math.log(b[1]) for b in law.bounds)]) + _SLACK

    def residuals(p: Array) -> Array:
        shape = law.shape(np.exp(p[None, 2:]), x)[0]
        return (p[0] * (1 - shape) + p[1] * shape - y) * root

    first = np.concatenate(([start, start + gain], np.log(theta)))
    scale = max(3 * noise, _LEAST_SCALE)
    found = least_squares(
        residuals, np.clip(first, least, most), bounds=(least, most), loss="soft_l1", f_scale=scale, max_nfev=60
    )
    level = np.clip(found.x[:2], 0, 1)
    return float(found.cost), float(level[0]), float(level[1] - level[0]), np.exp(found.x[2:])


def _near(law: Law, theta: Array, gain: float, x: Array, residuals: Array, counts: Array) -> Array:
    """Candidates (g', k) around a fit `theta` (k,), spread along the axes of its uncertainty by three deviations."""
    center, k, root = np.log(theta), theta.size, np.sqrt(counts)
    shape = law.shape(theta[None], x)[0]
    slopes = gain * (law.shape(np.exp(center + _NUDGE * np.eye(k)), x) - shape) / _NUDGE * root  # (k, n)
    linear = np.stack((root, shape * root))  # what start and gain can make up for
    slopes -= np.linalg.lstsq(linear.T, slopes.T)[0].T @ linear
    variance = max(float(counts @ residuals**2) / max(x.size - k - 2, 1), _LEAST_SCALE**2)
    precision, axes = np.linalg.eigh(slopes @ slopes.T / variance)
    deviations = 1 / np.sqrt(np.maximum(precision, 1.0))  # at most an e-fold: beyond, the grid of starts is enough
    offsets = np.array(list(itertools.product(np.linspace(-3, 3, _AROUND), repeat=k)))
    low, high = np.log(np.array(law.bounds)).T
    return np.exp(np.clip(center + (offsets * deviations) @ axes.T, low, high))


def _bootstrap(
    law: Law,
    grid: Array,
    x: Array,
    level: Array,
    residuals: Array,
    counts: Array,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """80 % interval of the level at the horizon: refits of level + residuals drawn in blocks, on a grid of candidates.

    Blocks of n^(1/3) points keep the correlation of neighbouring steps (Künsch 1989).
    """
    n = residuals.size
    length = max(1, round(n ** (1 / 3)))
    begins = rng.integers(0, n - length + 1, size=(_REPLICATES, math.ceil(n / length)))
    index = (begins[:, :, None] + np.arange(length)).reshape(_REPLICATES, -1)[:, :n]
    # Residuals of bins with more steps are smaller: they are drawn at the size of a single step.
    root = np.sqrt(counts)
    replicas = level + (residuals * root)[index] / root  # (b, n)
    starts, gains, errors = _linear(law.shape(grid, x), replicas, counts)
    best = errors.argmin(axis=1)
    rows = np.arange(_REPLICATES)
    ends = starts[rows, best] + gains[rows, best] * law.shape(grid[best], np.ones(1))[:, 0]
    low, high = np.quantile(ends, [0.1, 0.9])
    return float(low), float(high)


def _aicc(error: float, points: int, parameters: int) -> float:
    """Hurvich and Tsai 1989; `parameters` counts the noise. Infinite where there are too few points for it."""
    if points <= parameters + 1:
        return math.inf
    return points * math.log(max(error, 1e-18)) + 2 * parameters * points / (points - parameters - 1)
