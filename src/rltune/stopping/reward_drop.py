"""The run is losing what it had learned: its reward has dropped from its own best.

arXiv 2606.03073: reward drop ratio above 10 %. Rewards may be negative or zero, so the drop is not divided by the
reward itself but by the largest magnitude that the smoothed reward has had; for positive rewards that is the peak,
and the ratio is the paper's. A reward that was zero all the time has nothing to drop from.

The peak is the luckiest of many noisy means, so a run that merely stands still falls below its peak sooner or later:
`reward_collapse` is the rule that allows for it.

Notation, after T steps:
    s      mean of the last min(window, T) rewards
    peak   largest s so far;  scale  largest |s| so far
    d      (peak - s) / scale, the drop ratio
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class RewardDrop(Thresholds):
    """Stops after `patience` consecutive steps with d > drop.

    Attributes:
        drop: largest healthy drop ratio (0.1: 10 %).
        patience: consecutive steps.
        window: steps that the reward is averaged over; 1: as reported.
    """

    drop: float = 0.1
    patience: int = 1
    window: int = 1

    def __post_init__(self) -> None:
        check_number(self.name, "drop", self.drop, above=0)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)

    @property
    def name(self) -> str:
        return "reward_drop"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _RewardDropJudge(self)


class _RewardDropJudge:
    def __init__(self, rule: RewardDrop) -> None:
        self._rule = rule
        self._recent: deque[float] = deque(maxlen=rule.window)
        self._peak, self._peak_step = -math.inf, 0
        self._scale = 0.0
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        self._recent.append(metrics.values["reward"])
        mean = sum(self._recent) / len(self._recent)
        self._scale = max(self._scale, abs(mean))
        if mean > self._peak:
            self._peak, self._peak_step = mean, step
        ratio = (self._peak - mean) / self._scale if self._scale > 0 else 0.0
        self._streak = self._streak + 1 if ratio > rule.drop else 0
        values = {"reward": mean, "peak": self._peak, "drop": ratio, "streak": float(self._streak)}
        if self._streak < rule.patience:
            return Decision(False, rule.name, step, f"reward {mean:.3g}, {ratio:.0%} below its peak", values)
        over = f" (mean of {rule.window} steps)" if rule.window > 1 else ""
        lasting = f" for {self._streak} consecutive steps" if rule.patience > 1 else ""
        reason = (
            f"the reward{over} fell from {self._peak:.3g} at step {self._peak_step} to {mean:.3g}: "
            f"a drop of {ratio:.0%}, more than {rule.drop:.0%}{lasting}"
        )
        return Decision(True, rule.name, step, reason, values)
