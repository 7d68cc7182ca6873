"""How far the best learning rate moves from the proxy to the target, in decades.

Notation:
    n  pairs (configurations run on both)         N  runs on the proxy, the pairs' own among them
    x  log10 learning rate    p  proxy score    t  target score    s  shift: > 0 if the target wants a larger rate
    f  the proxy's mean score as a function of x: a kernel smoother of its N runs, flat beyond their ends

The target is taken to have the proxy's response to the learning rate, moved by s, stretched, and with the same
influence of all other hyperparameters, which the proxy's own residual stands for:

    t_i = a + b f(x_i - s) + c (p_i - f(x_i)) + noise,   b > 0

a, b and c are found by least squares for each s of a grid; the best s is the estimate, and its interval the
percentiles over resampled pairs and proxy runs. No shape of the response (a parabola, a bump) is assumed, and runs
that died count with the floor that they were given: the cliff says much about where the optimum lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_PAIRS = 6
LEAST_SPAN = 0.5
"""Decades of learning rate that the pairs must span: a shift can't be seen in a narrower window."""
WIDEST = 1.0
"""An interval wider than so many decades says nothing."""
LEAST_EXPLAINED = 0.4
"""Share of the target scores' variance that the moved response must explain."""
LEVEL = 0.8
RESAMPLES = 200
_SHIFTS = np.linspace(-1.5, 1.5, 121)
_KNOTS = 121


@dataclass(frozen=True, slots=True)
class Shift:
    """The target's best learning rate is 10^`decades` times the proxy's.

    Attributes:
        low, high: interval of `decades` with confidence LEVEL. explained: share of the target scores' variance.
    """

    decades: float
    low: float
    high: float
    explained: float
    pairs: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    @property
    def text(self) -> str:
        """How far the best learning rate moves, in words."""
        span = f"{self.decades:+.2f} decades (80 % interval {self.low:+.2f} to {self.high:+.2f}, {self.pairs} pairs)"
        if not self.sure:
            return f"the best learning rate doesn't move measurably from proxy to target: {span}"
        factor = 10.0**self.decades
        return f"the target's best learning rate is about {factor:.2g} times the proxy's: {span}"


@dataclass(frozen=True, slots=True)
class NoShift:
    """Why the pairs can't tell."""

    reason: str

    @property
    def text(self) -> str:
        """Why that can't be told, in words."""
        return f"how far the best learning rate moves can't be told: {self.reason}"


def log_shift(
    rates: Sequence[float],
    proxy: Sequence[float],
    target: Sequence[float],
    proxy_rates: Sequence[float] = (),
    proxy_scores: Sequence[float] = (),
) -> Shift | NoShift:
    """Estimates the shift from pairs: learning rates (n,), scores on the proxy (n,) and on the target (n,).

    Args:
        proxy_rates, proxy_scores: (N - n,) more runs of the proxy, at the same step, that have no partner.

    Raises:
        ValueError: if lengths differ, a number isn't finite, or a rate isn't positive.
    """
    x, p, t = _checked(rates, proxy, target)
    more_x, more_p, _ = _checked(proxy_rates, proxy_scores, proxy_scores)
    if len(x) < LEAST_PAIRS:
        return NoShift(f"{len(x)} pairs, {LEAST_PAIRS} are needed")
    if np.ptp(x) < LEAST_SPAN:
        return NoShift(f"the pairs span {np.ptp(x):.2f} decades of learning rate, {LEAST_SPAN} are needed")
    if np.ptp(t) == 0 or np.ptp(p) == 0:
        return NoShift("all scores of a side are equal")
    best, explained = _fit(x, p, t, more_x, more_p)
    if explained < LEAST_EXPLAINED:
        return NoShift(
            f"the proxy's response, wherever it is moved, explains {100 * explained:.0f} % of the target's differences"
        )
    low, high = _interval(x, p, t, more_x, more_p)
    low, high = min(low, best), max(high, best)
    if high - low > WIDEST:
        return NoShift(f"anything from {low:+.2f} to {high:+.2f} decades fits {len(x)} pairs")
    return Shift(best, low, high, explained, len(x))


def _fit(x: np.ndarray, p: np.ndarray, t: np.ndarray, more_x: np.ndarray, more_p: np.ndarray) -> tuple[float, float]:
    """(best s, share of the variance of t explained)."""
    knots, f = _smooth(np.concatenate([x, more_x]), np.concatenate([p, more_p]))
    moved = np.interp(x[None, :] - _SHIFTS[:, None], knots, f)  # (shifts, n)
    other = _centred(p - np.interp(x, knots, f))
    t = _centred(t)
    total = float(t @ t)
    if total == 0.0:
        return 0.0, 0.0
    moved = moved - moved.mean(1, keepdims=True)
    weight = float(other @ other)
    if weight > 0:  # least squares with two regressors: take the second one out of everything first
        moved = moved - np.outer(moved @ other / weight, other)
        rest = t - (t @ other / weight) * other
    else:
        rest = t
    along, length = moved @ rest, (moved**2).sum(1)
    gained = np.divide(np.maximum(along, 0.0) ** 2, length, out=np.zeros(len(along)), where=length > 1e-12)
    best = int(gained.argmax())
    return float(_SHIFTS[best]), 1 - (float(rest @ rest) - float(gained[best])) / total


def _smooth(x: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f at knots (k,): Gaussian weights with the bandwidth of Silverman's rule."""
    spread = min(float(x.std()), float(np.subtract(*np.percentile(x, (75, 25)))) / 1.34 or np.inf)
    bandwidth = max(0.9 * spread * len(x) ** -0.2, 0.05)
    knots = np.linspace(x.min(), x.max(), _KNOTS)
    weights = np.exp(-0.5 * ((knots[:, None] - x) / bandwidth) ** 2) + 1e-12
    return knots, weights @ p / weights.sum(1)


def _interval(
    x: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    more_x: np.ndarray,
    more_p: np.ndarray,
) -> tuple[float, float]:
    rng = np.random.default_rng(len(x))
    found = []
    for _ in range(RESAMPLES):
        i, j = rng.integers(len(x), size=len(x)), rng.integers(max(len(more_x), 1), size=len(more_x))
        if np.ptp(x[i]) > 0 and np.ptp(t[i]) > 0:
            found.append(_fit(x[i], p[i], t[i], more_x[j], more_p[j])[0])
    low, high = np.quantile(found, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def _checked(
    rates: Sequence[float], first: Sequence[float], second: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not len(rates) == len(first) == len(second):
        raise ValueError(f"rates and scores must be equally many, got {len(rates)}, {len(first)} and {len(second)}")
    rate, a, b = (np.asarray(values, dtype=float) for values in (rates, first, second))
    if not (np.isfinite(rate).all() and np.isfinite(a).all() and np.isfinite(b).all() and (rate > 0).all()):
        raise ValueError("rates must be positive, and rates and scores finite")
    return np.log10(rate), a, b


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()
