"""How sure a rank correlation of few or many pairs is: intervals, chance, and how many pairs would tell more.

Notation:
    n  pairs      ρ  the population's rank correlation (Spearman's rho or Kendall's tau)
    r  the observed one

From BOOTSTRAP_FROM pairs on, the interval is a percentile bootstrap over pairs. With fewer, resampling knows too few
different samples (four perfectly ordered pairs stay perfect in every resample: an interval of no width), so the
interval is found by turning a test round: all ρ under which an r as extreme as the observed one isn't too rare, with
the distribution of r simulated for n pairs of a bivariate normal with that ρ. Ranks see nothing of the margins, so
only the dependence is assumed to be normal. The probability that chance alone orders so well is that over all n!
orders up to EXACT_UP_TO pairs, and over random orders beyond.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy  # its `stats`, which takes half a second, is loaded by SciPy itself where it is first used

from rltune.analysis.rank import kendall, spearman

Kind = Literal["spearman", "kendall"]

LEVEL = 0.8
"""Confidence of the intervals that decisions rest on: a check has few pairs, and doing nothing is a decision too."""
BOOTSTRAP_FROM = 10
EXACT_UP_TO = 7
RESAMPLES = 2_000
SIMULATED = 2_000
GRID = np.linspace(-0.995, 0.995, 61)
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class RankEstimate:
    """A rank correlation with what is known of it.

    Attributes:
        value: r. low, high: interval of ρ with confidence `level`.
        chance: probability of such an r, or a higher one, if the two orders had nothing to do with each other.
        method: where the interval comes from, in words.
    """

    kind: Kind
    value: float
    low: float
    high: float
    level: float
    chance: float
    method: str

    @property
    def text(self) -> str:
        """`Spearman 0.80 (80 % interval 0.20 to 0.97)`."""
        return (
            f"{self.kind.capitalize()} {self.value:.2f} ({100 * self.level:.0f} % interval "
            f"{self.low:.2f} to {self.high:.2f})"
        )


def estimate(
    first: Sequence[float], second: Sequence[float], kind: Kind = "spearman", level: float = LEVEL
) -> RankEstimate | None:
    """The rank correlation of paired scores (n,), (n,); None with fewer than three pairs or a constant side.

    Deterministic: simulations and resamples have fixed seeds.

    Raises:
        ValueError: if the sides differ in length, a score isn't finite, or `level` isn't between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, got {level}")
    value = (spearman if kind == "spearman" else kendall)(first, second)
    if value is None:
        return None
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(a) < BOOTSTRAP_FROM:
        low, high = _inverted(value, len(a), kind, level)
        method = f"simulated for {len(a)} pairs of a bivariate normal"
    else:
        low, high = _bootstrap(a, b, kind, level)
        method = "percentile bootstrap over pairs"
    return RankEstimate(kind, value, min(low, value), max(high, value), level, _chance(a, b, kind), method)


def pairs_needed(value: float, exclude: float, level: float = LEVEL) -> int | None:
    """Pairs with which an observed Spearman rho of `value` would put the interval on one side of `exclude`.

    From Fisher's z with the variance (1 + r²/2) / (n - 3) of Bonett and Wright (2000); a perfect order counts as
    0.95, since no finite number of pairs would be needed for it.

    Returns:
        At least 4; None if the two are equal.
    """
    clipped = min(max(value, -0.95), 0.95)
    gap = math.atanh(clipped) - math.atanh(exclude)
    if abs(gap) < _SLACK:
        return None
    normal = float(scipy.stats.norm.ppf(0.5 + level / 2))
    return max(4, math.ceil(3 + (1 + clipped**2 / 2) * (normal / gap) ** 2))


def _inverted(value: float, n: int, kind: Kind, level: float) -> tuple[float, float]:
    """All ρ of which neither tail at r is rarer than (1 - level) / 2."""
    simulated = _simulated(n, kind)  # (grid, SIMULATED), each row sorted
    tail = (1 - level) / 2
    above = np.array([np.mean(row >= value - _SLACK) for row in simulated])
    below = np.array([np.mean(row <= value + _SLACK) for row in simulated])
    low = float(np.interp(tail, np.maximum.accumulate(above), GRID)) if above[0] < tail else -1.0
    high = float(np.interp(-tail, np.maximum.accumulate(-below), GRID)) if below[-1] < tail else 1.0
    return low, high


@lru_cache(maxsize=16)
def _simulated(n: int, kind: Kind) -> np.ndarray:
    """r of SIMULATED samples of n pairs at each ρ of GRID: (grid, SIMULATED); the same draws at each ρ."""
    rng = np.random.default_rng(n)
    x, noise = rng.standard_normal((2, SIMULATED, n))
    # The normal's own correlation for a given ρ: Kruskal (1958).
    normal = 2 * np.sin(np.pi * GRID / 6) if kind == "spearman" else np.sin(np.pi * GRID / 2)
    many = _many(kind)
    return np.array([many(x, c * x + math.sqrt(max(1 - c * c, 0.0)) * noise) for c in normal])


def _bootstrap(a: np.ndarray, b: np.ndarray, kind: Kind, level: float) -> tuple[float, float]:
    n = len(a)
    rng = np.random.default_rng(n)
    if kind == "spearman":
        chosen = rng.integers(n, size=(RESAMPLES, n))
        found = _many_spearman(a[chosen], b[chosen])
    else:
        found = _weighted_kendall(a, b, rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float))
    found = found[np.isfinite(found)]  # a resample of one pair only has no order
    low, high = np.quantile(found, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def _weighted_kendall(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """tau-b of resamples in which pair i stands w_i times, weights (m, n) -> (m,): three quadratic forms a resample."""
    signs_a, signs_b = np.sign(a[:, None] - a), np.sign(b[:, None] - b)

    def form(matrix: np.ndarray) -> np.ndarray:
        return ((weights @ matrix) * weights).sum(1)

    return _ratio(form(signs_a * signs_b), form(signs_a**2) * form(signs_b**2))


def _chance(a: np.ndarray, b: np.ndarray, kind: Kind) -> float:
    if len(a) > EXACT_UP_TO:
        test = scipy.stats.spearmanr if kind == "spearman" else scipy.stats.kendalltau
        return float(test(a, b, alternative="greater").pvalue)  # pyright: ignore[reportAttributeAccessIssue]
    orders = np.array(list(itertools.permutations(range(len(a)))))
    many = _many(kind)
    found = many(np.broadcast_to(a, orders.shape), b[orders])
    return float(np.mean(found >= found[0] - _SLACK))  # the first order is the observed one


def _many(kind: Kind) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return _many_spearman if kind == "spearman" else _many_kendall


def _many_spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row, (m, n), (m, n) -> (m,); NaN where a side is constant."""
    return _pearson(scipy.stats.rankdata(a, axis=1), scipy.stats.rankdata(b, axis=1))


def _many_kendall(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """tau-b row by row, (m, n), (m, n) -> (m,): the correlation of the signs of all pairs' differences."""
    i, j = np.triu_indices(a.shape[1], 1)
    signs_a, signs_b = np.sign(a[:, i] - a[:, j]), np.sign(b[:, i] - b[:, j])
    return _ratio((signs_a * signs_b).sum(1), (signs_a**2).sum(1) * (signs_b**2).sum(1))


def _pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    return _ratio((a * b).sum(1), (a**2).sum(1) * (b**2).sum(1))


def _ratio(product: np.ndarray, squares: np.ndarray) -> np.ndarray:
    return np.divide(product, np.sqrt(squares), out=np.full(len(product), np.nan), where=squares > 0)
