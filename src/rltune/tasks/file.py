"""The `file` task: prompts and answers of your own, from JSON lines or parquet.

verl's parquet schema is read with the default columns: `prompt` a list of chat messages, the answer in
`reward_model.ground_truth`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from rltune.errors import TaskError
from rltune.tasks.base import SPLITS, Example, Split
from rltune.tasks.checks import RewardName, check_named
from rltune.tasks.readers import Row, read_rows

_VERL_ANSWER = "reward_model.ground_truth"


class FileTask:
    """Examples from files, one file a split; the reward is 1 for a right answer, else 0.

    Args:
        train: file of the train split (.jsonl or .parquet).
        test: file of the test split.
        validation: file of the validation split; or else
        validation_size: hold out this many examples of the train file for validation. Which ones depends on the
            prompts alone, not on their order.
        prompt_column: column of the prompt: text, or a list of chat messages (`role`, `content`), whose contents
            are joined by blank lines. A dot reaches into nested columns.
        answer_column: column of the reference answer; default `answer`, or verl's `reward_model.ground_truth` in rows
            that have it.
        answer_after: if given, only what follows the last such mark in the answer column counts (`####` in GSM8K's
            original files).
        reward: `math` (equal as mathematics, needs math-verify) or `exact` (equal as text, white space around ignored).
        max_response_length: longest completion, in tokens.

    A prompt that is in several splits stays only in the first of test, validation, train; `dropped` counts those
    removed.
    Files are read when examples are first asked for. Raises TaskError with the file, the row and a remedy.
    """

    name = "file"

    def __init__(
        self,
        train: str | Path,
        test: str | Path,
        validation: str | Path | None = None,
        validation_size: int | None = None,
        prompt_column: str = "prompt",
        answer_column: str | None = None,
        answer_after: str | None = None,
        reward: RewardName = "math",
        max_response_length: int = 1024,
    ) -> None:
        if (validation is None) == (validation_size is None):
            got = "neither" if validation is None else "both"
            raise TaskError(
                f"give either validation (a file) or validation_size, got {got}",
                where="task file",
                hint="validation_size: 256 holds out 256 examples of the train file",
            )
        for option, value in (("validation_size", validation_size), ("max_response_length", max_response_length)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise TaskError(f"{option} must be a positive whole number, got {value!r}", where="task file")
        self._files: Mapping[Split, Path | None] = {
            "train": Path(train),
            "validation": None if validation is None else Path(validation),
            "test": Path(test),
        }
        self._validation_size = validation_size
        self._prompt_column = prompt_column
        self._answer_column = answer_column
        self._answer_after = answer_after
        self._check = check_named(reward)
        self._max_response_length = max_response_length

    @property
    def max_response_length(self) -> int:
        return self._max_response_length

    @property
    def dropped(self) -> Mapping[Split, int]:
        """How many examples of each split were removed since their prompt is a duplicate, or in a held-out split."""
        return self._loaded[1]

    def examples(self, split: Split) -> Sequence[Example]:
        if split not in SPLITS:
            raise TaskError(f"unknown split {split!r}", where="task file", hint=f"use one of {', '.join(SPLITS)}")
        return self._loaded[0][split]

    def reward(self, example: Example, completion: str) -> float:
        return 1.0 if self.correct(example, completion) else 0.0

    def correct(self, example: Example, completion: str) -> bool:
        return self._check(example.answer, completion)

    @cached_property
    def _loaded(self) -> tuple[dict[Split, tuple[Example, ...]], dict[Split, int]]:
        read: dict[Split, list[Example]] = {s: self._read(p) for s, p in self._files.items() if p is not None}
        seen: set[str] = set()
        splits: dict[Split, tuple[Example, ...]] = {}
        dropped: dict[Split, int] = {}
        for split in ("test", "validation", "train"):
            if split not in read:
                continue
            splits[split] = _unseen(read[split], seen)
            dropped[split] = len(read[split]) - len(splits[split])
            if not splits[split]:
                raise TaskError(
                    f"the {split} split is empty: all its prompts are in another split too",
                    where=str(self._files[split]),
                    hint="use another file, or hold out a part of the train file with validation_size",
                )
        if self._validation_size is not None:
            splits["validation"], splits["train"] = self._hold_out(splits["train"], self._validation_size)
            dropped["validation"] = 0
        return splits, dropped

    def _hold_out(self, train: tuple[Example, ...], size: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        if size >= len(train):
            raise TaskError(
                f"validation_size {size} leaves no train example of {len(train)}",
                where=str(self._files["train"]),
                hint=f"use at most {len(train) - 1}",
            )
        by_hash = sorted(train, key=lambda e: hashlib.sha256(e.prompt.encode("utf-8", "surrogatepass")).digest())
        held = {e.prompt for e in by_hash[:size]}
        return tuple(by_hash[:size]), tuple(e for e in train if e.prompt not in held)

    def _read(self, path: Path) -> list[Example]:
        wanted = [self._prompt_column, self._answer_column or "answer", _VERL_ANSWER]
        rows = read_rows(path, columns=[column.split(".")[0] for column in wanted] + wanted)
        return [self._example(row, f"{path}, row {number}") for number, row in enumerate(rows, start=1)]

    def _example(self, row: Row, where: str) -> Example:
        column = self._answer_column
        if column is None:
            column = _VERL_ANSWER if "reward_model" in row and "answer" not in row else "answer"
        prompt = _prompt_text(_cell(row, self._prompt_column, "prompt_column", where), where)
        answer = _answer_text(_cell(row, column, "answer_column", where), where)
        if self._answer_after is not None:
            _, mark, answer = answer.rpartition(self._answer_after)
            if not mark:
                raise TaskError(f"the answer has no {self._answer_after!r}", where=where, hint="check answer_after")
        if not answer.strip():
            raise TaskError("the answer is empty", where=where, hint="every example needs a reference answer")
        return Example(prompt=prompt, answer=answer.strip())


def _unseen(examples: Sequence[Example], seen: set[str]) -> tuple[Example, ...]:
    kept = []
    for example in examples:
        if example.prompt not in seen:
            seen.add(example.prompt)
            kept.append(example)
    return tuple(kept)


def _cell(row: Row, column: str, option: str, where: str) -> object:
    if column in row:
        return row[column]
    value: object = row
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise TaskError(
                f"no column {column!r}; the columns are {', '.join(map(str, row))}", where=where, hint=f"set {option}"
            )
        value = value[part]
    return value


def _prompt_text(value: object, where: str) -> str:
    if isinstance(value, list) and value and all(isinstance(m, Mapping) for m in value):
        contents = [m.get("content") for m in value]
        if all(isinstance(content, str) for content in contents):
            value = "\n\n".join(contents)
    if not isinstance(value, str) or not value.strip():
        raise TaskError(
            f"expected a prompt (text, or chat messages with role and content), got {value!r:.80}",
            where=where,
            hint="set prompt_column to the column that holds the prompt",
        )
    return value


def _answer_text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise TaskError(
        f"expected an answer (text or a number), got {value!r:.80}",
        where=where,
        hint="set answer_column to the column that holds the reference answer",
    )
