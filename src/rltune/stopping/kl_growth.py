"""The policy drifts too fast: its KL to the reference model grows by more than a ratio, step after step.

arXiv 2606.03073: growth ratio above 15 % for 5 consecutive global steps. KL starts at zero and must grow, so the
letter of the rule also describes the first steps of a healthy run; `kl_runaway` is the rule that doesn't.

Notation, at rollout step t:
    s_t  mean KL of the last `window` steps, nats per token
    g_t  growth ratio s_t / s_(t-1) - 1; unbounded where s_(t-1) <= 0 < s_t (KL estimates may be slightly negative)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class KlGrowth(Thresholds):
    """Stops after `patience` consecutive steps with g_t > growth.

    Attributes:
        growth: largest healthy growth ratio of a step (0.15: 15 %).
        patience: consecutive steps.
        window: steps that KL is averaged over; 1: as reported.
    """

    growth: float = 0.15
    patience: int = 5
    window: int = 1

    def __post_init__(self) -> None:
        check_number(self.name, "growth", self.growth, above=0)
        check_count(self.name, "patience", self.patience, 1)
        check_count(self.name, "window", self.window, 1)

    @property
    def name(self) -> str:
        return "kl_growth"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("kl",)

    def judge(self) -> Judge:
        return _KlGrowthJudge(self)


class _KlGrowthJudge:
    def __init__(self, rule: KlGrowth) -> None:
        self._rule = rule
        self._recent: deque[float] = deque(maxlen=rule.window)
        self._before: float | None = None
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule = self._rule
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        self._recent.append(metrics.values["kl"])
        kl, before = sum(self._recent) / len(self._recent), self._before
        self._before = kl
        self._streak = self._streak + 1 if self._counts(kl, before) else 0
        values = {"kl": kl, "streak": float(self._streak)}
        growth = "from zero"
        if before is not None:
            values["kl_before"] = before
        if before is not None and before > 0:
            values["growth"] = kl / before - 1
            growth = f"{values['growth']:.0%}"
        if self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"KL {kl:.3g}, growth {growth}", values)
        reason = (
            f"KL to the reference grew by more than {rule.growth:.0%} a step for {self._streak} consecutive steps, "
            f"to {kl:.3g} nats per token (last growth {growth})"
        )
        return Decision(True, rule.name, metrics.step, reason, values)

    def _counts(self, kl: float, before: float | None) -> bool:
        if before is None or kl <= 0:
            return False
        return before <= 0 or kl > before * (1 + self._rule.growth)
