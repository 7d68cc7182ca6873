"""Is the winner better than the recipe: the difference of mean test accuracy with its interval.

Notation: n seeds that both were tested with; all lists are (n,), in the order of the seeds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

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
        greedy: the difference of the mean greedy accuracies; None if one isn't known.
        method: how the interval was made, in words. sentence: the finding, in plain words.
    """

    value: float
    relative: float | None
    low: float | None
    high: float | None
    spread: float
    beyond_spread: bool
    seeds: int
    greedy: float | None
    method: str
    sentence: str


def interval(values: list[float]) -> tuple[float, float] | None:
    """The t-interval of the mean of `values` (n,) at LEVEL: mean +- t(n-1) s / sqrt(n); None for n < 2."""
    if len(values) < 2:
        return None
    mean = statistics.fmean(values)
    stdtrit = import_module("scipy.special").stdtrit  # here, where there are scores: most who import this have none
    half = float(stdtrit(len(values) - 1, 0.5 + LEVEL / 2)) * statistics.stdev(values) / math.sqrt(len(values))
    return mean - half, mean + half


def measure_gain(winner: Finalist | None, recipe: Finalist | None) -> Gain | None:
    """The gain, or None as long as there is no seed that both were tested with, or what failed runs count as isn't
    known (see `undecided`)."""
    if winner is None or recipe is None or undecided(winner, recipe) is not None:
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
    greedy = _mean(winner.greedy, seeds), _mean(recipe.greedy, seeds)
    notes = [_greedy_note(*greedy, same=same), _failed_note("winner", winner, seeds)]
    notes += [] if same else [_failed_note("recipe", recipe, seeds)]
    sentence = _sentence(statistics.fmean(ours), base, value, ends, same)
    return Gain(
        value=value,
        relative=value / base if base > _ALL_EQUAL else None,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        spread=spread,
        beyond_spread=len(seeds) > 1 and value > spread,
        seeds=len(seeds),
        greedy=None if greedy[0] is None or greedy[1] is None else greedy[0] - greedy[1],
        method=_method(len(seeds)),
        sentence=" ".join([sentence, *filter(None, notes)]),
    )


def undecided(winner: Finalist | None, recipe: Finalist | None) -> str | None:
    """Why no verdict can be given though final runs have ended; None if nothing stands in its way."""
    for role, finalist in (("winner", winner), ("recipe", recipe)):
        if finalist is not None and finalist.failed_without_score:
            count = len(finalist.failed_seeds)
            return (
                f"No verdict: {count} final run{'s' if count > 1 else ''} of the {role} failed, and the untrained "
                "model's score, which failed runs count as, wasn't measured."
            )
    return None


def _mean(values: Mapping[int, float], seeds: Sequence[int]) -> float | None:
    return statistics.fmean(values[s] for s in seeds) if set(seeds) <= set(values) else None


def _greedy_note(ours: float | None, theirs: float | None, *, same: bool) -> str:
    if ours is None or theirs is None:
        return ""
    if same:
        return f"Greedy accuracy: {100 * ours:.1f} %."
    return f"Greedy accuracy: {100 * ours:.1f} % against {100 * theirs:.1f} % ({100 * (ours - theirs):+.1f} points)."


def _failed_note(role: str, finalist: Finalist, seeds: Sequence[int]) -> str:
    failed, total = len(set(finalist.failed_seeds) & set(seeds)), len(seeds)
    if not failed:
        return ""
    counts = "counts" if failed == 1 else "count"
    return f"{failed} of {total} runs of the {role} failed and {counts} as the untrained model."


def _method(seeds: int) -> str:
    if seeds < 2:
        return "one seed: no interval"
    return f"95 % t-interval of the mean difference, paired by seed, {seeds} seeds"


def _sentence(ours: float, theirs: float, value: float, ends: tuple[float, float] | None, same: bool) -> str:
    measure = "sampled accuracy (temperature 1) on the test questions"
    scores = f"{measure} is {100 * ours:.1f} % for the winner, {100 * theirs:.1f} % for the recipe"
    if same:
        found = "the search found nothing better than the recipe itself"
        return f"No gain: {found}, whose {measure} is {100 * theirs:.1f} %."
    if ends is None:
        return f"One seed only, so nothing is sure: {scores} ({100 * value:+.1f} points)."
    range_text = f"95 % interval {100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
    if ends[0] > 0:
        return f"A gain of {100 * value:+.1f} points ({range_text}): {scores}."
    if ends[1] < 0:
        return f"A loss of {100 * value:+.1f} points ({range_text}): {scores}."
    return f"No sure gain: {scores}, {100 * value:+.1f} points, but the {range_text} includes zero."
