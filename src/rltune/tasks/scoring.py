"""Rewards and grades of many completions: all at once where the task can do that, else one by one."""

from __future__ import annotations

from collections.abc import Sequence

from rltune.tasks.base import BatchTask, Example, Task


def rewards_of(task: Task, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
    """`Task.reward` of each of n pairs."""
    if isinstance(task, BatchTask):
        return list(task.rewards(examples, completions))
    return [task.reward(e, c) for e, c in zip(examples, completions, strict=True)]


def grades_of(task: Task, examples: Sequence[Example], completions: Sequence[str]) -> list[float]:
    """`Task.correct` of each of n pairs, in [0, 1]."""
    if isinstance(task, BatchTask):
        return list(task.grades(examples, completions))
    return [float(task.correct(e, c)) for e, c in zip(examples, completions, strict=True)]
