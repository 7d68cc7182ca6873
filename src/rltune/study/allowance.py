"""A budget that changes while its study goes on: what holds now, as the fact `budget`. Pure.

The fact has the totals in force, and under `file` what the study file said when they came into force: a file that was
edited since says it itself again.
"""

from __future__ import annotations

from collections.abc import Mapping

from rltune.config.parts import BudgetConfig
from rltune.study.asked import Budget
from rltune.study.granting import Grant, Seen
from rltune.words import budget_text, several

BUDGET = "budget"
LIMITS = ("time", "gpu_hours", "trials")


def in_force(file: BudgetConfig, facts: Mapping[str, object]) -> BudgetConfig:
    """The study file's budget, with what was asked for since then in its place."""
    known = facts.get(BUDGET)
    if not isinstance(known, Mapping) or known.get("file") != _limits(file):
        return file
    return file.model_copy(update={name: known.get(name) for name in LIMITS})


def budget_fact(file: BudgetConfig, facts: Mapping[str, object]) -> dict[str, object]:
    """The fact for a sitting that begins."""
    return {**_limits(in_force(file, facts)), "file": _limits(file)}


def grant_budget(asked: Budget, seen: Seen) -> Grant:
    """New totals. Whether the search goes on with them is for the controller to say, who knows what is used up."""
    known = seen.study.facts.get(BUDGET)
    file = _limits(BudgetConfig.model_validate(seen.study.config.get("budget")))
    before: dict[str, object] = {**known} if isinstance(known, Mapping) else {**file, "file": file}
    after = {**before, **{name: value for name in LIMITS if (value := getattr(asked, name)) is not None}}
    return Grant(f"the budget is {_said(after)}; it was {_said(before)}", facts={BUDGET: after})


def _limits(budget: BudgetConfig) -> dict[str, object]:
    return {name: getattr(budget, name) for name in LIMITS}


def _said(limits: Mapping[str, object]) -> str:
    time, gpu_hours, trials = (limits.get(name) for name in LIMITS)
    seconds = float(time) if isinstance(time, (int, float)) else None
    hours = float(gpu_hours) if isinstance(gpu_hours, (int, float)) else None
    most = f" and {several(trials, 'trial')}" if isinstance(trials, int) else ""
    return budget_text(seconds, hours) + most
