"""One controller per study: a lock that its process holds and that dies with it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

from rltune.clock import Clock, SystemClock
from rltune.errors import StoreError
from rltune.store import filelock, serverlock
from rltune.store.engine import parse_location
from rltune.store.holder import Holder
from rltune.store.names import check_name

_PATIENCE_SECONDS = 0.5
"""How long to wait for a holder that is just going, or an observer that is just looking."""


class StudyLock:
    """A lock that is held; `release`, leaving its `with` block or the end of the process gives it back."""

    def __init__(self, holder: Holder, release: Callable[[], None]) -> None:
        self.holder = holder
        self._release = release
        self._held = True

    def release(self) -> None:
        """Gives the lock back. Idempotent."""
        if self._held:
            self._held = False
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_study(location: str | Path, name: str, *, clock: Clock | None = None) -> StudyLock:
    """Takes the study's lock for this process; the study needn't exist yet.

    Raises:
        StoreError: if another controller holds it (the message says which), or the location can't be used.
    """
    check_name(name)
    place, time = parse_location(location), clock or SystemClock()
    me = Holder(os.getpid(), socket.gethostname(), time.now())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        if place.folder is not None:
            release = filelock.take(place.folder / f"{name}.lock", me)
        else:
            release = serverlock.take(place, name, me)
        if release is not None:
            return StudyLock(me, release)
        if time.monotonic() >= deadline:
            raise StoreError(
                f"study {name!r} is being run by {lock_holder(location, name) or 'another controller'}",
                where=place.shown,
                hint="one controller at a time: watch it with `rltune status`, or end that process first",
            )
        time.sleep(0.05)


def lock_holder(location: str | Path, name: str) -> Holder | None:
    """Who runs the study now, or None. A study in state `running` that nobody holds has crashed.

    Raises:
        StoreError: if the location can't be used.
    """
    check_name(name)
    place = parse_location(location)
    if place.folder is not None:
        return filelock.holder(place.folder / f"{name}.lock")
    return serverlock.holder(place, name)
