"""The run has what it can get: the gain that its forecast still sees is worth less than a set amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number, check_range, check_share
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.outlook import Outlook
from rltune.types import StepMetrics, StopKind


@dataclass(frozen=True, slots=True)
class Plateau(Thresholds):
    """Stops when, at `patience` forecasts in a row, the gain left until the horizon is below `worth`.

    Attributes:
        worth: gain in units of reward that isn't worth the rest of the training.
        horizon: the run's planned last step (r_max); None: abstains.
        confidence: probability with which the gain left stays below `worth`.
        begin, every: share of the horizon before the first forecast, and between two.
        patience: forecasts in a row.
        low, high: range of the reward, both or neither; None: [0, 1] or [-1, 1] if all rewards so far lie in it, else
            what they span, widened.
    """

    worth: float = 0.01
    horizon: int | None = None
    confidence: float = 0.9
    begin: float = 0.2
    every: float = 0.05
    patience: int = 2
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        check_number(self.name, "worth", self.worth, above=0)
        if self.horizon is not None:
            check_count(self.name, "horizon", self.horizon, 1)
        check_share(self.name, "confidence", self.confidence)
        check_share(self.name, "begin", self.begin)
        check_share(self.name, "every", self.every)
        check_count(self.name, "patience", self.patience, 1)
        check_range(self.name, self.low, self.high)

    @property
    def name(self) -> str:
        return "plateau"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _PlateauJudge(self)


class _PlateauJudge:
    def __init__(self, rule: Plateau) -> None:
        self._rule = rule
        bounds = None if rule.low is None or rule.high is None else (rule.low, rule.high)
        self._outlook = Outlook(rule.horizon or 1, rule.begin, rule.every, bounds)
        self._streak = 0
        self._last = "no forecast yet"

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        if rule.horizon is None:
            return Decision(False, rule.name, step, "horizon not known", abstained=True)
        prediction = self._outlook.add(metrics)
        if prediction is None:
            return Decision(False, rule.name, step, self._last)
        final = prediction.final()
        left = final - prediction.paths[:, 0]
        upper, middle = float(np.quantile(left, rule.confidence)), float(left.mean())
        self._streak = self._streak + 1 if upper < rule.worth else 0
        values = {
            "forecast": float(final.mean()),
            "gain_left": middle,
            "upper": upper,
            "worth": rule.worth,
            "streak": float(self._streak),
        }
        self._last = f"gain left {middle:.3g}, at most {upper:.3g}"
        if self._streak < rule.patience:
            return Decision(False, rule.name, step, self._last, values)
        reason = (
            f"the gain left until step {rule.horizon} is {middle:.3g}, with {rule.confidence:.0%} probability below "
            f"{upper:.3g}, which is less than it is worth ({rule.worth:g})"
        )
        return Decision(True, rule.name, step, reason, values, kind=StopKind.PLATEAU)
