"""One trial in flight: its steps as they appear on disk, and whether it still keeps within its limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rltune.executors.base import Order, ProcessIdentity
from rltune.executors.local.verdict import Ending
from rltune.executors.processes import memory_bytes
from rltune.executors.records import SegmentFiles, read_metrics
from rltune.types import StepMetrics, StopKind

_MEMORY_CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a trial has broken, and how it is ended: `patient` ones may save a checkpoint first."""

    ending: Ending
    patient: bool
    hangs: bool = False


class Trial:
    """Watches one order's process. Times are the executor's monotonic seconds.

    Attributes:
        ending: why the executor is ending it, if it is. kill_at: when force is used; forced: it was.
        gpus: those that it was shown; empty: none; None: it wasn't told.
        gone: True once its process is known to have ended; `status` is the wait status, if anybody could wait.
    """

    def __init__(
        self,
        order: Order,
        identity: ProcessIdentity,
        now: float,
        grace_seconds: float,
        oom_kills: int,
        gpus: tuple[str, ...] | None = None,
    ) -> None:
        self.order = order
        self.identity = identity
        self.begun = now
        self.oom_kills = oom_kills
        self.gpus = gpus
        self.ending: Ending | None = None
        self.kill_at: float | None = None
        self.forced = False
        self.gone = False
        self.status: int | None = None
        self._grace_seconds = grace_seconds
        self._files = SegmentFiles(order.folder)
        self._offset = 0
        self._progress: tuple[int, ...] = ()
        self._progressed = now
        self._memory_checked = now

    def fresh_steps(self) -> tuple[StepMetrics, ...]:
        """Steps that were finished since the last call."""
        page = read_metrics(self.order.folder, self._offset)
        self._offset = page.end
        return page.steps

    def end(self, ending: Ending, kill_at: float) -> None:
        """Notes that the trial is being ended. The first reason stays."""
        if self.ending is None:
            self.ending = ending
            self.kill_at = kill_at

    def breach(self, now: float) -> Breach | None:
        """The limit that it has broken by now, if any."""
        self._note_progress(now)
        limits = self.order.limits
        if limits.seconds is not None and now - self.begun > limits.seconds:
            text = f"it ran longer than its time limit of {limits.seconds:g} s"
            return Breach(Ending(StopKind.FAILED, text, self._grace_seconds), patient=True)
        if limits.stall_seconds is not None and now - self._progressed > limits.stall_seconds:
            text = f"it hangs: no new step, scored batch, checkpoint or end for {limits.stall_seconds:g} s"
            return Breach(Ending(StopKind.FAILED, text), patient=False, hangs=True)
        return self._memory_breach(now, limits.memory_bytes)

    def _memory_breach(self, now: float, limit: int | None) -> Breach | None:
        if limit is None or now - self._memory_checked < _MEMORY_CHECK_SECONDS:
            return None
        self._memory_checked = now
        used = memory_bytes(self.identity)
        if used <= limit:
            return None
        text = f"out of memory: it used {used / 2**20:.0f} MiB, more than its limit of {limit / 2**20:.0f} MiB"
        return Breach(Ending(StopKind.OUT_OF_MEMORY, text), patient=False)

    def _note_progress(self, now: float) -> None:
        files = self._files
        watched = (files.metrics, files.started, files.alive, self.order.checkpoints)
        progress = tuple(_changed(path) for path in watched)
        if progress != self._progress:
            self._progress = progress
            self._progressed = now


def _changed(path: Path) -> int:
    """When a file, or the list of a folder's entries, last changed (ns); 0 if it isn't there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
