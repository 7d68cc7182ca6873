"""The phases of a run: slow start, rapid improvement, plateau (arXiv 2507.18014), and the decline that the papers lack.

Notation: n steps, w smoothing window, level (n,) centred means of w rewards less the first (of about w / 3 at both
ends), top the highest level, gain = top - first level.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rltune.curves.series import Array, Series, drawn_in, step_noise

_BEYOND_NOISE = 1.5  # standard errors of a difference between two levels, beyond luck
_BEGUN = 0.1  # share of the gain that ends the slow start
_DONE = 0.9  # share of the gain that begins the plateau, where it lasts
_LOST = 0.25  # share of the gain; a fall beyond it, and beyond noise, is a decline
_SHORTEST = 0.15  # of the steps seen: a plateau that is shorter is the end of the improvement
_STEADY = 0.25  # share of the gain that a plateau's own slope may bring in as many steps as were seen


class PhaseName(StrEnum):
    """What a stretch of a reward curve is called."""

    SLOW_START = "slow start"
    IMPROVEMENT = "rapid improvement"
    PLATEAU = "plateau"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase, from its first step to its last (both included), with the smoothed levels there."""

    name: PhaseName
    first_step: int
    last_step: int
    first_level: float
    last_level: float


def centred(rewards: Array, window: int) -> Array:
    """Means (n,) of up to `window` (odd) rewards (n,) around each step; at the ends of as many as both sides have."""
    n, half = rewards.size, window // 2
    reach = np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]), half)
    # Full one-sided reach of a third of the window at the ends, so that single steps don't stand for a level.
    reach = np.maximum(reach, min(half, window // 3))
    total = np.concatenate(([0.0], np.cumsum(rewards)))
    begins, ends = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    return (total[ends] - total[begins]) / (ends - begins)


def find_phases(curve: Series) -> tuple[Phase, ...]:
    """The phases of a curve (no `first_bad`), in order and without gaps; the last one is where the run is now."""
    n = len(curve)
    noise = step_noise(curve.rewards)
    window = max(3, n // 15) | 1
    # Less the first, so that identical values give levels of exactly 0, and an offset costs no digits.
    level = centred(drawn_in(curve.rewards - curve.rewards[0], noise), window)
    chance = _chance(noise, window, n)
    peak = int(level.argmax())
    gain = float(level[peak] - level[0])
    cuts: dict[int, PhaseName] = {}  # by first index: a phase that the next one overtakes has no steps, and is none
    fallen = _decline(level, peak, max(chance, _LOST * gain))
    if gain > chance and peak > 0:
        begun = int(np.flatnonzero(level >= level[0] + _BEGUN * gain)[0])
        begun = 0 if begun <= max(2, n // 20) else begun
        done = max(int(np.flatnonzero(level >= level[0] + _DONE * gain)[0]), begun + 1)
        until = n if fallen is None else fallen
        cuts |= {0: PhaseName.SLOW_START, begun: PhaseName.IMPROVEMENT}
        if until - done >= max(5, _SHORTEST * n) and _slope(level[done:until]) * n <= _STEADY * gain:
            cuts[done] = PhaseName.PLATEAU
    else:
        cuts[0] = PhaseName.SLOW_START
    if fallen is not None:
        cuts[fallen] = PhaseName.DECLINE
    begins = [*cuts, n]
    return tuple(_phase(curve, level, name, *begins[i : i + 2]) for i, name in enumerate(cuts.values()))


def _slope(level: Array) -> float:
    """Rise per step, from the first half of a stretch (at least 2 steps) to its second."""
    half = level.size // 2
    return float(level[-half:].mean() - level[:half].mean()) / (level.size - half)


def _chance(noise: float, window: int, n: int) -> float:
    """How far the highest level may lie above the first or the last by noise alone.

    Standard errors of their difference, and what the highest of n / w levels of pure noise exceeds their mean by.
    """
    error = (1 / (window // 3 + 1) + 1 / window) ** 0.5
    luck = (2 * np.log(max(n / window, 1.0)) / window) ** 0.5
    return noise * (_BEYOND_NOISE * error + luck)


def _decline(level: Array, peak: int, loss: float) -> int | None:
    """Index at which the last fall began, if the curve has ended more than `loss` below its top."""
    if level[peak] - level[-1] <= loss or loss == 0:
        return None
    high = np.flatnonzero(level >= level[peak] - loss / 2)
    return int(high[-1]) if high[-1] > 0 else 0


def _phase(curve: Series, level: Array, name: PhaseName, begin: int, after: int) -> Phase:
    last = after - 1
    levels = (float(curve.rewards[0] + level[i]) for i in (begin, last))
    return Phase(name, int(curve.steps[begin]), int(curve.steps[last]), *levels)
