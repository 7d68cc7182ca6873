"""Why a trial failed, in one line: from the exception that ended it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from rltune.errors import KilledError, RltuneError
from rltune.faults.base import Cause
from rltune.faults.shortage import CLASSES, says_out_of_memory
from rltune.faults.texts import says
from rltune.redaction import redacted
from rltune.types import StopKind, StopReason

_MAX_LENGTH = 300
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)


def explain(error: BaseException, step: int, *, memory_ran_out: bool = True) -> StopReason:
    """The reason a trial ended with an exception after `step`: OUT_OF_MEMORY, DIVERGED for non-finite numbers, LOST if
    its program was killed by somebody, else FAILED.

    The causes of an exception are looked through as well: libraries wrap a full disk or memory in errors of their own.

    Args:
        memory_ran_out: whether the kernel may have killed a program for lack of memory meanwhile.
    """
    if isinstance(error, KilledError):
        if memory_ran_out:
            return StopReason(StopKind.OUT_OF_MEMORY, step, _one_line(f"out of memory, as it seems: {error}"))
        return StopReason(StopKind.LOST, step, _one_line(f"killed from outside: {error}"))
    chain = list(_chain(error))
    if isinstance(error, RltuneError):
        # What a library said first counts: a resume that finds no room is no damaged checkpoint.
        short = any(_is_out_of_memory(e) for e in chain)
        return StopReason(StopKind.OUT_OF_MEMORY if short else StopKind.FAILED, step, _one_line(str(error)))
    if any(_is_disk_full(e) for e in chain):
        return StopReason(StopKind.FAILED, step, f"the disk is full: {_named(error)}")
    if any(_is_out_of_memory(e) for e in chain):
        return StopReason(StopKind.OUT_OF_MEMORY, step, f"out of memory: {_named(error)}")
    if any(isinstance(e, FloatingPointError) or says(Cause.DIVERGED, str(e)) for e in chain):
        return StopReason(StopKind.DIVERGED, step, f"non-finite numbers: {_named(error)}")
    return StopReason(StopKind.FAILED, step, _named(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_disk_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _DISK_FULL_ERRNOS or says(Cause.DISK, str(error))


def _is_out_of_memory(error: BaseException) -> bool:
    own_words = not isinstance(error, RltuneError)  # ours quote paths and settings, which may hold any words
    return (
        type(error).__name__ in CLASSES
        or getattr(error, "errno", None) == errno.ENOMEM
        or (own_words and says_out_of_memory(str(error)))
    )


def _named(error: BaseException) -> str:
    text = str(error).strip()
    return _one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _one_line(text: str) -> str:
    line = " ".join(redacted(text).split())
    return line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 3] + "..."
