"""The policy has stopped exploring: its entropy has collapsed, and the reward went down with it.

Low entropy alone is what success looks like: three published runs (0.5B to 7B) end at 5 % to 13 % of their early
entropy, at 0.01 to 0.06 nats per token, at their best reward. So a run is stopped only if its reward has also fallen
from its own peak by more than noise, with half or more of the gain gone.

Notation, at rollout step t:
    s_t  mean entropy of the last `window` steps, nats per token
    h    the run's own early level: median entropy of its first `early` steps after `warmup`
"""

from __future__ import annotations

from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number, check_share
from rltune.stopping.latch import Thresholds, abstention
from rltune.stopping.levels import Early, Smoothed, Standing
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class EntropyCollapse(Thresholds):
    """Stops after `patience` consecutive steps with s_t < share * h, s_t < floor and the reward lost.

    Attributes:
        share: of the early level. Healthy runs cross a quarter of it on their way, with a rising reward.
        floor: nats per token. At 0.1 the likeliest token has 98 % of the probability in a typical place.
        patience: consecutive steps.
        window: steps that entropy and reward are averaged over: single answers make both jump.
        warmup: steps at the start that the early level leaves out. None: a run that dies does so in its first steps.
        early: steps that make the early level; none is stopped before.
        noise: standard errors that the reward's fall must exceed. At 3, 0.5 % of rewards that merely stand still are
            called lost for 5 steps on end within 1,000 steps (simulated).
    """

    share: float = 0.25
    floor: float = 0.1
    patience: int = 5
    window: int = 5
    warmup: int = 0
    early: int = 5
    noise: float = 3.0

    def __post_init__(self) -> None:
        check_share(self.name, "share", self.share)
        check_number(self.name, "floor", self.floor, above=0)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)
        check_count(self.name, "warmup", self.warmup, 0)
        check_count(self.name, "early", self.early, 1)
        check_number(self.name, "noise", self.noise)

    @property
    def name(self) -> str:
        return "entropy_collapse"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("entropy", "reward")

    def judge(self) -> Judge:
        return _EntropyCollapseJudge(self)


class _EntropyCollapseJudge:
    def __init__(self, rule: EntropyCollapse) -> None:
        self._rule = rule
        self._early, self._smoothed = Early(rule.early), Smoothed(rule.window)
        self._standing = Standing(rule.window, rule.noise)
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule, standing = self._rule, self._standing
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        standing.add(metrics.values["reward"])
        entropy = self._smoothed.add(metrics.values["entropy"])
        early = self._early.add(metrics.values["entropy"]) if metrics.step > rule.warmup else None
        low = early is not None and early > 0 and entropy < min(rule.share * early, rule.floor)
        self._streak = self._streak + 1 if low and standing.lost else 0
        values = {"entropy": entropy, "reward": standing.mean, "peak": standing.peak, "streak": float(self._streak)}
        if early is not None:
            values["early"] = early
        if early is None or self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"entropy {entropy:.3g} nats per token", values)
        reason = (
            f"the entropy collapsed from {early:.3g} to {entropy:.3g} nats per token ({entropy / early:.0%}, "
            f"{self._streak} consecutive steps), and the reward fell from {standing.peak:.3g} to {standing.mean:.3g}"
        )
        return Decision(True, rule.name, metrics.step, reason, values)
