"""The training data in an order that is fixed before the run starts, and the reward of prompts.

TRL's sampler, when it shuffles, starts each epoch from the same seed after a resume; so rltune shuffles beforehand and
lays all epochs one after the other: position p of the order belongs to step p // rows a step + 1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from datasets import Dataset

from rltune.tasks.base import Example, Task
from rltune.tasks.pairs import demonstrations, preferences
from rltune.tasks.scoring import rewards_of


def data_order(examples: int, prompts: int, seed: int | str) -> list[int]:
    """Indices into the train split, shape (prompts,): a fresh permutation of all `examples` for each epoch.

    A shorter order under the same seed is a prefix of a longer one.
    """
    rng = random.Random(f"data order {seed}")
    order: list[int] = []
    while len(order) < prompts:
        epoch = list(range(examples))
        rng.shuffle(epoch)
        order.extend(epoch)
    return order[:prompts]


def row_order(rows: int, seen: int, epochs: float, seed: int) -> list[int]:
    """Indices of the rows that a run of full length sees, shape (seen,).

    Args:
        rows: that there are. seen: in all, repetitions counted.
        epochs: how often each is seen: of more epochs than needed, a run sees fewer rows. Which ones depends on their
            number alone, so that runs with other seeds, or more epochs, learn from the same. 0: as few as needed.
    """
    kept = rows if epochs <= 0 else min(rows, max(1, math.ceil(seen / epochs)))
    if kept == rows:
        return data_order(rows, seen, seed)
    chosen = data_order(rows, kept, "kept")
    return [chosen[i] for i in data_order(kept, seen, seed)]


def row_data(algorithm: str, task: Task, options: Mapping[str, object]) -> Dataset:
    """The rows that `sft` and `dpo` learn from, in the columns that TRL knows.

    Raises:
        TaskError: if the task has none.
    """
    rows = demonstrations(task, options) if algorithm == "sft" else preferences(task, options)
    return Dataset.from_list([asdict(row) for row in rows])


def training_data(examples: Sequence[Example], order: Sequence[int]) -> Dataset:
    """Rows (prompt, example): the text, and the index from which the reward finds the answer."""
    return Dataset.from_dict({"prompt": [examples[i].prompt for i in order], "example": list(order)})


def reward_function(task: Task, examples: Sequence[Example]) -> Callable[..., list[float | None]]:
    """TRL's reward function for `training_data`: one reward a completion."""

    def reward(completions: list[str], example: list[int], **_others: object) -> list[float | None]:
        return [*rewards_of(task, [examples[i] for i in example], completions)]

    return reward
