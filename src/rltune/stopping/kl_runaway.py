"""The policy runs away from its reference: KL multiplies beyond its own noise and a floor, and the reward doesn't rise.

The robust successor of the paper's KL rule. KL is a positive quantity that grows by factors, so it is judged on a log
scale: smoothed over `window` steps by its median (single steps jump tenfold in healthy runs), it must lie `ratio`
times above the level that it had `span` steps before (or at its first step), by more than `noise` standard deviations
of its own step-to-step changes, and above `floor`. A policy that moves far *and* earns more is learning, not lost:
where the reward is known it must have lost what it gained, or stand no higher than at its start.

Notation: k_t KL at step t, m_t median of the last `window` log k, sigma noise of log k from step to step.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Noise, Standing
from rltune.types import StepMetrics

_LEAST = 1e-8  # nats: below, a KL is zero but for rounding


@dataclass(frozen=True, slots=True)
class KlRunaway(Thresholds):
    """Stops after `patience` consecutive steps of run-away.

    Attributes:
        floor: KL in nats a token below which nothing is a run-away. Healthy runs end at 0.1 (7B, GRPO), 0.35 (0.5B,
            PPO) or up to 0.6 (embedded); those that ran away are at 2 to 6 within ten steps.
        ratio: factor by which the smoothed KL must lie above that of `span` steps before.
        span: steps to look back.
        window: steps that KL and reward are smoothed over.
        patience: consecutive steps.
        warmup: first steps, at which nothing counts.
        noise: standard deviations of log KL's own changes that the growth must exceed.
    """

    floor: float = 1.0
    ratio: float = 2.0
    span: int = 10
    window: int = 3
    patience: int = 3
    warmup: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_number(self.name, "floor", self.floor)
        check_number(self.name, "ratio", self.ratio, above=1)
        check_number(self.name, "noise", self.noise)
        check_count(self.name, "span", self.span, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "warmup", self.warmup, 0)

    @property
    def name(self) -> str:
        return "kl_runaway"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("kl",)

    def judge(self) -> Judge:
        return _KlRunawayJudge(self)


class _KlRunawayJudge:
    def __init__(self, rule: KlRunaway) -> None:
        self._rule = rule
        self._recent: deque[float] = deque(maxlen=rule.window)
        self._levels: deque[float] = deque(maxlen=rule.span + 1)
        self._noise = Noise()
        self._reward = Standing(rule.window, 2.0)
        self._seen = self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, step = self._rule, metrics.step
        reward = metrics.values.get("reward")
        if reward is not None and math.isfinite(reward):
            self._reward.add(reward)
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        kl = metrics.values["kl"]
        if not math.isfinite(kl):
            return Decision(False, rule.name, step, "KL is not a finite number: left out")
        self._add(math.log(max(kl, _LEAST)))
        level, before = self._levels[-1], self._levels[0]
        growth = level - before
        grown = growth > math.log(rule.ratio) and growth > rule.noise * self._noise.sigma
        away = grown and math.exp(level) > rule.floor
        held = self._reward.seen > 0 and not self._reward.down
        self._streak = self._streak + 1 if away and not held and self._seen > rule.warmup else 0
        values = {"kl": math.exp(level), "before": math.exp(before), "streak": float(self._streak)}
        if self._streak < rule.patience:
            return Decision(False, rule.name, step, f"KL {values['kl']:.3g} nats a token", values)
        back = len(self._levels) - 1
        reason = (
            f"KL (median of {rule.window} steps) is {values['kl']:.3g} nats a token, {math.exp(growth):.2g} times "
            f"that of {back} steps before, for {self._streak} consecutive steps"
        )
        if self._reward.seen:
            values["reward"] = self._reward.mean
            reason += f", while the reward ({self._reward.mean:.3g}) stands no higher than at its start or has fallen"
        return Decision(True, rule.name, step, reason, values)

    def _add(self, log_kl: float) -> None:
        self._seen += 1
        self._noise.add(log_kl)
        self._recent.append(log_kl)
        self._levels.append(statistics.median(self._recent))
