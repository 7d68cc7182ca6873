"""A task over a named data set: its rows, the splits made of them, its prompt and its check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rltune.errors import TaskError
from rltune.tasks.base import SPLITS, Example, Split
from rltune.tasks.checks import Check
from rltune.tasks.prompts import check_template, fill
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem
from rltune.tasks.source import Source
from rltune.tasks.splits import hold_out, shuffled, unseen

VALIDATION_SIZE = 500
"""Held out of the train split where the data set has no validation split, but never more than a fifth of it. The
standard error of an accuracy over 500 problems is 2.2 % at most."""


@dataclass(frozen=True, slots=True)
class Problems:
    """A data set: where its rows are, what its splits are called there (the first there is counts), how a row reads.

    `read(row, where)` gives None for a row without an answer, which is left out, and raises TaskError with the place
    for what it can't read.
    """

    source: Source
    names: Mapping[Split, Sequence[str]]
    read: Callable[[Row, str], Problem | None]

    def split(self, split: Split) -> tuple[Problem, ...] | None:
        """All problems of a split, in the order of the data; None if the data set has no such split."""
        rows = self.source.rows(self.names[split]) if self.names[split] else None
        if rows is None:
            return None
        found = (self.read(row, f"{self.source}, {split} row {n}") for n, row in enumerate(rows, start=1))
        return tuple(problem for problem in found if problem is not None)

    def needed(self, split: Split) -> tuple[Problem, ...]:
        """As `split`; raises TaskError if the data set has no such split."""
        found = self.split(split)
        if found is None:
            raise TaskError(
                f"no data of the {split} split",
                where=str(self.source),
                hint=f"expected files called {' or '.join(self.names[split])} (.parquet, .arrow, .jsonl or .json)",
            )
        return found


@dataclass(frozen=True, slots=True)
class Style:
    """How a data set is asked and judged. `prompt` holds `{question}`; None: the default one."""

    check: Check
    default_prompt: str
    prompt: str | None
    max_response_length: int

    def __post_init__(self) -> None:
        if self.prompt is not None:
            check_template(self.prompt)
        require_count("max_response_length", self.max_response_length)

    def example(self, problem: Problem) -> Example:
        """A prompt that the file itself has finished, in words that rltune doesn't know, stays unless one is asked."""
        prompt = problem.prepared if self.prompt is None else None
        prompt = prompt or fill(self.prompt or self.default_prompt, problem.question)
        return Example(prompt=prompt, answer=problem.answer, groups=problem.groups)


class DatasetTask:
    """A named data set as a task; the reward is 1 for a right answer, else 0.

    Args:
        name: the task's name.
        learn: where train and validation problems come from. test: where the test problems come from.
        validation_size: hold out this many train problems for validation; None: the data set's own validation split,
            or 500 train problems (at most a fifth) if it has none. Never a test problem.
        keep: which train and validation problems are used; the test split is always whole.

    A question that is in several splits stays only in the first of test, validation, train. Validation and test
    are shuffled, in an order that never changes, so that their first n questions are a fair sample.
    The test split is read without the others, so a task that is only tested needs no train data.
    """

    def __init__(
        self,
        name: str,
        style: Style,
        *,
        learn: Problems,
        test: Problems,
        validation_size: int | None,
        keep: Callable[[Problem], bool] = lambda _: True,
    ) -> None:
        if validation_size is not None:
            require_count("validation_size", validation_size)
        self.name = name
        self._style = style
        self._learn = learn
        self._test = test
        self._validation_size = validation_size
        self._keep = keep

    @property
    def max_response_length(self) -> int:
        return self._style.max_response_length

    def examples(self, split: Split) -> Sequence[Example]:
        if split not in SPLITS:
            raise TaskError(f"unknown split {split!r}", where=self.name, hint=f"use one of {', '.join(SPLITS)}")
        return self._tested if split == "test" else self._learned[split]

    def reward(self, example: Example, completion: str) -> float:
        return 1.0 if self.correct(example, completion) else 0.0

    def correct(self, example: Example, completion: str) -> bool:
        return self._style.check(example.answer, completion)

    @cached_property
    def _tests(self) -> tuple[Problem, ...]:
        return shuffled(unseen(self._test.needed("test"), set(), _question), _question)

    @cached_property
    def _tested(self) -> tuple[Example, ...]:
        return tuple(self._style.example(problem) for problem in self._tests)

    @cached_property
    def _learned(self) -> Mapping[Split, tuple[Example, ...]]:
        seen: set[str] = set()
        unseen(self._tests, seen, _question)
        own = self._learn.split("validation") if self._validation_size is None else None
        validation = unseen(filter(self._keep, own or ()), seen, _question)
        train = unseen(filter(self._keep, self._learn.needed("train")), seen, _question)
        self._require("train", train)
        if own is None:
            size = self._validation_size or max(1, min(VALIDATION_SIZE, len(train) // 5))
            validation, train = hold_out(train, size, _question, str(self._learn.source))
        self._require("validation", validation)
        splits: Mapping[Split, tuple[Problem, ...]] = {"train": train, "validation": shuffled(validation, _question)}
        return {split: tuple(map(self._style.example, problems)) for split, problems in splits.items()}

    def _require(self, split: Split, problems: Sequence[Problem]) -> None:
        if not problems:
            raise TaskError(
                f"the {split} split is empty: none of its questions is wanted, or all are in another split too",
                where=str(self._learn.source),
                hint="widen the choice of levels or subjects, or set validation_size",
            )


def require_count(option: str, value: object) -> None:
    """Raises TaskError unless the value is a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TaskError(f"{option} must be a positive whole number, got {value!r}", where="task")


def _question(problem: Problem) -> str:
    return problem.question
