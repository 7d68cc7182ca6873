"""Checks of thresholds, shared by all rules."""

from __future__ import annotations

import math

from rltune.errors import RuleError


def check_count(rule: str, name: str, value: object, least: int) -> None:
    """Raises RuleError unless `value` is a whole number >= `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{name} must be a whole number >= {least}, got {value!r}", where=f"rule {rule}")


def check_number(rule: str, name: str, value: object, *, above: float | None = None) -> None:
    """Raises RuleError unless `value` is a finite number, > `above` if that is given (-inf: any), else >= 0."""
    finite = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not finite or (value <= above if above is not None else value < 0):  # pyright: ignore[reportOperatorIssue]
        bound = " >= 0" if above is None else "" if above == -math.inf else f" > {above:g}"
        raise RuleError(f"{name} must be a finite number{bound}, got {value!r}", where=f"rule {rule}")


def check_share(rule: str, name: str, value: object) -> None:
    """Raises RuleError unless `value` is a number > 0 and <= 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise RuleError(f"{name} must be a number > 0 and <= 1, got {value!r}", where=f"rule {rule}")


def check_range(rule: str, low: object, high: object) -> None:
    """Raises RuleError unless both are None, or finite numbers with `low` < `high`."""
    if low is None and high is None:
        return
    check_number(rule, "low", low, above=-math.inf)
    check_number(rule, "high", high, above=low)  # pyright: ignore[reportArgumentType]
