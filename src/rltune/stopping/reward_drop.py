"""The run is losing what it had learned: its reward has dropped from its own best.

arXiv 2606.03073: reward drop ratio above 10 %. Rewards may be negative or zero, so the drop is not divided by the
reward itself but by the largest magnitude that the smoothed reward has had; for positive rewards that is the peak,
and the ratio is the paper's. A reward that was zero all the time has nothing to drop from.

The peak is the luckiest of many noisy means, so a run that merely stands still falls below its peak sooner or later.
With `noise` set, a drop must exceed what noise alone explains. The noise is a median, so that the jump of a collapse,
which is what the rule is after, doesn't pass for noise.

Notation, after T steps of a curve r_1 ... r_T (rewards):
    n      steps averaged, min(window, T);  s = mean of the last n rewards
    peak   largest s so far, of n_peak steps;  scale  largest |s| so far
    d      (peak - s) / scale, the drop ratio
    sigma  step-to-step noise of the reward: median |r_t - r_(t-1)| / (0.6745 sqrt 2), as for normal noise
    e      sigma sqrt(1/n_peak + 1/n): standard error of peak - s
    b      sigma sqrt(2 ln(T / window) / n_peak): how far the largest of T / window means of pure noise lies above the
           mean of them all
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from dataclasses import asdict, dataclass

from rltune.stopping.base import Decision, Judge, Watch
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Latch, abstention
from rltune.types import StepMetrics

_MEDIAN_CHANGE = 0.6744897501960817 * math.sqrt(2)
"""Median of |x - y| for independent normal x and y of standard deviation 1."""


@dataclass(frozen=True, slots=True)
class RewardDrop:
    """Stops after `patience` consecutive steps with d > drop, peak - s > noise * e + b, and T > warmup.

    Attributes:
        drop: largest healthy drop ratio (0.1: 10 %).
        patience: consecutive steps.
        window: steps that the reward is averaged over; 1: as reported.
        warmup: steps at the start that don't count as dropped (they do count for the peak).
        noise: standard errors that a drop must exceed; 0: the noise of the curve is not looked at, b neither.
    """

    drop: float = 0.1
    patience: int = 1
    window: int = 1
    warmup: int = 0
    noise: float = 0.0

    def __post_init__(self) -> None:
        check_number(self.name, "drop", self.drop, above=0)
        check_number(self.name, "noise", self.noise)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "warmup", self.warmup, 0)

    @property
    def name(self) -> str:
        return "reward_drop"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _RewardDropJudge(self)

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        return {"rule": self.name, **asdict(self)}


class _RewardDropJudge:
    def __init__(self, rule: RewardDrop) -> None:
        self._rule = rule
        self._recent: deque[float] = deque(maxlen=rule.window)
        self._changes: list[float] = []  # |r_t - r_(t-1)|, sorted
        self._last: float | None = None
        self._seen = 0
        self._peak, self._peak_count, self._peak_step = -math.inf, 1, 0
        self._scale = 0.0
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        self._add(metrics.values["reward"])
        mean = sum(self._recent) / len(self._recent)
        self._scale = max(self._scale, abs(mean))
        if mean > self._peak:
            self._peak, self._peak_count, self._peak_step = mean, len(self._recent), step
        fall = self._peak - mean
        ratio = fall / self._scale if self._scale > 0 else 0.0
        dropped = self._seen > rule.warmup and ratio > rule.drop and fall > self._allowance()
        self._streak = self._streak + 1 if dropped else 0
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

    def _add(self, reward: float) -> None:
        self._recent.append(reward)
        self._seen += 1
        if self._last is not None:
            insort(self._changes, abs(reward - self._last))
        self._last = reward

    def _allowance(self) -> float:
        """noise * e + b: how far below its peak the mean may lie by chance."""
        if self._rule.noise == 0 or not self._changes:
            return 0.0
        middle = len(self._changes) // 2
        median = (self._changes[middle] + self._changes[~middle]) / 2
        sigma = median / _MEDIAN_CHANGE
        error = sigma * math.sqrt(1 / self._peak_count + 1 / len(self._recent))
        luck = sigma * math.sqrt(2 * math.log(max(self._seen / self._rule.window, 1.0)) / self._peak_count)
        return self._rule.noise * error + luck
