"""Rank correlation of paired scores: does the proxy order configurations as the target does?

Notation:
    n  pairs; pair i is one configuration's (score on one model, score on the other)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import scipy  # its `stats`, which takes half a second, is loaded by SciPy itself where it is first used

LEAST = 3
"""Pairs below which a rank correlation says nothing."""


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rho of paired scores (n,), (n,); None with fewer than three pairs, or if one side is constant."""
    return _correlation(_spearman, first, second)


def kendall(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Kendall's tau-b of paired scores (n,), (n,); None with fewer than three pairs, or if one side is constant."""
    return _correlation(_kendall, first, second)


def _correlation(
    statistic: Callable[[np.ndarray, np.ndarray], float], first: Sequence[float], second: Sequence[float]
) -> float | None:
    a, b = _pairs(first, second)
    if len(a) < LEAST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return statistic(a, b)


def _pairs(first: Sequence[float], second: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    if len(first) != len(second):
        raise ValueError(f"paired scores must be equally many, got {len(first)} and {len(second)}")
    if not all(math.isfinite(score) for score in (*first, *second)):
        raise ValueError("paired scores must be finite")
    return np.asarray(first, dtype=float), np.asarray(second, dtype=float)


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of the ranks (ties share their mean rank)."""
    return float(np.corrcoef(scipy.stats.rankdata(a), scipy.stats.rankdata(b))[0, 1])


def _kendall(a: np.ndarray, b: np.ndarray) -> float:
    """tau-b from the signs of all n² differences: much quicker than scipy for the n of a study."""
    signs_a, signs_b = np.sign(a[:, None] - a), np.sign(b[:, None] - b)
    return float((signs_a * signs_b).sum() / math.sqrt((signs_a**2).sum() * (signs_b**2).sum()))
