"""A study's lock in a folder: an flock on `<folder>/<study>.lock`.

The file's text says who holds it. It is never deleted: a lock on a deleted file protects nothing. The kernel gives
the lock back when its process dies. Forked children share it, started programs don't.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rltune.errors import StoreError
from rltune.store.holder import Holder


def take(file: Path, me: Holder) -> Callable[[], None] | None:
    """Takes the lock and returns how to release it, or None if another holds it.

    Raises:
        StoreError: if the file can't be made or locked.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        stream = file.open("a+")
    except OSError as error:
        raise _unusable(file, error) from error
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stream.truncate(0)
        stream.write(json.dumps(asdict(me)))
        stream.flush()
    except BlockingIOError:
        stream.close()
        return None
    except OSError as error:
        stream.close()
        raise _unusable(file, error) from error
    return stream.close


def holder(file: Path) -> Holder | None:
    """Who holds the lock, or None. Looking takes the lock for an instant, shared: `take` must try more than once.

    Raises:
        StoreError: if the file can't be read.
    """
    try:
        with file.open() as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(stream.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error) from error
    return None


def _read(content: str) -> Holder:
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return Holder(0, "this machine", 0.0)  # seen in the instant between locking and writing


def _unusable(file: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the study's lock can't be used: {error.strerror}",
        where=str(file),
        hint="choose a folder that you may write to, on a file system with locks",
    )
