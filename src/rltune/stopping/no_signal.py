"""There is no learning signal: the answers to each prompt all earn the same, and the reward isn't a good one.

Group-relative methods learn from differences within a group of answers; where there are none, the gradient is zero.
A run that has solved its task looks the same, so the reward must also stand no higher than where the run began, or
have lost half of what it had gained. No reward is taken for good or bad by its sign or size: a run that earns -1, 0
or 7 for everything from its first step on has nothing to learn from.

How alike a step is, from 0 to 1, by what the trainer reports: `zero_std_fraction`, the share of groups whose answers
all earn the same; else 1 if `reward_std` is zero; else 1 if the mean reward is exactly that of the step before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number, check_share
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Smoothed, Standing
from rltune.types import StepMetrics

_CHANCE = 0.001
"""Probability of as many silent steps on end, at the share of silent steps before them, below which they are no luck: a
hard task with 8 samples a step is silent most of the time, and learns."""

_TINY = 1e-6
"""Share of the largest spread seen so far up to which a spread is zero but for the rounding of 32-bit means."""


@dataclass(frozen=True, slots=True)
class NoSignal(Thresholds):
    """Stops when, at each of the last `patience` steps, the reward was low, and its groups were alike.

    That is either: the reward was lost, and the groups were alike to a share of `threshold` on average; or the reward
    was down, and every group of every step was alike. The second is stricter because a healthy run that starts near
    zero (0.4 % right answers for 10 steps, 2 % at step 20, then 60 %: seen at 0.5B) has few groups that differ, but
    has some. And as many silent steps must not be what the run's own steps before them lead one to expect.

    Attributes:
        threshold: mean share of groups that are alike from which on a lost reward won't come back. With 32 groups a
            step 0.98 leaves 6 of 320 groups to learn from in 10 steps. Healthy runs get there too, at their peak.
        patience: steps, all with a reward. A model that is right once in a thousand samples sees ten silent steps of
            256 samples by chance in 8 % of cases, one that is right once in 300 in 0.02 %.
        window: steps that the reward is averaged over.
        noise: standard errors that a fall from the peak must exceed.
    """

    threshold: float = 0.98
    patience: int = 10
    window: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_share(self.name, "threshold", self.threshold)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_number(self.name, "noise", self.noise)

    @property
    def name(self) -> str:
        return "no_signal"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _NoSignalJudge(self)


class _NoSignalJudge:
    def __init__(self, rule: NoSignal) -> None:
        self._rule = rule
        self._standing = Standing(rule.window, rule.noise)
        self._alike = Smoothed(rule.patience)
        self._largest_spread = 0.0
        self._last: float | None = None
        self._silent = self._lost = 0  # consecutive steps with a low reward and no difference, with a lost reward
        self._seen = self._told = 0  # steps, and those of them with a difference

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing = self._rule, self._standing
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        now = self._how_alike(metrics)
        alike = self._alike.add(now)
        self._seen, self._told = self._seen + 1, self._told + (now < 1)
        standing.add(metrics.values["reward"])
        self._silent = self._silent + 1 if now >= 1 and standing.down else 0
        self._lost = self._lost + 1 if standing.lost else 0
        values = {"alike": alike, "reward": standing.mean, "start": standing.start, "peak": standing.peak}
        said = f"groups alike to {alike:.1%} over {self._alike.count} steps"
        withered = self._lost >= rule.patience and alike >= rule.threshold
        silent = self._silent >= rule.patience and self._surprises()
        if not silent and not withered:
            return Decision(False, rule.name, metrics.step, f"{said}, reward {standing.mean:.3g}", values)
        reason = (
            f"there is no learning signal: {said}, at a reward of {standing.mean:.3g} that started at "
            f"{standing.start:.3g} and was at best {standing.peak:.3g}"
        )
        return Decision(True, rule.name, metrics.step, reason, values)

    def _surprises(self) -> bool:
        """Whether so many silent steps are more than chance, as far as the steps before them tell."""
        before = self._seen - self._silent
        return not self._told or (1 - self._told / before) ** self._silent < _CHANCE

    def _how_alike(self, metrics: StepMetrics) -> float:
        """0 to 1, from the best metric that is there."""
        reward, before = metrics.values["reward"], self._last
        self._last = reward
        fraction = metrics.values.get("zero_std_fraction", math.nan)
        if math.isfinite(fraction):
            return fraction
        spread = abs(metrics.values.get("reward_std", math.nan))
        if math.isfinite(spread):
            self._largest_spread = max(self._largest_spread, spread)
            return float(spread <= _TINY * self._largest_spread)
        return float(reward == before)
