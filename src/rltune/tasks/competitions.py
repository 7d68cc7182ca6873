"""AMC 2023 (40 problems), AIME 2024 and AIME 2025 (30 each): too few to train on, so MATH is what trains for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from rltune.tasks.answers import Final
from rltune.tasks.base import Split
from rltune.tasks.dataset import DatasetTask, Problems
from rltune.tasks.hub import HubData
from rltune.tasks.math_problems import boxed_style, math_data, problem
from rltune.tasks.readers import Row
from rltune.tasks.rows import Problem
from rltune.tasks.source import source

Name = Literal["amc23", "aime24", "aime25"]

_HUB: Mapping[Name, str] = {"amc23": "math-ai/amc23", "aime24": "math-ai/aime24", "aime25": "math-ai/aime25"}
_TEST: Mapping[Split, Sequence[str]] = {"train": (), "validation": (), "test": ("test", "train", "validation", "val")}


def competition(
    name: Name,
    data: str | Path | None = None,
    revision: str | None = None,
    train_data: str | Path | None = None,
    validation_size: int | None = None,
    final_answer: Final = "marked",
    prompt: str | None = None,
    max_response_length: int = 8192,
) -> DatasetTask:
    """The task of that name: trained and validated on MATH's train split, tested on the competition.

    `data`: the competition's file, or a folder with it; None: `math-ai/<name>` on the hub at `revision`. `train_data`:
    MATH's folder; None: MATH on the hub, which is needed only for training. See `math` and `DatasetTask` for the rest.
    """
    test = Problems(source(data, HubData(_HUB[name], "default", revision)), _TEST, _problem)
    return DatasetTask(
        name,
        boxed_style(final_answer, prompt, max_response_length),
        learn=math_data(train_data, None),
        test=test,
        validation_size=validation_size,
    )


def _problem(row: Row, where: str) -> Problem | None:
    found = problem(row, where)
    return None if found is None else replace(found, groups=())  # 30 problems are too few to break down
