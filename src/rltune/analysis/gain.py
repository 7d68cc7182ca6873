"""Is the winner better than the recipe: the difference of mean test accuracy with its interval.

Notation: n seeds that both were tested with; all lists are (n,), in the order of the seeds.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from scipy.special import stdtrit

from rltune.analysis.finalists import Finalist

LEVEL = 0.95
_ALL_EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Gain:
    """The winner's test accuracy minus the recipe's.

    Attributes:
        value: mean difference, in accuracy (0.01 is one point). relative: the same over the recipe's mean.
        low, high: the ends of the interval; None if one seed can't give one.
        spread: the larger of the two ranges (max - min) over seeds: what seeds alone change.
        beyond_spread: True if the gain is larger than that. seeds: how many pairs there are.
        method: how the interval was made, in words. sentence: the finding in one plain sentence.
    """

    value: float
    relative: float | None
    low: float | None
    high: float | None
    spread: float
    beyond_spread: bool
    seeds: int
    method: str
    sentence: str


def interval(values: list[float]) -> tuple[float, float] | None:
    """The t-interval of the mean of `values` (n,) at LEVEL: mean +- t(n-1) s / sqrt(n); None for n < 2."""
    if len(values) < 2:
        return None
    mean = statistics.fmean(values)
    half = float(stdtrit(len(values) - 1, 0.5 + LEVEL / 2)) * statistics.stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def measure_gain(winner: Finalist | None, recipe: Finalist | None) -> Gain | None:
    """The gain, or None as long as there is no seed that both were tested with."""
    if winner is None or recipe is None:
        return None
    seeds = sorted(set(winner.test) & set(recipe.test))
    if not seeds:
        return None
    ours, theirs = [winner.test[s] for s in seeds], [recipe.test[s] for s in seeds]
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    value, ends = statistics.fmean(differences), interval(differences)
    base = statistics.fmean(theirs)
    spread = max(max(ours) - min(ours), max(theirs) - min(theirs))
    same = winner.configuration == recipe.configuration
    return Gain(
        value=value,
        relative=value / base if base > _ALL_EQUAL else None,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        spread=spread,
        beyond_spread=len(seeds) > 1 and value > spread,
        seeds=len(seeds),
        method=_method(len(seeds)),
        sentence=_sentence(statistics.fmean(ours), base, value, ends, same),
    )


def _method(seeds: int) -> str:
    if seeds < 2:
        return "one seed: no interval"
    return f"95 % t-interval of the mean difference, paired by seed, {seeds} seeds"


def _sentence(ours: float, theirs: float, value: float, ends: tuple[float, float] | None, same: bool) -> str:
    scores = f"the winner answers {100 * ours:.1f} % of the test questions right, the recipe {100 * theirs:.1f} %"
    if same:
        return f"No gain: the search found nothing better than the recipe itself ({100 * theirs:.1f} %)."
    if ends is None:
        return f"One seed only, so nothing is sure: {scores} ({100 * value:+.1f} points)."
    range_text = f"95 % interval {100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
    if ends[0] > 0:
        return f"A gain of {100 * value:+.1f} points ({range_text}): {scores}."
    if ends[1] < 0:
        return f"A loss of {100 * value:+.1f} points ({range_text}): {scores}."
    return f"No sure gain: {scores}, {100 * value:+.1f} points, but the {range_text} includes zero."
