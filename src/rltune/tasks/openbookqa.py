"""OpenBookQA (arXiv 1809.02789): 4,957 + 500 + 500 elementary science questions with four choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.tasks.answers import Final
from rltune.tasks.base import Split
from rltune.tasks.checks import check_named
from rltune.tasks.choices import choices_of, right_letter, with_choices
from rltune.tasks.dataset import DatasetTask, Problems, Style
from rltune.tasks.hub import HubData
from rltune.tasks.prompts import CHOICE_PROMPT
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem, field, text_field
from rltune.tasks.source import source

_NAMES: Mapping[Split, Sequence[str]] = {
    "train": ("train",),
    "validation": ("validation", "dev", "val"),
    "test": ("test",),
}


def openbookqa(
    data: str | Path | None = None,
    revision: str | None = None,
    validation_size: int | None = None,
    final_answer: Final = "marked",
    prompt: str | None = None,
    max_response_length: int = 512,
) -> DatasetTask:
    r"""The task `openbookqa`; the letter counts in `\boxed{}`, after `####` or `answer is`, or as all there is.

    `data`: a folder; None: `allenai/openbookqa` on the hub at `revision`. It has a validation split of its own.
    See `DatasetTask` for the rest.
    """
    problems = Problems(source(data, HubData("allenai/openbookqa", "main", revision)), _NAMES, _problem)
    style = Style(check_named("letter", final_answer), CHOICE_PROMPT, prompt, max_response_length)
    return DatasetTask("openbookqa", style, learn=problems, test=problems, validation_size=validation_size)


def _problem(row: Row, where: str) -> Problem:
    question = text_field(row, where, "question_stem", "question.stem")
    texts, labels = choices_of(row, where)
    return Problem(with_choices(question, texts), right_letter(field(row, "answerKey"), labels, where))
