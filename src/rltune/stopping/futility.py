"""More training won't make this run the best: even the upper end of its forecast lies below what another already has.

It needs to know two things that are not in the curve: the run's planned length, and the level that the best run of the
same model and task has reached there. A study tells both; without them the rule abstains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number, check_range, check_share
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Smoothed
from rltune.stopping.outlook import Outlook
from rltune.types import StepMetrics, StopKind

_FALLING = 0.98
"""Below this share of its peak a learning rate is on its way down."""


@dataclass(frozen=True, slots=True)
class Futility(Thresholds):
    """Stops when, at `patience` forecasts in a row, the upper end at the horizon lies below `best`, less some slack.

    Attributes:
        best: mean reward over the last tenth of the best run of the same model, task and horizon; None: abstains.
        horizon: the run's planned last step (r_max); None: abstains.
        slack: share of what `best` gained over this run's start by which the forecast must lie below `best`. At 0 a run
            ends as soon as it can't be the best, and most of the top quarter of the recorded runs is lost.
        confidence: probability with which the end stays below the upper end.
        begin, every: share of the horizon before the first forecast, and between two.
        cooled: share of the learning rate's peak that a falling one must have come down to before a forecast counts. A
            run whose rate was too high learns late, as its schedule cools, and no law of its curve so far knows that.
        patience: forecasts in a row.
        low, high: range of the reward, both or neither; None: [0, 1] or [-1, 1] if all rewards so far lie in it, else
            what they span, widened.
    """

    best: float | None = None
    horizon: int | None = None
    slack: float = 0.4
    confidence: float = 0.95
    begin: float = 0.3
    every: float = 0.05
    cooled: float = 0.4
    patience: int = 3
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.best is not None:
            check_number(self.name, "best", self.best, above=-math.inf)
        if self.horizon is not None:
            check_count(self.name, "horizon", self.horizon, 1)
        check_number(self.name, "slack", self.slack)
        check_share(self.name, "confidence", self.confidence)
        check_share(self.name, "begin", self.begin)
        check_share(self.name, "every", self.every)
        check_share(self.name, "cooled", self.cooled)
        check_count(self.name, "patience", self.patience, 1)
        check_range(self.name, self.low, self.high)

    @property
    def name(self) -> str:
        return "futility"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _FutilityJudge(self)


class _FutilityJudge:
    def __init__(self, rule: Futility) -> None:
        self._rule = rule
        bounds = None if rule.low is None or rule.high is None else (rule.low, rule.high)
        self._outlook = Outlook(rule.horizon or 1, rule.begin, rule.every, bounds)
        self._start, self._count = Smoothed(3), 0
        self._first = math.nan
        self._peak_rate = 0.0
        self._streak = 0
        self._last = "no forecast yet"

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        if rule.best is None or rule.horizon is None:
            missing = " and ".join(name for name in ("best", "horizon") if getattr(rule, name) is None)
            return Decision(False, rule.name, step, f"{missing} not known", abstained=True)
        reward = metrics.values["reward"]
        if self._count < 3 and math.isfinite(reward):
            self._count += 1
            self._first = self._start.add(reward)
        cooling = self._cooling(metrics)
        prediction = self._outlook.add(metrics)
        if prediction is None:
            return Decision(False, rule.name, step, self._last)
        final = prediction.final()
        upper, middle = float(np.quantile(final, rule.confidence)), float(final.mean())
        bar = rule.best - rule.slack * max(rule.best - self._first, 0.0)
        self._streak = self._streak + 1 if upper < bar and not cooling else 0
        values = {"forecast": middle, "upper": upper, "best": rule.best, "bar": bar, "streak": float(self._streak)}
        self._last = f"forecast {middle:.3g}, at most {upper:.3g} at step {rule.horizon}"
        if self._streak < rule.patience:
            return Decision(False, rule.name, step, self._last, values)
        reason = (
            f"the forecast for step {rule.horizon} is {middle:.3g}, with {rule.confidence:.0%} probability below "
            f"{upper:.3g}; another run already has {rule.best:.3g}"
        )
        return Decision(True, rule.name, step, reason, values, kind=StopKind.FUTILE)

    def _cooling(self, metrics: StepMetrics) -> bool:
        """Whether the learning rate has begun to fall from its peak, and has far to go."""
        rate = metrics.values.get("learning_rate", math.nan)
        if not math.isfinite(rate):
            return False
        self._peak_rate = max(self._peak_rate, rate)
        return self._rule.cooled * self._peak_rate < rate < _FALLING * self._peak_rate
