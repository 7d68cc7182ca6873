"""Values out of cells and nested records, for all readers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rltune.trainers.logs.numbers import number_of
from rltune.types import Scalar

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_WORDS: Mapping[str, bool] = {"true": True, "True": True, "false": False, "False": False}
EMPTY = frozenset({"", "null", "None", "-"})
"""What W&B writes into cells that have no value."""


def value_of(cell: str) -> Scalar | None:
    """The value that a cell's text stands for; None of an empty one. NaN and infinities stay text: they are none that
    could have been set."""
    text = cell.strip()
    if text in EMPTY:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    number = number_of(text)
    if number is None or number != number or number in (float("inf"), -float("inf")):
        return text.strip("'\"") or None
    return number


def flat(record: Mapping[str, object], prefix: str = "") -> dict[str, Scalar]:
    """Scalars of a nested record, names joined with dots; lists and nulls are left out.

    W&B keeps a setting as `{"value": 3, "desc": null}` in its files: this is the value itself.
    """
    found: dict[str, Scalar] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and "value" in value and not value.keys() - {"value", "desc"}:
            value = value["value"]
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, (bool, int, str)) or (isinstance(value, float) and abs(value) < float("inf")):
            found[f"{prefix}{name}"] = value
    return found


def numbers_in(record: Mapping[str, object], prefix: str = "") -> dict[str, float]:
    """Numbers of a nested record, as `flat`; NaN and infinities, written as text or as numbers, are among them."""
    found: dict[str, float] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= numbers_in(value, f"{prefix}{name}.")
        elif (number := number_of(value)) is not None:
            found[f"{prefix}{name}"] = number
    return found
