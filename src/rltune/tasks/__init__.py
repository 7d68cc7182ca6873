"""Tasks: prompts, verifiable rewards, validation and test data."""

from rltune.tasks.base import SPLITS, Example, Split, Task
from rltune.tasks.build import build_task, task_names

__all__ = ["SPLITS", "Example", "Split", "Task", "build_task", "task_names"]
