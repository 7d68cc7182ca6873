"""From an executor's name to the executor. The module that holds it is imported only then."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from rltune.errors import ExecutorError, did_you_mean
from rltune.executors.base import Executor

EXECUTORS: Mapping[str, str] = {
    "local": "rltune.executors.local.executor:LocalExecutor",
    "ray": "rltune.executors.ray.executor:RayExecutor",
}
"""Name -> "module:Class". An executor of your own is one more line here."""


def executor_names() -> tuple[str, ...]:
    """The names that `build_executor` knows."""
    return tuple(EXECUTORS)


def build_executor(name: str, options: Mapping[str, object] | None = None) -> Executor:
    """A new executor, not yet open.

    Args:
        name: one of `executor_names()`. options: its arguments by name (see its class).

    Raises:
        ExecutorError: for an unknown name or option (with the known ones and the closest), or an impossible value.
    """
    target = EXECUTORS.get(name)
    if target is None:
        raise _unknown("executor", name, tuple(EXECUTORS), "executor")
    module, _, attribute = target.partition(":")
    try:
        kind = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ExecutorError(
            f"the executor {name} needs the package {name}, which isn't installed",
            where="executor.name",
            hint=f"pip install 'rltune[{name}]'",
        ) from error
    known = tuple(inspect.signature(kind).parameters)
    given = dict(options or {})
    for option in given:
        if option not in known:
            raise _unknown(f"option of the {name} executor", option, known, f"executor.{option}")
    return cast(Executor, kind(**given))


def _unknown(what: str, name: str, known: tuple[str, ...], where: str) -> ExecutorError:
    return ExecutorError(
        f"unknown {what} {name!r}; known are {', '.join(known)}",
        where=where,
        hint=did_you_mean(name, known),
    )
