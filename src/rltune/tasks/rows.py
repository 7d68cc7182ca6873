"""Fields of a row, whatever the publisher of a copy called them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rltune.errors import TaskError
from rltune.tasks.readers import Row


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of a named data set.

    Attributes:
        question: the bare question, with its choices if it has any.
        answer: the reference: a number, LaTeX, or a choice's letter.
        groups: see `Example.groups`.
        prepared: the prompt as the file has it, where that holds an instruction that rltune doesn't know.
    """

    question: str
    answer: str
    groups: tuple[str, ...] = ()
    prepared: str | None = None


def field(row: Row, *names: str) -> object:
    """The first of these fields that a row has and that isn't null; a dot reaches into a nested one. None without."""
    for name in names:
        value: object = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def text_field(row: Row, where: str, *names: str) -> str:
    """The first of these fields, as text; a whole number has no point (27.0 -> 27).

    Raises TaskError if the row has none of them, or if it is no text and no number, or empty.
    """
    value = field(row, *names)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise TaskError(
            f"expected text in one of {', '.join(names)}, got {value!r:.80}; the columns are {', '.join(row)}",
            where=where,
            hint="is this the right folder? the task `file` reads files with other columns",
        )
    return value.strip()
