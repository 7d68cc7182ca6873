"""Rank correlation of paired scores: does the proxy order configurations as the target does?"""

from __future__ import annotations

from collections.abc import Sequence

from scipy import stats

LEAST = 3
"""Pairs below which a rank correlation says nothing."""


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rho of paired scores (n,), (n,); None with fewer than three pairs."""
    return float(stats.spearmanr(first, second).statistic) if len(first) >= LEAST else None


def kendall(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Kendall's tau-b of paired scores (n,), (n,); None with fewer than three pairs."""
    return float(stats.kendalltau(first, second).statistic) if len(first) >= LEAST else None
