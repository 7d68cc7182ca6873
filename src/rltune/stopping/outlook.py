"""What rules that look ahead have in common: the curve so far, and a forecast of its end every few steps."""

from __future__ import annotations

import math

from rltune.curves.phases import PhaseName, find_phases
from rltune.curves.predict import Prediction, predict
from rltune.curves.series import LARGEST, Series, bounds_of, series
from rltune.types import StepMetrics

LEAST_STEPS = 8


class Outlook:
    """Collects rewards and forecasts when it is time.

    Args:
        horizon: the run's planned last step. begin, every: share of the horizon before the first forecast, and between
            two. bounds: range of the reward, widened if a reward lies outside; None: see
            `rltune.curves.series.bounds_of`.
    """

    def __init__(self, horizon: int, begin: float, every: float, bounds: tuple[float, float] | None) -> None:
        self._horizon, self._bounds = horizon, bounds
        self._gap = max(1, round(every * horizon))
        self._next = max(LEAST_STEPS, math.ceil(begin * horizon))
        self._steps: list[int] = []
        self._rewards: list[float] = []

    def add(self, metrics: StepMetrics) -> Prediction | None:
        """Takes the next step's reward in. A prediction if it is time and the curve can be extrapolated, else None."""
        reward = metrics.values["reward"]
        if not abs(reward) <= LARGEST or metrics.step < 1:
            return None
        self._steps.append(metrics.step)
        self._rewards.append(reward)
        if metrics.step < self._next or metrics.step >= self._horizon or len(self._steps) < LEAST_STEPS:
            return None
        self._next = metrics.step + self._gap
        curve = series(self._rewards, self._steps)
        return None if self._hopeless(curve) else predict(curve, self._horizon, self._range(curve))

    def _hopeless(self, curve: Series) -> bool:
        """A flat or fallen curve has no forecast: other rules are for it."""
        flat = min(self._rewards) == max(self._rewards)
        return flat or find_phases(curve)[-1].name is PhaseName.DECLINE

    def _range(self, curve: Series) -> tuple[float, float]:
        if self._bounds is None:
            return bounds_of(curve.rewards)
        low, high = self._bounds
        return min(low, float(curve.rewards.min())), max(high, float(curve.rewards.max()))
