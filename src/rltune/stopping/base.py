"""The contract of stopping rules.

A rule is a frozen description (thresholds); it decides as a *fold* over a curve: `watch()` gives a fresh watch, which
is shown each step once, in order. So a decision is a pure function of the curve so far, an update costs O(1), and a
run that is resumed is shown its earlier steps again before it goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rltune.types import StepMetrics, StopKind


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule thinks after a step.

    Attributes:
        stop: True if the run should end here.
        rule: the rule's name. step: the step it was certain at.
        reason: one sentence, with numbers and units.
        values: the numbers that it compared, by name.
        abstained: True if a metric that the rule needs is missing; `reason` says which.
        kind: what a stop says about the run: RULE, or DIVERGED for non-finite numbers.
    """

    stop: bool
    rule: str
    step: int
    reason: str
    values: Mapping[str, float] = field(default_factory=dict)
    abstained: bool = False
    kind: StopKind = StopKind.RULE


class Watch(Protocol):
    """A rule at work on one run."""

    def update(self, metrics: StepMetrics) -> Decision:
        """Shows the next step (steps increase strictly). Once it said stop, it says so for ever."""
        ...


class Judge(Protocol):
    """What a rule thinks of each step for itself: as a Watch, but it may change its mind. Combinations need this."""

    def look(self, metrics: StepMetrics) -> Decision:
        """Shows the next step (steps increase strictly)."""
        ...


class Rule(Protocol):
    """One early-stopping test on a running curve: a frozen value."""

    @property
    def name(self) -> str:
        """The rule's name in study files and in decisions."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Canonical names of the metrics without which the rule abstains."""
        ...

    def judge(self) -> Judge:
        """A fresh judge for one run."""
        ...

    def watch(self) -> Watch:
        """A fresh watch for one run: `judge`, held to its first stop."""
        ...

    def describe(self) -> dict[str, object]:
        """A plain description from which `build_rules` makes an equal rule: `{"rule": name, <threshold>: value}`."""
        ...


def first_stop(rule: Rule, curve: Iterable[StepMetrics]) -> Decision | None:
    """The first decision to stop on a whole curve, or None: a rule as a pure function."""
    watch = rule.watch()
    for metrics in curve:
        decision = watch.update(metrics)
        if decision.stop:
            return decision
    return None
