"""Rules made of rules: any of several, all of several at the same step, and one that must insist.

They fold over *judges*, which may change their mind, so that "all" means at the same step and "insist" means step
after step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rltune.errors import RuleError
from rltune.stopping.base import Decision, Judge, Rule, Watch
from rltune.stopping.checks import check_count
from rltune.stopping.latch import Latch
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Stops when any of its rules says stop; the decision is that rule's own. Abstains if all of them abstain.

    Attributes:
        rules: one at least.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        _check_rules(self.name, self.rules)

    @property
    def name(self) -> str:
        return "any_of"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def judge(self) -> Judge:
        return _AnyOfJudge(self)

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        return {"rule": self.name, "rules": [rule.describe() for rule in self.rules]}


class _AnyOfJudge:
    def __init__(self, rule: AnyOf) -> None:
        self._rule = rule
        self._judges = [inner.judge() for inner in rule.rules]

    def look(self, metrics: StepMetrics) -> Decision:
        decisions = [judge.look(metrics) for judge in self._judges]
        for decision in decisions:
            if decision.stop:
                return decision
        abstained = all(d.abstained for d in decisions)
        return Decision(False, self._rule.name, metrics.step, _listed(decisions), abstained=abstained)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Stops when all of its rules say stop at the same step. Abstains if one of them abstains.

    Attributes:
        rules: one at least.
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        _check_rules(self.name, self.rules)

    @property
    def name(self) -> str:
        return "all_of"

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.needs))

    def judge(self) -> Judge:
        return _AllOfJudge(self)

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        return {"rule": self.name, "rules": [rule.describe() for rule in self.rules]}


class _AllOfJudge:
    def __init__(self, rule: AllOf) -> None:
        self._rule = rule
        self._judges = [inner.judge() for inner in rule.rules]

    def look(self, metrics: StepMetrics) -> Decision:
        decisions = [judge.look(metrics) for judge in self._judges]
        return Decision(
            all(d.stop for d in decisions),
            self._rule.name,
            metrics.step,
            _listed(decisions),
            {f"{d.rule}/{name}": value for d in decisions for name, value in d.values.items()},
            abstained=any(d.abstained for d in decisions),
        )


@dataclass(frozen=True, slots=True)
class Insist:
    """Stops when its rule has said stop at `patience` consecutive steps; abstains with it (the count is kept).

    Attributes:
        inner: the rule that has to insist.
        patience: consecutive steps.
    """

    inner: Rule
    patience: int

    def __post_init__(self) -> None:
        check_count(self.name, "patience", self.patience, 1)

    @property
    def name(self) -> str:
        return "insist"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.inner.needs

    def judge(self) -> Judge:
        return _InsistJudge(self)

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        return {"rule": self.name, "inner": self.inner.describe(), "patience": self.patience}


class _InsistJudge:
    def __init__(self, rule: Insist) -> None:
        self._rule = rule
        self._judge = rule.inner.judge()
        self._streak = 0

    def look(self, metrics: StepMetrics) -> Decision:
        decision = self._judge.look(metrics)
        if decision.abstained:
            return decision
        self._streak = self._streak + 1 if decision.stop else 0
        return Decision(
            self._streak >= self._rule.patience,
            decision.rule,
            decision.step,
            f"{decision.reason} (for {self._streak} of {self._rule.patience} steps)",
            decision.values,
            kind=decision.kind,
        )


def _check_rules(name: str, rules: Sequence[Rule]) -> None:
    if not rules:
        raise RuleError("expected at least one rule, got none", where=f"rule {name}", hint="list them under `rules`")


def _listed(decisions: Sequence[Decision]) -> str:
    return "; ".join(f"{d.rule}: {d.reason}" for d in decisions)
