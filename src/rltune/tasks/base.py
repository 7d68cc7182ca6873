"""The task contract: prompts, their answers, and how a completion is rewarded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args, runtime_checkable

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt as the model reads it, and the reference answer a completion is checked against."""

    prompt: str
    answer: str


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

    def correct(self, example: Example, completion: str) -> bool:
        """Whether a completion counts as right in validation and test scores."""
        ...
