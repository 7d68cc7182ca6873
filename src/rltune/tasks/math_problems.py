"""MATH (arXiv 2103.03874): 7,500 + 5,000 competition problems, with five levels and seven subjects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.errors import TaskError
from rltune.tasks.answers import Final, last_boxed
from rltune.tasks.base import Split
from rltune.tasks.checks import check_named
from rltune.tasks.dataset import DatasetTask, Problems, Style
from rltune.tasks.groups import slug
from rltune.tasks.hub import HubData
from rltune.tasks.prompts import BOXED_PROMPT, bare, finished_prompt
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem, field, text_field
from rltune.tasks.source import source

LEVELS = (1, 2, 3, 4, 5)
SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
_NAMES: Mapping[Split, Sequence[str]] = {"train": ("train",), "validation": ("validation", "val"), "test": ("test",)}


def math(
    data: str | Path | None = None,
    revision: str | None = None,
    levels: Sequence[int] | None = None,
    subjects: Sequence[str] | None = None,
    validation_size: int | None = None,
    final_answer: Final = "marked",
    prompt: str | None = None,
    max_response_length: int = 2048,
) -> DatasetTask:
    """The task `math`; the answer counts boxed or after `####`, with `final_answer: any` the last expression too.

    `data`: a folder; None: `DigitalLearningGmbH/MATH-lighteval` on the hub at `revision`. `levels`, `subjects`: train
    and validate on these alone. Scores are broken down by both: `level_5`, `number_theory`.
    See `DatasetTask` for the rest.
    """
    wanted = (
        _wanted("levels", levels, {level: f"level_{level}" for level in LEVELS}),
        _wanted("subjects", subjects, {subject: subject for subject in SUBJECTS}),
    )
    problems = math_data(data, revision)
    return DatasetTask(
        "math",
        boxed_style(final_answer, prompt, max_response_length),
        learn=problems,
        test=problems,
        validation_size=validation_size,
        keep=lambda problem: all(groups & set(problem.groups) for groups in wanted if groups),
    )


def math_data(data: str | Path | None, revision: str | None) -> Problems:
    """The problems of MATH; other competition tasks train on them."""
    return Problems(source(data, HubData("DigitalLearningGmbH/MATH-lighteval", "default", revision)), _NAMES, problem)


def boxed_style(final_answer: Final, prompt: str | None, max_response_length: int) -> Style:
    """How MATH and its kin are asked and judged."""
    return Style(check_named("math", final_answer), BOXED_PROMPT, prompt, max_response_length)


def problem(row: Row, where: str) -> Problem | None:
    """A row of MATH, or of a competition that has its columns; None without an answer, as two rows of MATH's train.

    Raises TaskError for what it can't read.
    """
    finished = finished_prompt(row)
    answer = field(row, "reward_model.ground_truth", "answer", "Answer", "expected_answer")
    if answer is None:
        answer = last_boxed(text_field(row, where, "solution", "Solution"))
    if answer is None or not str(answer).strip():
        return None
    answer = text_field({"answer": answer}, where, "answer")
    if finished is None:
        question = text_field(row, where, "problem", "question", "Problem", "Question")
        return Problem(question, answer, _groups(row))
    question = bare(finished)
    return Problem(question or finished, answer, _groups(row), prepared=finished if question is None else None)


def _groups(row: Row) -> tuple[str, ...]:
    level = re.search(r"[1-5]", str(field(row, "level", "extra_info.level") or ""))  # a few rows have `Level ?`
    subject = field(row, "type", "subject", "extra_info.type")
    found = [] if level is None else [f"level_{level[0]}"]
    return (*found, slug(subject)) if isinstance(subject, str) and subject.strip() else tuple(found)


def _wanted(option: str, values: Sequence[object] | None, groups: Mapping[object, str]) -> frozenset[str]:
    """The groups of the wanted values; empty: all. Raises TaskError for a value that there isn't."""
    if values is None:
        return frozenset()
    if (
        not isinstance(values, list | tuple)
        or not values
        or not all(isinstance(v, int | str) and not isinstance(v, bool) and v in groups for v in values)
    ):
        raise TaskError(
            f"{option} must be a list of some of {', '.join(map(str, groups))}, got {values!r:.80}", where="task math"
        )
    return frozenset(groups[value] for value in values)
