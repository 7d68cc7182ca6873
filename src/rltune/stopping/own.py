"""Rules of the user's own: a class in a file beside the study, or in a package, named where a rule is named.

    rules: [{rule: "kl_budget.py:KlBudget", budget: 0.5}]

Such a class is a frozen dataclass of thresholds, as rltune's own rules are. Its description holds its address instead
of a name, with the file's whole path, so that a worker finds it from wherever it runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from rltune.errors import RuleError
from rltune.own_code import import_own
from rltune.stopping.base import Decision
from rltune.stopping.latch import Thresholds
from rltune.types import METRIC_NAMES, StepMetrics


def import_rule(address: str, where: str) -> type[Any]:
    """The class of a rule.

    Args:
        address: `file.py:Class` or `package.module:Class`. where: place of the errors.

    Raises:
        RuleError: if it can't be imported, or is no frozen dataclass of thresholds.
    """
    kind = import_own(address, "class", error=RuleError, where=where)
    if not (isinstance(kind, type) and issubclass(kind, Thresholds) and dataclasses.is_dataclass(kind)):
        raise RuleError(
            f"{address} is no rule",
            where=where,
            hint="it has to be a frozen dataclass and a subclass of rltune.stopping.latch.Thresholds "
            "(docs/tutorials/write-a-stopping-rule.md)",
        )
    if not kind.__dataclass_params__.frozen:  # pyright: ignore[reportAttributeAccessIssue]
        raise RuleError(
            f"{address} could be changed while it is at work", where=where, hint="write @dataclass(frozen=True)"
        )
    return kind


def check_own(rule: Any, address: str, known: Collection[str], where: str) -> None:
    """Raises RuleError unless the rule has a name of its own, names the metrics that it needs, and decides on a step
    with metrics and on one without: a mistake in it is found before anything is trained."""
    try:
        name, needs, judge = rule.name, rule.needs, rule.judge()
        steps = [StepMetrics(1, dict.fromkeys(METRIC_NAMES, 0.5)), StepMetrics(2, {})]
        decisions = [judge.look(metrics) for metrics in steps]
    except Exception as error:  # somebody else's code may raise anything
        raise RuleError(
            f"{address}: {type(error).__name__}: {error}",
            where=where,
            hint="it was shown a step with all metrics and one without any",
        ) from error
    if not all(isinstance(decision, Decision) for decision in decisions):
        raise RuleError(f"{address}: expected a Decision from each look, got {decisions[0]!r:.80}", where=where)
    if not isinstance(name, str) or not name or name in known:
        taken = f"{name!r} is the name of a rule of rltune" if name in known else f"expected a name, got {name!r}"
        raise RuleError(f"{address}: {taken}", where=where, hint="let its property `name` return another one")
    if not isinstance(needs, tuple) or not all(isinstance(need, str) for need in needs):
        raise RuleError(
            f"{address}: expected a tuple of metric names in `needs`, got {needs!r}",
            where=where,
            hint='such as ("kl", "reward"); docs/metrics.md has the names',
        )
