"""The policy falls apart into noise: its entropy has exploded, and the reward doesn't hold.

Entropy may grow in health: an entropy bonus or a high upper clip ratio raise it while the reward rises. So a run is
stopped only if its reward also stands no higher than at its start, or has lost half of what it had gained.

Notation, at rollout step t:
    x_t  entropy, and s_t its mean over the last `window` steps, nats per token
    h    the run's own early level: median entropy of its first `early` steps after `warmup`
"""

from __future__ import annotations

from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Early, Smoothed, Standing
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class EntropyExplosion(Thresholds):
    """Stops after `patience` consecutive steps with s_t and x_t > ratio * h and > floor, and the reward down.

    Both, so that one step that reports a hundredfold entropy doesn't count for as long as it is in the mean.

    Attributes:
        ratio: to the early level. Healthy runs stay below 1.4 of it; entropy bonuses may double it.
        floor: nats per token. Models start at 0.2 to 0.8; at 1 the likeliest token is often the wrong one.
        patience: consecutive steps.
        window: steps that entropy and reward are averaged over.
        warmup: steps at the start that the early level leaves out.
        early: steps that make the early level; none is stopped before.
        noise: standard errors that the reward's fall must exceed.
    """

    ratio: float = 2.0
    floor: float = 1.0
    patience: int = 5
    window: int = 5
    warmup: int = 0
    early: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_number(self.name, "ratio", self.ratio, above=1)
        check_number(self.name, "floor", self.floor)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "warmup", self.warmup, 0)
        check_count(self.name, "early", self.early, 1)
        check_number(self.name, "noise", self.noise)

    @property
    def name(self) -> str:
        return "entropy_explosion"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("entropy", "reward")

    def judge(self) -> Judge:
        return _EntropyExplosionJudge(self)


class _EntropyExplosionJudge:
    def __init__(self, rule: EntropyExplosion) -> None:
        self._rule = rule
        self._early, self._smoothed = Early(rule.early), Smoothed(rule.window)
        self._standing = Standing(rule.window, rule.noise)
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing = self._rule, self._standing
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        standing.add(metrics.values["reward"])
        now = metrics.values["entropy"]
        entropy = self._smoothed.add(now)
        early = self._early.add(now) if metrics.step > rule.warmup else None
        high = early is not None and min(entropy, now) > max(rule.ratio * early, rule.floor)
        self._streak = self._streak + 1 if high and standing.down else 0
        values = {"entropy": entropy, "reward": standing.mean, "start": standing.start, "streak": float(self._streak)}
        if early is not None:
            values["early"] = early
        if early is None or self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"entropy {entropy:.3g} nats per token", values)
        reason = (
            f"the entropy exploded from {early:.3g} to {entropy:.3g} nats per token ({self._streak} consecutive steps "
            f"above {rule.ratio:g} times), at a reward of {standing.mean:.3g} that started at {standing.start:.3g} "
            f"and was at best {standing.peak:.3g}"
        )
        return Decision(True, rule.name, metrics.step, reason, values)
