"""A reward curve as numbers: checked, its noise, its smoothed level, and few enough points to fit.

Notation: n steps, t (n,) step numbers, y (n,) rewards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltune.errors import CurveError

Array = NDArray[np.float64]

USUAL_RANGES = ((0.0, 1.0), (-1.0, 1.0))
"""Ranges that rewards are taken to live in if all of them lie inside."""

_MEDIAN_CHANGE = 0.6744897501960817 * 2**0.5
"""Median of |a - b| for independent normal a and b of standard deviation 1."""

LARGEST = 1e100
"""No reward is larger than that; a number that is can't be squared, and is as bad as an infinite one."""

_OUTLIER = 5.0  # in standard deviations of the noise: single steps beyond this are drawn in, not believed
_POINTS = 120  # a fit sees at most so many; more steps are averaged into bins


@dataclass(frozen=True, slots=True)
class Series:
    """A curve. `steps` and `rewards` (n,) of the same length, steps whole, > 0, rising; rewards may be non-finite."""

    steps: Array
    rewards: Array

    def upto(self, count: int) -> Series:
        """The first `count` points."""
        return Series(self.steps[:count], self.rewards[:count])

    @property
    def first_bad(self) -> int | None:
        """The first step whose reward is NaN, infinite or beyond `LARGEST`, or None."""
        bad = np.flatnonzero(~(np.abs(self.rewards) <= LARGEST))
        return int(self.steps[bad[0]]) if bad.size else None

    def __len__(self) -> int:
        return self.rewards.size


def series(rewards: ArrayLike, steps: ArrayLike | None = None) -> Series:
    """A checked curve from arrays of shape (n,); without `steps`, they are 1, 2, ... n.

    Raises:
        CurveError: if the arrays aren't numbers of one dimension and the same length, or steps not whole, > 0, rising.
    """
    try:
        y = np.asarray(rewards, dtype=float)
        t = np.arange(1.0, y.size + 1) if steps is None else np.asarray(steps, dtype=float)
    except (TypeError, ValueError) as error:
        raise CurveError(f"rewards and steps must be numbers: {error}", where="curve") from error
    if y.ndim != 1 or y.shape != t.shape or y.size == 0:
        raise CurveError(
            f"expected rewards and steps of the same shape (n,), n >= 1, got {y.shape} and {t.shape}", where="curve"
        )
    if not np.all(np.isfinite(t)) or t[0] <= 0 or np.any(np.diff(t) <= 0) or np.any(t != np.round(t)):
        raise CurveError(
            "steps must be whole numbers > 0 that rise strictly",
            where="curve",
            hint="sort them and keep one reward a step; count rollout steps, not epochs",
        )
    return Series(t, y)


def step_noise(rewards: Array) -> float:
    """Standard deviation of the noise of rewards (n,) from step to step, robust against trend and single jumps; n >= 2.

    The median of |y_t - y_(t-1)|, scaled as for normal noise. Where more than half of the changes are zero (rounded
    logs, long plateaus) it is their standard deviation instead, which a constant curve leaves at 0.
    """
    changes = np.abs(np.diff(rewards))
    if changes.size == 0:
        return 0.0
    middle = float(np.median(changes)) / _MEDIAN_CHANGE
    return middle if middle > 0 else float(np.sqrt(np.mean(changes**2) / 2))


def smoothed(rewards: Array, window: int) -> Array:
    """Mean (n,) of the last `window` of the rewards (n,) at each step, of fewer at the start."""
    total = np.concatenate(([0.0], np.cumsum(rewards)))
    ends = np.arange(1, rewards.size + 1)
    begins = np.maximum(ends - window, 0)
    return (total[ends] - total[begins]) / (ends - begins)


def drawn_in(rewards: Array, noise: float) -> Array:
    """Rewards (n,) with outliers pulled to `_OUTLIER` standard deviations from their neighbours' median; (n,)."""
    if rewards.size < 5 or noise == 0:
        return rewards
    padded = np.pad(rewards, 2, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.clip(rewards, local - _OUTLIER * noise, local + _OUTLIER * noise)


def binned(curve: Series, points: int = _POINTS) -> tuple[Array, Array, Array]:
    """Mean step, mean reward and count of at most about `points` bins, narrow at the start where curves bend most."""
    n = len(curve)
    if n <= points:
        return curve.steps, curve.rewards, np.ones(n)
    # Half of the bins evenly spaced, half on a log scale.
    edges = np.unique(
        np.round(np.concatenate((np.geomspace(1, n + 1, points // 2), np.linspace(1, n + 1, points // 2))))
    )
    begins, ends = edges[:-1].astype(int) - 1, edges[1:].astype(int) - 1
    counts = (ends - begins).astype(float)
    sums = [np.concatenate(([0.0], np.cumsum(values))) for values in (curve.steps, curve.rewards)]
    steps, rewards = ((total[ends] - total[begins]) / counts for total in sums)
    return steps, rewards, counts


def bounds_of(rewards: Array, given: Sequence[float] | None = None) -> tuple[float, float]:
    """The range of rewards (n,): as given, else [0, 1] or [-1, 1] if all lie in it, else what they span, widened.

    Raises:
        CurveError: if `given` isn't (low, high), both finite with low < high, or rewards lie outside of it.
    """
    low, high = float(rewards.min()), float(rewards.max())
    if given is not None:
        if len(given) != 2 or not -LARGEST <= given[0] < given[1] <= LARGEST:
            raise CurveError(f"bounds must be (low, high), finite and low < high, got {given!r}", where="bounds")
        least, most = float(given[0]), float(given[1])
        if low < least or high > most:
            raise CurveError(
                f"rewards span {low:g} to {high:g}, outside of the bounds {least:g} to {most:g}",
                where="bounds",
                hint="widen the bounds, or leave them out",
            )
        return least, most
    for least, most in USUAL_RANGES:
        if least <= low and high <= most:
            return least, most
    # Unknown: room for as much again below and twice as much above what was seen.
    span = (high - low) or 1.0
    return low - span, high + 2 * span
