"""Other test sets that the winner is tried on: what it has learned, or only how to do this one test?

Any task takes the option `test_ood`, a list of tasks: names, or mappings of a name and options as in the study file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rltune.errors import TaskError

OPTION = "test_ood"

_PREFIX = "test/"


def split_of(other: str) -> str:
    """What scores on another task's test split are recorded under: `test/<task>`; the task's own (empty): `test`."""
    return f"{_PREFIX}{other}" if other else "test"


def other_of(split: str) -> str | None:
    """The other task whose test split scores were recorded under `split`; None for a split of the study's own task."""
    return split.removeprefix(_PREFIX) if split.startswith(_PREFIX) else None


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task by name and options, as `build_task` takes them."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)


def other_tests(options: Mapping[str, object]) -> tuple[TaskRef, ...]:
    """The tasks that `test_ood` in a task's options names, in order; only their test splits are used.

    Raises TaskError if it isn't a list of tasks, names one twice, or one has a `test_ood` itself.
    """
    listed = options.get(OPTION, ())
    if not isinstance(listed, list | tuple):
        raise TaskError(
            f"{OPTION} must be a list of tasks, got {listed!r:.80}",
            where="task",
            hint=f"{OPTION}: [amc23, {{name: aime24, data: path/to/folder}}]",
        )
    found = tuple(map(_ref, listed))
    if len({ref.name for ref in found}) != len(found):
        raise TaskError(f"{OPTION} names a task twice: {', '.join(ref.name for ref in found)}", where="task")
    return found


def _ref(entry: object) -> TaskRef:
    if isinstance(entry, str):
        return TaskRef(entry)
    if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
        options = {str(key): value for key, value in entry.items() if key != "name"}
        if OPTION not in options:
            return TaskRef(str(entry["name"]), options)
    raise TaskError(
        f"expected a task's name, or a mapping with its name and options, got {entry!r:.80}", where=f"task {OPTION}"
    )
