"""The training prompts in an order that is fixed before the run starts, and their reward.

TRL's sampler, when it shuffles, starts each epoch from the same seed after a resume; so rltune shuffles beforehand and
lays all epochs one after the other: position p of the order belongs to step p // prompts_per_step + 1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from datasets import Dataset

from rltune.tasks.base import Example, Task
from rltune.tasks.scoring import rewards_of


def data_order(examples: int, prompts: int, seed: int) -> list[int]:
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


def training_data(examples: Sequence[Example], order: Sequence[int]) -> Dataset:
    """Rows (prompt, example): the text, and the index from which the reward finds the answer."""
    return Dataset.from_dict({"prompt": [examples[i].prompt for i in order], "example": list(order)})


def reward_function(task: Task, examples: Sequence[Example]) -> Callable[..., list[float | None]]:
    """TRL's reward function for `training_data`: one reward a completion."""

    def reward(completions: list[str], example: list[int], **_others: object) -> list[float | None]:
        return [*rewards_of(task, [examples[i] for i in example], completions)]

    return reward
