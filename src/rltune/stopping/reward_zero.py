"""There is no learning signal: the reward stays at zero (arXiv 2606.03073).

A mean reward of zero with a spread is not silence: rewards of -1 and +1 may cancel. Where the trainer reports
`reward_std`, a silent step has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from rltune.stopping.base import Decision, Judge
from rltune.stopping.checks import check_count, check_number
from rltune.stopping.latch import Thresholds, abstention
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class RewardZero(Thresholds):
    """Stops after `patience` consecutive silent steps.

    Attributes:
        patience: consecutive steps.
        tolerance: largest magnitude of the mean reward (and of its spread) that counts as zero.
    """

    patience: int = 5
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        check_count(self.name, "patience", self.patience, 1)
        check_number(self.name, "tolerance", self.tolerance)

    @property
    def name(self) -> str:
        return "reward_zero"

    @property
    def needs(self) -> tuple[str, ...]:
        return ("reward",)

    def judge(self) -> Judge:
        return _RewardZeroJudge(self)


class _RewardZeroJudge:
    def __init__(self, rule: RewardZero) -> None:
        self._rule = rule
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        rule = self._rule
        if (abstained := abstention(rule, metrics)) is not None:
            return abstained
        reward, spread = metrics.values["reward"], metrics.values.get("reward_std", 0.0)
        silent = abs(reward) <= rule.tolerance and abs(spread) <= rule.tolerance
        self._streak = self._streak + 1 if silent else 0
        values = {"reward": reward, "streak": float(self._streak)}
        if self._streak < rule.patience:
            return Decision(False, rule.name, metrics.step, f"reward {reward:.3g}", values)
        reason = f"the reward stayed at zero for {self._streak} consecutive steps: there is no learning signal"
        return Decision(True, rule.name, metrics.step, reason, values)
