"""The run is losing what it had learned: its reward has dropped from its own best.

arXiv 2606.03073: reward drop ratio above 10 %. Rewards may be negative or zero, so the drop is not divided by the
reward itself but by the largest magnitude that the smoothed reward has had; for positive rewards that is the peak,
and the ratio is the paper's. A reward that was zero all the time has nothing to drop from.

Notation, at rollout step t:
    s_t    mean reward of the last `window` steps (defined once there are so many)
    peak   largest s so far;  scale  largest |s| so far
    d_t    (peak - s_t) / scale, the drop ratio
    sigma  step-to-step noise of the reward, from successive differences: sigma^2 = mean((r_t - r_(t-1))^2) / 2
    e      sigma * sqrt(2 / window): standard error of a difference of two such means
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass

from rltune.stopping.base import Decision, Judge, Watch
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Latch, abstention
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class RewardDrop:
    """Stops after `patience` consecutive steps with d_t > drop, peak - s_t > noise * e, and t > warmup.

    Attributes:
        drop: largest healthy drop ratio (0.1: 10 %).
        patience: consecutive steps.
        window: steps that the reward is averaged over; 1: as reported.
        warmup: rollout steps at the start at which it doesn't stop (they do count for the peak).
        noise: standard errors that a drop must exceed; 0: the noise of the curve is not looked at.
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
        self._peak = -math.inf
        self._peak_step = 0
        self._scale = 0.0
        self._last: float | None = None
        self._squares = 0.0
        self._differences = 0
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        self._add(metrics.values["reward"])
        if len(self._recent) < rule.window:
            return Decision(False, rule.name, step, f"needs {rule.window} steps to average over")
        mean = sum(self._recent) / rule.window
        self._scale = max(self._scale, abs(mean))
        if mean > self._peak:
            self._peak, self._peak_step = mean, step
        fall = self._peak - mean
        ratio = fall / self._scale if self._scale > 0 else 0.0
        dropped = step > rule.warmup and ratio > rule.drop and fall > rule.noise * self._error()
        self._streak = self._streak + 1 if dropped else 0
        values = {"reward": mean, "peak": self._peak, "drop": ratio, "streak": float(self._streak)}
        if self._streak < rule.patience:
            return Decision(False, rule.name, step, f"reward {mean:.3g}, {ratio:.0%} below its peak", values)
        reason = (
            f"the reward (mean of {rule.window}) fell from {self._peak:.3g} at step {self._peak_step} to {mean:.3g}, "
            f"a drop of {ratio:.0%}, more than {rule.drop:.0%} for {self._streak} consecutive steps"
        )
        return Decision(True, rule.name, step, reason, values)

    def _add(self, reward: float) -> None:
        self._recent.append(reward)
        if self._last is not None:
            change = reward - self._last
            self._squares += change * change  # unlike `**`, overflows to infinity without an exception
            self._differences += 1
        self._last = reward

    def _error(self) -> float:
        if self._differences == 0:
            return 0.0
        return math.sqrt(self._squares / (2 * self._differences) * 2 / self._rule.window)
