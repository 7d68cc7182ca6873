"""All rules of a run, watched together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rltune.stopping.base import Decision, Rule
from rltune.types import StepMetrics, StopReason


class Guard:
    """Shows each step to all rules; the first stop ends the run, and stays.

    `update` costs some microseconds a rule. If several rules stop at the same step, the first in their order counts.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._watches = [rule.watch() for rule in rules]
        self._abstentions: dict[str, str] = {}
        self._stopped: Decision | None = None

    @property
    def abstentions(self) -> Mapping[str, str]:
        """Rules that abstained at some step, by name, with the reason of the first time."""
        return MappingProxyType(self._abstentions)

    def update(self, metrics: StepMetrics) -> Decision | None:
        """Shows the next step (steps increase strictly). Returns the decision to stop, or None to go on."""
        for decision in [watch.update(metrics) for watch in self._watches]:
            if decision.abstained:
                self._abstentions.setdefault(decision.rule, decision.reason)
            if decision.stop and self._stopped is None:
                self._stopped = decision
        return self._stopped


def watch_all(rules: Sequence[Rule]) -> Guard:
    """A fresh guard for one run. For a run that is resumed, show it the earlier steps first."""
    return Guard(rules)


def stop_reason(decision: Decision) -> StopReason:
    """The record of a decision to stop: kind DIVERGED for non-finite numbers, else RULE."""
    return StopReason(decision.kind, decision.step, decision.reason, decision.rule, dict(decision.values))
