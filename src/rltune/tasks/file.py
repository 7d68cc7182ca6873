"""The `file` task: prompts and answers of your own, from JSON lines, JSON, parquet or Arrow.

verl's parquet schema is read with the default columns: `prompt` a list of chat messages, the answer in
`reward_model.ground_truth`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from rltune.errors import TaskError
from rltune.tasks.answers import Final
from rltune.tasks.base import SPLITS, Example, Split
from rltune.tasks.checks import check_named, check_reference
from rltune.tasks.dataset import require_count
from rltune.tasks.groups import slug
from rltune.tasks.judges import CheckJudge, FunctionJudge, Judge, Verdict
from rltune.tasks.readers import Row, read_rows
from rltune.tasks.rows import field
from rltune.tasks.splits import hold_out, shuffled, unseen

_VERL_ANSWER = "reward_model.ground_truth"
_MOST_GROUPS = 100
MOST_EMPTY = 0.01
"""More empty answers than this share of a train file are a mistake in the study file, not in the data."""


class FileTask:
    """Examples from files, one file a split; the reward is 1 for a right answer, else 0, or what your judge says.

    Args:
        train: file of the train split (.jsonl, .json, .parquet or .arrow).
        test: file of the test split.
        validation: file of the validation split; or else
        validation_size: hold out this many examples of the train file for validation. Which ones depends on the
            prompts alone, not on their order.
        prompt_column: column of the prompt: text, or a list of chat messages (`role`, `content`), whose contents
            are joined by blank lines. A dot reaches into nested columns.
        answer_column: column of the reference answer; default `answer`, or verl's `reward_model.ground_truth` in rows
            that have it. A judge of your own needs none.
        answer_after: if given, only what follows the last such mark in the answer column counts (`####` in GSM8K's
            original files).
        group_columns: columns to break the scores down by, such as `level`.
        reward: `math` (equal as mathematics, needs math-verify), `number`, `letter` (of a choice), `exact` (equal as
            text, white space around ignored), or a function of yours: see `FunctionJudge`.
        final_answer: `any` or `marked`: see `rltune.tasks.answers`.
        reward_model, reward_label: a classifier as the judge, in place of `reward`: see `RewardModel`.
        max_response_length: longest completion, in tokens.

    Of the train file at most 1 % of the rows may have an empty answer (two of MATH's have): they are left out.
    A prompt that is in several splits, or twice in one (white space aside), stays only where it is first in test,
    validation, train; `dropped` counts both. Validation and test are shuffled, in an order that never changes.
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
        group_columns: Sequence[str] = (),
        reward: str | None = None,
        final_answer: Final = "any",
        reward_model: str | None = None,
        reward_label: str | int | None = None,
        max_response_length: int = 1024,
    ) -> None:
        if (validation is None) == (validation_size is None):
            got = "neither" if validation is None else "both"
            raise TaskError(
                f"give either validation (a file) or validation_size, got {got}",
                where="task file",
                hint="validation_size: 256 holds out 256 examples of the train file",
            )
        if validation_size is not None:
            require_count("validation_size", validation_size)
        require_count("max_response_length", max_response_length)
        if isinstance(group_columns, str):
            raise TaskError(f"group_columns must be a list, got {group_columns!r}", where="task file")
        self._files: Mapping[Split, Path | None] = {
            "train": Path(train),
            "validation": None if validation is None else Path(validation),
            "test": Path(test),
        }
        self._validation_size = validation_size
        self._prompt_column = prompt_column
        self._answer_column = answer_column
        self._answer_after = answer_after
        self._group_columns = tuple(group_columns)
        self._reward = reward or "math"
        self._judge = _judge(reward, final_answer, reward_model, reward_label)
        self._open_ended = not isinstance(self._judge, CheckJudge)
        self._max_response_length = max_response_length
        self._extras: dict[str, Mapping[str, object]] = {}  # by prompt: what the judge wants of its row

    @property
    def max_response_length(self) -> int:
        return self._max_response_length

    @property
    def dropped(self) -> Mapping[Split, int]:
        """How many rows of each split were left out: their prompt is a duplicate or in a held-out split, or their
        answer is empty."""
        return self._loaded[1]

    def examples(self, split: Split) -> Sequence[Example]:
        if split not in SPLITS:
            raise TaskError(f"unknown split {split!r}", where="task file", hint=f"use one of {', '.join(SPLITS)}")
        return self._loaded[0][split]

    def reward(self, example: Example, completion: str) -> float:
        return self._verdicts([example], [completion])[0].reward

    def correct(self, example: Example, completion: str) -> float:
        return self._verdicts([example], [completion])[0].grade

    def rewards(self, examples: Sequence[Example], completions: Sequence[str]) -> Sequence[float]:
        return [verdict.reward for verdict in self._verdicts(examples, completions)]

    def grades(self, examples: Sequence[Example], completions: Sequence[str]) -> Sequence[float]:
        return [verdict.grade for verdict in self._verdicts(examples, completions)]

    def _verdicts(self, examples: Sequence[Example], completions: Sequence[str]) -> list[Verdict]:
        extras = [self._extras.get(example.prompt, {}) for example in examples]
        return self._judge.judge(examples, completions, extras)

    @cached_property
    def _loaded(self) -> tuple[dict[Split, tuple[Example, ...]], dict[Split, int]]:
        seen: set[str] = set()
        splits: dict[Split, tuple[Example, ...]] = {}
        dropped: dict[Split, int] = {}
        for split in ("test", "validation", "train"):
            path = self._files[split]
            if path is None:
                continue
            read, rows = self._read(path, split)
            kept = unseen(read, seen, _prompt)
            if not kept:
                raise TaskError(
                    f"the {split} split is empty: all its prompts are in another split too",
                    where=str(path),
                    hint="use another file, or hold out a part of the train file with validation_size",
                )
            splits[split] = kept if split == "train" else shuffled(kept, _prompt)
            dropped[split] = rows - len(kept)
        if self._validation_size is not None:
            where = str(self._files["train"])
            splits["validation"], splits["train"] = hold_out(splits["train"], self._validation_size, _prompt, where)
            dropped["validation"] = 0
        self._check_groups(splits)
        return splits, dropped

    def _check_groups(self, splits: Mapping[Split, Sequence[Example]]) -> None:
        groups = {group for examples in splits.values() for example in examples for group in example.groups}
        if len(groups) > _MOST_GROUPS:
            raise TaskError(
                f"expected at most {_MOST_GROUPS} groups, got {len(groups)} by {', '.join(self._group_columns)}",
                where="task file",
                hint="group by columns that have few different values",
            )

    def _read(self, path: Path, split: Split) -> tuple[list[Example], int]:
        """The examples, and how many rows there are. Of a train file a few rows may have an empty answer."""
        wanted = [self._prompt_column, self._answer_column or "answer", _VERL_ANSWER, *self._group_columns]
        wanted += sorted(self._judge.wants)
        rows = read_rows(path, columns=[column.split(".")[0] for column in wanted] + wanted)
        found = [self._example(row, f"{path}, row {number}") for number, row in enumerate(rows, start=1)]
        missing = found.count(None)
        if missing and (split != "train" or missing > MOST_EMPTY * len(found)):
            raise TaskError(
                f"the answer is empty, as it is in {missing} of {len(found)} rows",
                where=f"{path}, row {found.index(None) + 1}",
                hint="every example needs a reference answer: set answer_column, or leave these rows out of the file",
            )
        return [example for example in found if example is not None], len(found)

    def _example(self, row: Row, where: str) -> Example | None:
        """The row's example; None if its answer is empty."""
        answer = self._answer(row, where)
        if answer is None:
            return None
        prompt = _prompt_text(_cell(row, self._prompt_column, "prompt_column", where), where)
        groups = [_cell(row, column, "group_columns", where) for column in self._group_columns]
        if self._judge.wants:
            # Of equal prompts the first one stays, so its fields have to.
            self._extras.setdefault(prompt, {name: row[name] for name in self._judge.wants if name in row})
        return Example(
            prompt=prompt,
            answer=answer,
            # A column of numbers gives its values no name of their own: level 5, not 5.
            groups=tuple(
                slug(str(value) if isinstance(value, str) else f"{column.split('.')[-1]} {value}")
                for column, value in zip(self._group_columns, groups, strict=True)
                if value is not None
            ),
        )

    def _answer(self, row: Row, where: str) -> str | None:
        column = self._answer_column
        if column is None:
            column = _VERL_ANSWER if "reward_model" in row and "answer" not in row else "answer"
            if self._open_ended and field(row, column) is None:
                return ""
        answer = _answer_text(_cell(row, column, "answer_column", where), where)
        if self._answer_after is not None:
            _, mark, answer = answer.rpartition(self._answer_after)
            if not mark:
                raise TaskError(f"the answer has no {self._answer_after!r}", where=where, hint="check answer_after")
        if not answer.strip():
            return None
        check_reference(self._reward, answer.strip(), where)
        return answer.strip()


def _judge(reward: str | None, final: Final, model: str | None, label: str | int | None) -> Judge:
    if model is not None:
        if reward is not None:
            raise TaskError("give either reward or reward_model, got both", where="task file")
        # Imported here since only this judge needs it, and it brings torch.
        from rltune.tasks.reward_model import RewardModel  # noqa: PLC0415

        return RewardModel(model, label)
    if label is not None:
        raise TaskError("reward_label is for a reward_model, and there is none", where="task file")
    if reward is not None and ":" in reward:
        return FunctionJudge(reward)
    return CheckJudge(check_named(reward or "math", final))


def _prompt(example: Example) -> str:
    return example.prompt


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
