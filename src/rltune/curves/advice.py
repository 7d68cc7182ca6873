"""When more training stops paying: the step after which the gain that is left is worth less than a given amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rltune.curves.phases import Phase, PhaseName, centred
from rltune.curves.predict import TAIL, Prediction, level_at_end
from rltune.curves.series import Series, drawn_in, step_noise

RISK = 0.1
"""Advice to stop holds with probability 1 - RISK: in this share of the futures more than `worth` may be given up."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Where to stop.

    Attributes:
        step: the first step after which the gain left is below what it is worth; the horizon if there is none.
        given_up: expected reward given up by stopping there.
        saved: share of the horizon's steps that are saved (0 to 1).
        reason: in words.
    """

    step: int
    given_up: float
    saved: float
    reason: str


def advise(prediction: Prediction, worth: float) -> Advice:
    """Advice for a run that goes on, from its possible futures. `worth` is in units of reward."""
    horizon = float(prediction.steps[-1])
    left = prediction.final()[:, None] - prediction.paths  # (draws, m) gain left at each step ahead
    enough = np.flatnonzero((left > worth).mean(axis=0) <= RISK)
    first = int(enough[0]) if enough.size else left.shape[1] - 1
    step = int(np.ceil(prediction.steps[first]))
    saved = max(0.0, 1 - step / horizon)
    given_up = float(np.maximum(left[:, first].mean(), 0.0)) if saved else 0.0
    if not saved:
        return Advice(step, 0.0, 0.0, f"train to the end: a gain of more than {worth:g} is likely until step {step}")
    when = "now" if first == 0 else f"at step {step}"
    return Advice(
        step,
        given_up,
        saved,
        f"stop {when}: with {1 - RISK:.0%} probability the gain left until step {horizon:.0f} is at most {worth:g} "
        f"(expected {given_up:.3g}), and {saved:.0%} of the steps are saved",
    )


def look_back(curve: Series, worth: float, now: Phase) -> Advice:
    """Advice for a run that is over and ended in the phase `now`: the step after which it gained no more than `worth`,
    or after which it declined."""
    n = len(curve)
    if now.name is PhaseName.DECLINE:
        lost = now.first_level - now.last_level
        return Advice(
            now.first_step,
            0.0,
            1 - now.first_step / now.last_step,
            f"it should have stopped at step {now.first_step}: it has lost {lost:.3g} since",
        )
    window = max(3, round(TAIL * n)) | 1
    level = centred(drawn_in(curve.rewards, step_noise(curve.rewards)), window)
    final = level_at_end(curve.rewards)
    # Half of what it is worth, so that noise of the levels doesn't use it up.
    short = np.flatnonzero(final - level > worth / 2)
    index = min(int(short[-1]) + 1 if short.size else 0, n - 1)
    step, last = int(curve.steps[index]), int(curve.steps[-1])
    saved = 1 - step / last
    given_up = max(0.0, final - float(level[index]))
    if index == n - 1:
        return Advice(last, 0.0, 0.0, f"no earlier: it gained more than {worth / 2:g} until its last step")
    return Advice(
        step,
        given_up,
        saved,
        f"it could have stopped at step {step}: it gained {given_up:.3g} in the {saved:.0%} of its steps after it",
    )
