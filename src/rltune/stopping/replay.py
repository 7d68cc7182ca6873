"""Rules run over recorded curves: where each would have stopped, and what that would have saved or lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.stopping.base import Decision, Rule
from rltune.stopping.guard import watch_all
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class Replayed:
    """One curve under a set of rules.

    Attributes:
        stop: the decision that ended it, or None. last_step: the curve's last step.
        abstentions: rules that abstained, by name, with the reason.
        seconds, saved_seconds: of the whole curve, and after the stop (steps, if the curve isn't timed: `is_timed`).
    """

    stop: Decision | None
    last_step: int
    abstentions: Mapping[str, str]
    seconds: float
    saved_seconds: float


def replay(rules: Sequence[Rule], curve: Sequence[StepMetrics]) -> Replayed:
    """Shows `curve` (steps rising) to `rules`, until the first stop."""
    guard = watch_all(rules)
    stop = next((decision for metrics in curve if (decision := guard.update(metrics)) is not None), None)
    costs = step_costs(curve)
    total = sum(costs.values())
    saved = sum(cost for step, cost in costs.items() if stop is not None and step > stop.step)
    return Replayed(stop, curve[-1].step if curve else 0, dict(guard.abstentions), total, saved)


def step_costs(curve: Sequence[StepMetrics], *, timed: bool | None = None) -> dict[int, float]:
    """Seconds of each step; 1 for every step if the curve isn't `timed`, or isn't to be taken as such (None: if it is).

    Curves are added up in one unit only: seconds if all of them are timed, else steps.
    """
    if timed is None:
        timed = is_timed(curve)
    return {metrics.step: metrics.values["step_seconds"] if timed else 1.0 for metrics in curve}


def is_timed(curve: Sequence[StepMetrics]) -> bool:
    """Whether every step tells its seconds, as a finite number >= 0."""
    return all(0 <= metrics.values.get("step_seconds", math.nan) < math.inf for metrics in curve)
