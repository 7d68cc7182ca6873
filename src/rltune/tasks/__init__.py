"""Tasks: prompts, verifiable rewards, validation and test data."""

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
