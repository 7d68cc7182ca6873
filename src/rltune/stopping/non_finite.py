"""A number that is NaN or infinite: the run has failed, whatever the next step would say."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rltune.errors import RuleError
from rltune.stopping.base import Decision, Judge, Watch
from rltune.stopping.latch import Latch
from rltune.types import StepMetrics, StopKind


@dataclass(frozen=True, slots=True)
class NonFinite:
    """Stops at the first step with a NaN or infinite metric; the stop is of kind DIVERGED.

    Attributes:
        ignore: metrics that may be non-finite, for a trainer that reports one where it has nothing to report.
    """

    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.ignore, str) or not all(isinstance(name, str) for name in self.ignore):
            raise RuleError(f"ignore must be a list of metric names, got {self.ignore!r}", where="rule non_finite")
        object.__setattr__(self, "ignore", tuple(self.ignore))

    @property
    def name(self) -> str:
        return "non_finite"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def judge(self) -> Judge:
        return _NonFiniteJudge(self)

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        return {"rule": self.name, "ignore": list(self.ignore)}


class _NonFiniteJudge:
    def __init__(self, rule: NonFinite) -> None:
        self._rule = rule

    def look(self, metrics: StepMetrics) -> Decision:
        found = {n: v for n, v in metrics.values.items() if not math.isfinite(v) and n not in self._rule.ignore}
        if not found:
            return Decision(False, self._rule.name, metrics.step, "all numbers are finite")
        listed = ", ".join(f"{name} is {value}" for name, value in found.items())
        return Decision(
            True, self._rule.name, metrics.step, f"the run diverged: {listed}", found, kind=StopKind.DIVERGED
        )
