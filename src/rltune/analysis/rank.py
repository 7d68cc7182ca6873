"""Rank correlation of paired scores: does the proxy order configurations as the target does?

Notation:
    n  pairs; pair i is one configuration's (score on one model, score on the other)
    B  bootstrap resamples of the pairs
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEAST = 3
"""Pairs below which a rank correlation says nothing."""
LEAST_INTERVAL = 5
"""Pairs below which a bootstrap interval says nothing."""
RESAMPLES = 999


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """Both correlations of n pairs, in [-1, 1], each with a 95 % bootstrap interval.

    What can't be said is None, and `note` says why.
    """

    pairs: int
    spearman: float | None
    kendall: float | None
    spearman_interval: tuple[float, float] | None
    kendall_interval: tuple[float, float] | None
    note: str


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rho of paired scores (n,), (n,); None with fewer than three pairs, or if one side is constant."""
    return _correlation(_spearman, first, second)


def kendall(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Kendall's tau-b of paired scores (n,), (n,); None with fewer than three pairs, or if one side is constant."""
    return _correlation(_kendall, first, second)


def rank_agreement(
    first: Sequence[float], second: Sequence[float], *, level: float = 0.95, seed: int = 0
) -> RankAgreement:
    """Both correlations of paired scores (n,), (n,) with percentile bootstrap intervals; the same for a seed.

    Raises:
        ValueError: if the two sides differ in length or hold a number that isn't finite.
    """
    a, b = _pairs(first, second)
    rho, tau = spearman(first, second), kendall(first, second)
    if rho is None or tau is None:
        few = f"{len(a)} pairs are too few for a rank correlation, it takes {LEAST}"
        note = few if len(a) < LEAST else "all scores of one side are equal, so they have no order"
        return RankAgreement(len(a), None, None, None, None, note)
    if len(a) < LEAST_INTERVAL:
        note = f"{len(a)} pairs are too few for an interval, it takes {LEAST_INTERVAL}"
        return RankAgreement(len(a), rho, tau, None, None, note)
    return RankAgreement(
        len(a), rho, tau, _interval(_spearman, a, b, level, seed), _interval(_kendall, a, b, level, seed), ""
    )


def _correlation(
    statistic: Callable[[np.ndarray, np.ndarray], float], first: Sequence[float], second: Sequence[float]
) -> float | None:
    a, b = _pairs(first, second)
    if len(a) < LEAST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return statistic(a, b)


def _interval(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    a: np.ndarray,
    b: np.ndarray,
    level: float,
    seed: int,
) -> tuple[float, float] | None:
    """Percentile interval over B resamples; those without any order on one side are passed over."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(a), size=(RESAMPLES, len(a)))
    ordered = [rows for rows in drawn if np.ptp(a[rows]) > 0 and np.ptp(b[rows]) > 0]
    if not ordered:
        return None
    values = np.array([statistic(a[rows], b[rows]) for rows in ordered])
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _pairs(first: Sequence[float], second: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    if len(first) != len(second):
        raise ValueError(f"paired scores must be equally many, got {len(first)} and {len(second)}")
    if not all(math.isfinite(score) for score in (*first, *second)):
        raise ValueError("paired scores must be finite")
    return np.asarray(first, dtype=float), np.asarray(second, dtype=float)


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of the ranks (ties share their mean rank)."""
    return float(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])


def _kendall(a: np.ndarray, b: np.ndarray) -> float:
    """tau-b from the signs of all n² differences: much quicker than scipy for the n of a study."""
    signs_a, signs_b = np.sign(a[:, None] - a), np.sign(b[:, None] - b)
    return float((signs_a * signs_b).sum() / math.sqrt((signs_a**2).sum() * (signs_b**2).sum()))
