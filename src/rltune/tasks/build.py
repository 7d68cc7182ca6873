"""From a task's name and options to the task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial

from rltune.errors import TaskError, did_you_mean
from rltune.tasks.arithmetic import ArithmeticTask
from rltune.tasks.base import Task
from rltune.tasks.competitions import competition
from rltune.tasks.file import FileTask
from rltune.tasks.gsm8k import gsm8k
from rltune.tasks.math_problems import math
from rltune.tasks.mmlu import mmlu
from rltune.tasks.ood import OPTION, other_tests
from rltune.tasks.openbookqa import openbookqa
from rltune.tasks.pairs import OPTIONS as PAIRS

_TASKS: Mapping[str, Callable[..., Task]] = {
    "arithmetic/easy": partial(ArithmeticTask, "easy"),
    "arithmetic/hard": partial(ArithmeticTask, "hard"),
    "gsm8k": gsm8k,
    "math": math,
    "openbookqa": openbookqa,
    "mmlu": mmlu,
    "amc23": partial(competition, "amc23"),
    "aime24": partial(competition, "aime24"),
    "aime25": partial(competition, "aime25"),
    "file": FileTask,
}

_SHARED = (OPTION, *PAIRS)
"""Options that every task takes."""


def task_names() -> tuple[str, ...]:
    """The names that `build_task` knows."""
    return tuple(_TASKS)


def build_task(name: str, options: Mapping[str, object] | None = None) -> Task:
    """Make the task called `name`; `options` are its constructor's keyword arguments.

    Every task also takes `test_ood`, other tasks to test the winner on (`rltune.tasks.ood`); they are made here to be
    checked, and their data is not read. And the files `demonstrations` and `preferences` (`rltune.tasks.pairs`).

    Raises TaskError for an unknown name or option (with the known ones and the closest), a missing option, and
    everything the task itself refuses.
    """
    options = dict(options or {})
    factory = _TASKS.get(name)
    if factory is None:
        raise TaskError(
            f"unknown task {name!r}; the known tasks are {', '.join(_TASKS)}",
            where="task",
            hint=did_you_mean(name, _TASKS) or "use 'file' for prompts and answers of your own",
        )
    for other in other_tests(options):
        build_task(other.name, other.options)
    for shared in _SHARED:
        options.pop(shared, None)
    _check_options(name, factory, options)
    return factory(**options)


def _check_options(name: str, factory: Callable[..., Task], options: Mapping[str, object]) -> None:
    parameters = inspect.signature(factory).parameters
    known = (*parameters, *_SHARED)
    for option in options:
        if option not in parameters:
            raise TaskError(
                f"unknown option {option!r}; task {name!r} knows {', '.join(known)}",
                where=f"task {name}",
                hint=did_you_mean(option, known),
            )
    missing = [key for key, p in parameters.items() if p.default is p.empty and key not in options]
    if missing:
        raise TaskError(
            f"task {name!r} needs {', '.join(missing)}",
            where=f"task {name}",
            hint=f"add {', '.join(missing)} to the task's options",
        )
