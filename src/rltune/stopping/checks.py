"""Checks of thresholds, shared by all rules."""

from __future__ import annotations

import math

from rltune.errors import RuleError


def check_count(rule: str, name: str, value: object, least: int) -> None:
    """Raises RuleError unless `value` is a whole number >= `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{name} must be a whole number >= {least}, got {value!r}", where=f"rule {rule}")


def check_number(rule: str, name: str, value: object, *, above: float | None = None) -> None:
    """Raises RuleError unless `value` is a finite number, > `above` if that is given, else >= 0."""
    finite = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not finite or (value <= above if above is not None else value < 0):  # pyright: ignore[reportOperatorIssue]
        bound = f"> {above:g}" if above is not None else ">= 0"
        raise RuleError(f"{name} must be a finite number {bound}, got {value!r}", where=f"rule {rule}")
