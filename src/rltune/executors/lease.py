"""A worker's lease on its run: signs of life for those who can't see its process, and its end when it is taken away.

A worker that comes back from the dead (a frozen process, a node that was cut off) would train on for nobody, on GPUs
that it doesn't have any more. So a thread looks every few seconds whether the run is still the worker's (see
`rltune.executors.fence`); if not, it ends the whole trial at once: there is nothing to save that anybody would take.
A thread, because no step boundary may come for an hour; SIGALRM is in use by trainers.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from rltune.executors.base import ProcessIdentity
from rltune.executors.fence import Fence, FencedError
from rltune.executors.processes import kill_all, members
from rltune.executors.records import SegmentFiles

BEAT_SECONDS = 2.0
"""How often the lease is looked at and renewed."""
SILENT_SECONDS = 15.0
"""A lease that wasn't renewed for so long belongs to a worker that is dead, frozen or cut off."""
STATUS_FENCED = 75
"""Exit status of a worker whose run was given to another."""


def hold_lease(folder: Path, fence: Fence, identity: ProcessIdentity, beat: float = BEAT_SECONDS) -> None:
    """Renews the lease of the segment in `folder` every `beat` seconds, for as long as this process lives; ends the
    trial of `identity`, this process, when the run has been given to another."""
    lease = SegmentFiles(folder).lease
    pause = threading.Event()

    def keep() -> None:
        while True:
            # A disk that can't be read or written for a while takes no lease away: publishing would fail by itself.
            with contextlib.suppress(OSError):
                lease.touch()
                try:
                    fence.check()
                except FencedError as error:
                    _give_up(error, identity)
            pause.wait(beat)

    threading.Thread(target=keep, name="rltune-lease", daemon=True).start()


def _give_up(error: FencedError, identity: ProcessIdentity) -> None:
    with contextlib.suppress(OSError):
        print(f"rltune: {error.message}; this worker ends itself", file=sys.stderr, flush=True)
    kill_all(lambda: [row for row in members(identity) if row.pid != os.getpid()])
    os._exit(STATUS_FENCED)


def wait_for_silence(folders: Callable[[], list[Path]], wait: Callable[[float], None], most: float) -> None:
    """Returns when none of the segments in `folders()` has a lease that is still being renewed.

    Only changes count, because the clocks of other machines may be wrong. `wait`: sleeps. `most`: seconds at most.
    """
    seen: dict[Path, int] = {}
    waited = silent = 0.0
    while waited < most and silent < SILENT_SECONDS and (left := folders()):
        beats = {folder: _beat_of(folder) for folder in left}
        silent = 0.0 if any(seen.get(folder) != beat for folder, beat in beats.items()) else silent + BEAT_SECONDS
        seen = beats
        wait(BEAT_SECONDS)
        waited += BEAT_SECONDS


def _beat_of(folder: Path) -> int:
    try:
        return SegmentFiles(folder).lease.stat().st_mtime_ns
    except OSError:
        return 0
