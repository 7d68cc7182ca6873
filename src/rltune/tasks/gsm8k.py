"""GSM8K (arXiv 2110.14168): 7,473 + 1,319 grade-school word problems whose answer is a whole number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.errors import TaskError
from rltune.tasks.answers import Final, after_mark, as_number
from rltune.tasks.base import Split
from rltune.tasks.checks import check_named
from rltune.tasks.dataset import DatasetTask, Problems, Style
from rltune.tasks.hub import HubData
from rltune.tasks.prompts import NUMBER_PROMPT, bare, finished_prompt
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem, field, text_field
from rltune.tasks.source import source

_NAMES: Mapping[Split, Sequence[str]] = {"train": ("train",), "validation": ("validation", "val"), "test": ("test",)}


def gsm8k(
    data: str | Path | None = None,
    revision: str | None = None,
    validation_size: int | None = None,
    final_answer: Final = "marked",
    prompt: str | None = None,
    max_response_length: int = 1024,
) -> DatasetTask:
    """The task `gsm8k`; the answer counts after `####` or boxed, with `final_answer: any` the last number too.

    `data`: a folder; None: `openai/gsm8k` on the hub at `revision`. See `DatasetTask` for the rest.
    """
    problems = Problems(source(data, HubData("openai/gsm8k", "main", revision)), _NAMES, _problem)
    style = Style(check_named("number", final_answer), NUMBER_PROMPT, prompt, max_response_length)
    return DatasetTask("gsm8k", style, learn=problems, test=problems, validation_size=validation_size)


def _problem(row: Row, where: str) -> Problem:
    finished = finished_prompt(row)
    if finished is None:
        answer = text_field(row, where, "answer")
        question, prepared = text_field(row, where, "question"), None
    else:
        answer = text_field(row, where, "reward_model.ground_truth")
        known = field(row, "extra_info.question") if bare(finished) is not None else None
        question = str(known or bare(finished) or finished).strip()
        prepared = finished if bare(finished) is None else None
    answer = (after_mark(answer) or answer).replace(",", "")
    if as_number(answer) is None:
        raise TaskError(f"expected a number as answer, got {answer!r:.80}", where=where, hint="is this GSM8K?")
    return Problem(question=question, answer=answer, prepared=prepared)
