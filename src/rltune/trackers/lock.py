"""One mirror per study and tracker at a time: two would write the same steps twice."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Self

from rltune.clock import Clock
from rltune.errors import TrackerError
from rltune.store import filelock
from rltune.store.holder import Holder


class MirrorLock:
    """Held in its `with` block, and given back by the kernel if the process dies.

    Args:
        folder: the study's. patience: seconds to wait for a mirror that is just ending.
    """

    def __init__(self, folder: Path, tracker: str, clock: Clock, *, patience: float) -> None:
        self._file = folder / f"{tracker}.lock"
        self._tracker = tracker
        self._clock = clock
        self._patience = patience

    def __enter__(self) -> Self:
        me = Holder(os.getpid(), socket.gethostname(), self._clock.now())
        deadline = self._clock.monotonic() + self._patience
        while (release := filelock.take(self._file, me)) is None:
            if self._clock.monotonic() >= deadline:
                raise TrackerError(
                    f"another process mirrors this study into {self._tracker}: "
                    f"{filelock.holder(self._file) or 'it has just ended'}",
                    where=str(self._file),
                    hint="while a study runs its trackers are kept up to date; wait for its end, or end that process",
                )
            self._clock.sleep(0.2)
        self._release = release
        return self

    def __exit__(self, *_: object) -> None:
        self._release()
