"""What became of a run, told from its whole curve: the truth that stopping rules are measured against.

The definition knows no rule, no threshold of one, and no metric but the reward; a shift of the rewards or a positive
factor changes nothing. It looks at a *group*: runs of the same model on the same task, to the same length.

Notation, for a run of T steps:
    start  the group's level before training: median of its runs' first rewards; for a run on its own, of its first 5
    end    mean reward over the run's last tenth (at least 5 steps)
    level  mean reward of 5 steps
    best   largest end - start in the group; for a run on its own its own highest level - start
    noise  what start and a level may differ by chance: 7 standard errors of a level, from the group's median noise

    died   a reward wasn't finite, or it ended before its time, or end - start < best / 3: a third of what was possible
    good   it didn't die, and its end is in the group's top quarter, at least one run (a run on its own: it didn't die)
    lost   for a run that died: the step from which training it was pointless. Diverged: the first bad step.
           Collapsed: the last step with a level at least halfway between its highest and its end. Never learned (it
           neither rose nor fell by a third of best): the step by which three quarters of the group's runs that lived
           had gained that third; a run on its own: its first.

Where best is within the noise nothing was to be learned: no run is good, and only one that ends lower than that died.
A run without any reward is unknown: neither.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rltune.stopping.levels import Noise
from rltune.types import StepMetrics

DIED_BELOW = 1 / 3
"""A run that ends with less than this share of the best gain has died: much of the compute, little of the gain."""

GOOD_SHARE = 0.25
"""The top quarter of a group is good."""

DEFINITION = (
    "A run died if a reward wasn't finite, if it ended before its time (at less than 90 % of its group's longest), or "
    "if its last tenth's mean reward is above the group's start by less than a third of the best run's gain (a run on "
    "its own: of its own highest gain); it is good if it didn't die and ends in the top quarter of its group."
)
"""The same in one sentence, for people."""

_COMPLETE = 0.9
_MOST = 0.75
_WINDOW = 5
_TAIL = 0.1
_STANDARD_ERRORS = 7.0
"""The largest of hundreds of levels of pure noise lies 3 to 4 standard errors above their mean, and a start may be off
by 3: at 7, less than 1 % of runs of noise alone (64 to 1,000 steps, simulated) seem to have gained or lost anything.
Runs that learn gain far more: 25 to 120 standard deviations of one reward in published full-scale runs."""

Rewards = Sequence[tuple[int, float]]
"""(step, reward) of one run, from the group's start."""


class Fate(StrEnum):
    """How a run ended, as its whole curve tells."""

    DIVERGED = "diverged"
    COLLAPSED = "collapsed"
    NEVER_LEARNED = "never learned"
    FINE = "fine"
    GOOD = "good"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Label:
    """What became of one run: `end` its final level (NaN if it diverged), `lost` the step it was lost at if it died."""

    fate: Fate
    end: float
    lost: int | None

    @property
    def died(self) -> bool:
        return self.lost is not None


@dataclass(frozen=True, slots=True)
class _Group:
    """What a run is compared with, from the start on: `bar` the least end of the top quarter, `due` see `lost`."""

    best: float
    noise: float
    bar: float
    due: int | None


def label_runs(curves: Sequence[Sequence[StepMetrics]]) -> tuple[Label, ...]:
    """Labels of the runs of one group, in order; steps without a reward are left out."""
    rewards = [[(m.step, m.values["reward"]) for m in curve if "reward" in m.values] for curve in curves]
    longest = max((run[-1][0] for run in rewards if run), default=0)
    bad = [_first_bad(run, longest) for run in rewards]
    start = _start(rewards)
    runs = [[(step, reward - start) for step, reward in run] for run in rewards]
    ends = [_end(run) if run and lost is None else math.nan for run, lost in zip(runs, bad, strict=True)]
    group = _compare(runs, ends)
    return tuple(_label(run, lost, end, start, group) for run, lost, end in zip(runs, bad, ends, strict=True))


def _start(rewards: Sequence[Rewards]) -> float:
    count = _WINDOW if len(rewards) == 1 else 1
    firsts = [reward for run in rewards for _, reward in run[:count] if math.isfinite(reward)]
    return statistics.median(firsts) if firsts else 0.0


def _compare(runs: Sequence[Rewards], ends: Sequence[float]) -> _Group:
    alive = [end for end in ends if not math.isnan(end)]
    if not alive:
        return _Group(0.0, 0.0, math.inf, None)
    alone = len(runs) == 1
    best = max([0.0, *(_levels(runs[0]) if alone else alive)])
    noise = _STANDARD_ERRORS / math.sqrt(_WINDOW) * statistics.median(_sigma(run) for run in runs if run)
    bar = sorted(alive)[-max(1, math.floor(GOOD_SHARE * len(runs)))]
    living = [run for run, end in zip(runs, ends, strict=True) if end >= DIED_BELOW * best]
    due = None if alone or best <= noise else _due(living, DIED_BELOW * best)
    return _Group(best, noise, bar, due)


def _due(living: Sequence[Rewards], level: float) -> int | None:
    """The step by which three quarters of the living runs had reached `level` for the first time."""
    first = (
        next((step for (step, _), mean in zip(run, _levels(run), strict=True) if mean >= level), None) for run in living
    )
    reached = sorted(step for step in first if step is not None)
    return reached[math.ceil(_MOST * len(reached)) - 1] if reached else None


def _label(run: Rewards, bad: int | None, end: float, start: float, group: _Group) -> Label:
    if not run:
        return Label(Fate.UNKNOWN, math.nan, None)
    if bad is not None:
        return Label(Fate.DIVERGED, math.nan, bad)
    if group.best > group.noise:
        if end >= DIED_BELOW * group.best:
            return Label(Fate.GOOD if end >= group.bar else Fate.FINE, end + start, None)
    elif end >= -group.noise:
        return Label(Fate.FINE, end + start, None)
    levels = _levels(run)
    top = max(0.0, *levels)
    if top - end <= DIED_BELOW * group.best:
        return Label(Fate.NEVER_LEARNED, end + start, run[0][0] if group.due is None else group.due)
    high = [step for (step, _), level in zip(run, levels, strict=True) if level >= (top + end) / 2]
    return Label(Fate.COLLAPSED, end + start, high[-1] if high else run[0][0])


def _first_bad(run: Rewards, longest: int) -> int | None:
    """The step at which a run diverged or broke off, or None."""
    bad = next((step for step, reward in run if not math.isfinite(reward)), None)
    if bad is not None or not run:
        return bad
    return run[-1][0] if run[-1][0] < _COMPLETE * longest else None


def _end(run: Rewards) -> float:
    count = min(len(run), max(_WINDOW, round(_TAIL * len(run))))
    return statistics.fmean(reward for _, reward in run[-count:])


def _levels(run: Rewards) -> list[float]:
    rewards = [reward for _, reward in run]
    return [statistics.fmean(rewards[max(0, i - _WINDOW + 1) : i + 1]) for i in range(len(rewards))]


def _sigma(run: Rewards) -> float:
    """Noise of one reward; 0 for a run of one step."""
    noise = Noise()
    for _, reward in run:
        if math.isfinite(reward):
            noise.add(reward)
    return noise.sigma
