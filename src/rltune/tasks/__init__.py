"""Tasks: prompts, verifiable rewards, validation and test data.

What is named here is loaded when it is first used: who reads scores needs the contract's words only, not every task.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rltune.tasks.base import SPLITS, BatchTask, Example, Split, Task
    from rltune.tasks.build import build_task, task_names
    from rltune.tasks.groups import breakdown
    from rltune.tasks.ood import TaskRef, other_tests
    from rltune.tasks.scoring import grades_of, rewards_of

__all__ = [
    "SPLITS",
    "BatchTask",
    "Example",
    "Split",
    "Task",
    "TaskRef",
    "breakdown",
    "build_task",
    "grades_of",
    "other_tests",
    "rewards_of",
    "task_names",
]

_HOME = {
    "BatchTask": "rltune.tasks.base",
    "Example": "rltune.tasks.base",
    "SPLITS": "rltune.tasks.base",
    "Split": "rltune.tasks.base",
    "Task": "rltune.tasks.base",
    "TaskRef": "rltune.tasks.ood",
    "breakdown": "rltune.tasks.groups",
    "build_task": "rltune.tasks.build",
    "grades_of": "rltune.tasks.scoring",
    "other_tests": "rltune.tasks.ood",
    "rewards_of": "rltune.tasks.scoring",
    "task_names": "rltune.tasks.build",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'rltune.tasks' has no attribute {name!r}")
