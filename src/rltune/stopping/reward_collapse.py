"""The reward has collapsed: it lies far below the run's own peak, beyond its noise, and stays there.

The robust successor of the paper's 10 % rule. A ratio of rewards takes zero and the sign for something; here a fall
counts in two units that a shift or a scale of the reward doesn't change: the run's own step-to-step noise, and what
the run had gained since its start. The peak is the luckiest of many noisy means; what luck explains is allowed for.
See `rltune.stopping.levels.Standing` for the notation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Standing
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class RewardCollapse(Thresholds):
    """Stops after `patience` consecutive steps with the reward lost: below its peak by more than `noise` standard
    errors and what luck explains, and by at least `sigmas` times the noise of a single step; half of the gain gone.

    Attributes:
        patience: consecutive steps. Healthy runs dip, and come back within a few steps.
        window: steps that the reward is averaged over.
        warmup: steps at the start that don't count as lost (they do count for the peak).
        noise: standard errors of the difference of two means.
        sigmas: standard deviations of one step's reward: where batches are large, the means are so sure that small
            real dips would count.
    """

    patience: int = 4
    window: int = 5
    warmup: int = 5
    noise: float = 3.0
    sigmas: float = 3.0

    def __post_init__(self) -> None:
        check_number(self.name, "noise", self.noise)
        check_number(self.name, "sigmas", self.sigmas)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "warmup", self.warmup, 0)

    @property
    def name(self) -> str:
        return "reward_collapse"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _RewardCollapseJudge(self)


class _RewardCollapseJudge:
    def __init__(self, rule: RewardCollapse) -> None:
        self._rule = rule
        self._standing = Standing(rule.window, rule.noise)
        self._streak, self._peak_step = 0, 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing, step = self._rule, self._standing, metrics.step
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        reward = metrics.values["reward"]
        if not math.isfinite(reward):
            return Decision(False, rule.name, step, "the reward is not a finite number: left out")
        standing.add(reward)
        if standing.peak_seen == standing.seen:
            self._peak_step = step
        lost = standing.lost and standing.fall > rule.sigmas * standing.sigma
        self._streak = self._streak + 1 if lost and standing.seen > rule.warmup else 0
        values = {
            "reward": standing.mean,
            "peak": standing.peak,
            "noise": standing.sigma,
            "allowance": standing.allowance,
            "streak": float(self._streak),
        }
        if self._streak < rule.patience:
            return Decision(
                False, rule.name, step, f"reward {standing.mean:.3g}, {standing.fall:.3g} below its peak", values
            )
        reason = (
            f"the reward (mean of {rule.window} steps) fell from {standing.peak:.3g} at step {self._peak_step} to "
            f"{standing.mean:.3g}, by more than its noise explains ({standing.allowance:.2g}) and at least half of its "
            f"gain, for {self._streak} consecutive steps"
        )
        return Decision(True, rule.name, step, reason, values)
