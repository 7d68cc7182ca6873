"""How many runs on the target a rest of the budget pays for: pure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetRuns:
    """Seconds of a full-length run on the target: of the recipe, of a candidate, and of testing one."""

    recipe: float
    candidate: float
    test: float = 0.0


@dataclass(frozen=True, slots=True)
class Spending:
    """How many target runs the time after the search pays for."""

    confirm: int
    seeds: int
    seconds: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What is left: seconds of wall clock and of GPUs, infinite where nothing limits them. `gpus`: of a target run."""

    seconds: float
    gpu_seconds: float = math.inf
    gpus: float = 1.0


def affordable(left: Left, runs: TargetRuns, confirm: int, seeds: int, slots: int) -> Spending:
    """The most that is paid for: fewer confirmed configurations first, then fewer seeds, never below one.

    The recipe is confirmed beside the others; winner and recipe are trained with each seed and tested.
    """

    def together(work: float, longest: float) -> float:
        # Trials of unequal length leave slots idle at a phase's end: with two slots, by a quarter of a run.
        return max(work / slots + (longest / 4 if slots > 1 else 0.0), longest)

    def need(top: int, k: int) -> float:
        confirming = together(top * runs.candidate + runs.recipe, runs.candidate)
        training = together(k * (runs.candidate + runs.recipe), runs.candidate)
        return confirming + training + 2 * k * runs.test / slots

    def used(top: int, k: int) -> float:
        trained = (top + k) * runs.candidate + (1 + k) * runs.recipe
        return left.gpus * (trained + 2 * k * runs.test)

    fewest = min(seeds, 2)  # one seed shows no spread: it is the last resort, unless no more were asked for
    choices = [(top, k) for k in range(seeds, fewest - 1, -1) for top in range(confirm, 0, -1)] + [(1, 1)]
    for top, k in choices:
        if need(top, k) <= left.seconds and used(top, k) <= left.gpu_seconds:
            return Spending(top, k, need(top, k), True)
    return Spending(1, 1, need(1, 1), False)
