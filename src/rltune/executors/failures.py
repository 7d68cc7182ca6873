"""Why a trial failed, in one line: from the exception that ended it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from rltune.errors import RltuneError
from rltune.trainers.shortage import CLASSES, says_out_of_memory
from rltune.types import StopKind, StopReason

_MAX_LENGTH = 300
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
_DISK_FULL_TEXTS = ("No space left on device", "Disk quota exceeded")
_NON_FINITE_TEXTS = ("probability tensor contains either",)  # what torch.multinomial says of NaN logits


def explain(error: BaseException, step: int) -> StopReason:
    """The reason a trial ended with an exception after `step`: OUT_OF_MEMORY, DIVERGED for non-finite numbers, else
    FAILED.

    The causes of an exception are looked through as well: libraries wrap a full disk or memory in errors of their own.
    """
    chain = list(_chain(error))
    if isinstance(error, RltuneError):
        # What a library said first counts: a resume that finds no room is no damaged checkpoint.
        short = any(_is_out_of_memory(e) for e in chain)
        return StopReason(StopKind.OUT_OF_MEMORY if short else StopKind.FAILED, step, _one_line(str(error)))
    if any(_is_disk_full(e) for e in chain):
        return StopReason(StopKind.FAILED, step, f"the disk is full: {_named(error)}")
    if any(_is_out_of_memory(e) for e in chain):
        return StopReason(StopKind.OUT_OF_MEMORY, step, f"out of memory: {_named(error)}")
    if any(isinstance(e, FloatingPointError) or _says(e, _NON_FINITE_TEXTS) for e in chain):
        return StopReason(StopKind.DIVERGED, step, f"non-finite numbers: {_named(error)}")
    return StopReason(StopKind.FAILED, step, _named(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_disk_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _DISK_FULL_ERRNOS or _says(error, _DISK_FULL_TEXTS)


def _is_out_of_memory(error: BaseException) -> bool:
    own_words = not isinstance(error, RltuneError)  # ours quote paths and settings, which may hold any words
    return (
        type(error).__name__ in CLASSES
        or getattr(error, "errno", None) == errno.ENOMEM
        or (own_words and says_out_of_memory(str(error)))
    )


def _says(error: BaseException, texts: tuple[str, ...]) -> bool:
    return any(text in str(error) for text in texts)


def _named(error: BaseException) -> str:
    text = str(error).strip()
    return _one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 3] + "..."
