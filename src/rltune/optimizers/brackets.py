"""Hyperband's brackets, as a function of counts: what runs next, and on which level.

Notation:
    L      number of levels (step budgets), 0 the cheapest, L - 1 the full length; η the reduction factor
    i      number of a bracket, 0, 1, ...; it has the levels L - 1 - s to L - 1, with s = L - 1 - (i mod L)
    n_j    runs in stage j of a bracket: n_0 = floor(L / (s + 1)) η^s new configurations on its lowest level, then
           n_j = max(1, floor(n_0 η^-j)) promotions to the next, of the best
The numbers are those of the authors' implementation, HpBandSter (Falkner et al. 2018, arXiv 1807.01774; brackets after
Li et al. 2018, arXiv 1603.06560): Hyperband's own n_0 is ceil(L / (s + 1) η^s).

A history doesn't tell which bracket a run belongs to: a run that was promoted twice looks like one that was trained to
the end at once. Counts suffice for everything but that: the number of configurations tells which brackets were begun,
the number of runs on each level which promotions were made. So the best runs that rest on a level are promoted,
whichever bracket they came from; the authors compare within one bracket. Promotions for which no run is alive are made
up later, where theirs start new configurations on the higher level: in the end both have as many runs on each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A new configuration is due on `level`."""

    level: int
    bracket: int


@dataclass(frozen=True, slots=True)
class Promote:
    """A promotion to `level` is due."""

    level: int
    bracket: int


Move = Start | Promote


@dataclass(frozen=True, slots=True)
class Counts:
    """What is known of a search.

    Attributes:
        started: configurations, each counted once.
        at_least: (L,) how many of them were ever asked for a level, or a higher one.
        pending: (L,) runs in flight to a level.
    """

    started: int
    at_least: tuple[int, ...]
    pending: tuple[int, ...]


def levels_of(rungs: Sequence[int], eta: float) -> tuple[int, ...]:
    """The steps of each level: r_max η^-k for k = 0, 1, ... down to the lowest rung, each moved to the nearest rung
    (by ratio). Rungs that lie further apart than η give fewer levels."""
    lowest, full = rungs[0], rungs[-1]
    count = math.floor(math.log(full / lowest) / math.log(eta) + 1e-9) + 1
    wanted = [full * eta**-k for k in range(count)]
    nearest = {min(rungs, key=lambda rung, steps=steps: abs(math.log(rung / steps))) for steps in wanted}
    return tuple(sorted(nearest))


def bracket_sizes(levels: int, eta: float, bracket: int) -> tuple[int, ...]:
    """n_0, n_1, ..., n_s of a bracket."""
    s = levels - 1 - bracket % levels
    n0 = int(levels // (s + 1) * eta**s + 1e-9)
    return tuple(max(1, int(n0 * eta**-j + 1e-9)) for j in range(s + 1))


def moves(levels: int, eta: float, counts: Counts) -> Iterator[Move]:
    """What is due, first things first; the last is always a new configuration.

    As with the authors, a bracket's stage begins when the one before is complete, and while it waits for runs in
    flight the next bracket goes on.
    """
    starts_on = _starts(levels, eta, counts.started)
    # promotions to a level: all runs there or above that didn't start there or above
    promoted = [max(0, counts.at_least[k] - sum(starts_on[k:])) for k in range(levels)]
    due_starts, due = 0, [0] * levels
    entered = [starts_on[k] + promoted[k] for k in range(levels)]
    capacity = [0] * levels
    for bracket in itertools.count():
        sizes = bracket_sizes(levels, eta, bracket)
        first = levels - len(sizes)
        due_starts += sizes[0]
        for stage, size in enumerate(sizes):
            capacity[first + stage] += size
        if counts.started < due_starts:
            yield Start(first, bracket)
            return
        for stage, size in enumerate(sizes[1:], 1):
            level = first + stage
            due[level] += size
            below = level - 1
            if entered[below] - counts.pending[below] < capacity[below]:
                break
            if promoted[level] < due[level]:
                yield Promote(level, bracket)


def _starts(levels: int, eta: float, started: int) -> list[int]:
    """(L,) on how many configurations each level begins, of the first `started`."""
    found = [0] * levels
    for bracket in itertools.count():
        if started <= 0:
            return found
        sizes = bracket_sizes(levels, eta, bracket)
        taken = min(started, sizes[0])
        found[levels - len(sizes)] += taken
        started -= taken
    return found
