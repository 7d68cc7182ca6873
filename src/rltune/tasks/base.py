"""The task contract: prompts, their answers, and how a completion is rewarded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args, runtime_checkable

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

RESERVED_GROUPS = frozenset({"mean", "greedy", "mean_stderr"})
"""Names of whole-split scores (`rltune.trainers.base.Scores`), which a group's score stands beside."""

GROUP_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt as the model reads it, and the reference answer a completion is checked against.

    Attributes:
        prompt: plain text; with a chat model it is the user's message.
        answer: the reference; empty for an open-ended prompt, which only a judge can reward.
        groups: the parts of the split that this example counts for in a breakdown of the scores, such as
            `level_5` and `algebra`; reported as `score/<group>`.

    Raises:
        ValueError: if a group's name can't be one.
    """

    prompt: str
    answer: str
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for group in self.groups:
            if group in RESERVED_GROUPS or not GROUP_NAME.fullmatch(group):
                raise ValueError(
                    f"expected group names of a-z, 0-9 and single _ other than {sorted(RESERVED_GROUPS)}, got {group!r}"
                )


@runtime_checkable
class Task(Protocol):
    """A data set with a verifiable reward.

    `examples(split)` gives the same examples in the same order each time it is called, in every process: a trainer
    that resumes finds its place in the data by position alone. The splits share no prompt, so that a
    validation score never measures memory of training prompts.

    `reward` and `correct` are pure: no state, no clock, no network. They never raise because of what a model wrote;
    a completion that can't be read is simply wrong.
    """

    @property
    def name(self) -> str:
        """The name under which `build_task` makes this task."""
        ...

    @property
    def max_response_length(self) -> int:
        """The longest completion that is generated, in tokens, the end-of-sequence token included."""
        ...

    def examples(self, split: Split) -> Sequence[Example]:
        """All examples of one split, in fixed order, never empty. Raises TaskError for what can't be read."""
        ...

    def reward(self, example: Example, completion: str) -> float:
        """The training reward of a completion (decoded, special tokens removed), unitless."""
        ...

    def correct(self, example: Example, completion: str) -> float:
        """How much a completion counts in validation and test scores, in [0, 1].

        A verifiable answer is right (True) or wrong (False); a judged one may lie between.
        """
        ...


@runtime_checkable
class BatchTask(Protocol):
    """A task that judges many completions at once much faster than one by one. See `rltune.tasks.scoring`.

    Both answer as the methods of `Task` would for each pair, in the same order.
    """

    def rewards(self, examples: Sequence[Example], completions: Sequence[str]) -> Sequence[float]:
        """`Task.reward` of each pair."""
        ...

    def grades(self, examples: Sequence[Example], completions: Sequence[str]) -> Sequence[float]:
        """`Task.correct` of each pair."""
        ...
