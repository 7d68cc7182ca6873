"""Multiple-choice questions: how the choices stand in the prompt, and the letters that answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.errors import TaskError
from rltune.tasks.checks import LETTERS
from rltune.tasks.readers import Row
from rltune.tasks.rows import field


def with_choices(question: str, choices: Sequence[str]) -> str:
    """The question, and below it one line a choice: `A. first`."""
    return "\n".join([question, *(f"{letter}. {text}" for letter, text in zip(LETTERS, choices, strict=False))])


def choices_of(row: Row, where: str) -> tuple[list[str], list[str]]:
    """The texts of the choices and their labels in the data (A, B, ... where it has none).

    Raises TaskError if there are fewer than two, more than letters, or anything but text in them.
    """
    found = field(row, "choices", "question.choices", "options")
    labels: object = None
    if isinstance(found, Mapping):  # the hub's OpenBookQA: {text: [...], label: [...]}
        found, labels = found.get("text"), found.get("label")
    elif isinstance(found, list) and all(isinstance(choice, Mapping) for choice in found):  # the authors' own files
        found, labels = [c.get("text") for c in found], [c.get("label") for c in found]
    texts = list(map(_text, found)) if isinstance(found, list) else []
    if not 2 <= len(texts) <= len(LETTERS) or not all(texts):
        raise TaskError(
            f"expected 2 to {len(LETTERS)} choices, got {found!r:.80}",
            where=where,
            hint=f"is this the right folder? the columns are {', '.join(row)}",
        )
    if not isinstance(labels, list) or len(labels) != len(texts):
        labels = list(LETTERS[: len(texts)])
    return texts, [str(label) for label in labels]


def right_letter(answer: object, labels: Sequence[str], where: str) -> str:
    """The letter of the right choice, from its label in the data or its index (from 0). Raises TaskError."""
    if isinstance(answer, str) and answer.strip() in labels:
        return LETTERS[labels.index(answer.strip())]
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(labels):
        return LETTERS[answer]
    raise TaskError(
        f"expected the right choice: one of {', '.join(labels)} or an index from 0, got {answer!r:.80}",
        where=where,
        hint="is this the right folder?",
    )


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""
