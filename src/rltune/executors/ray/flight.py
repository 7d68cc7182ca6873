"""An order that the executor has: where it stands, what is known of it, and how it ends when its place is gone."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import Any

from rltune.executors.base import Order, Outcome
from rltune.executors.fence import revoke
from rltune.executors.lease import SILENT_SECONDS
from rltune.executors.ray.seat import Seat
from rltune.executors.records import SegmentFiles, collect, read_metrics
from rltune.types import StepMetrics, StopKind, StopReason


class Stage(enum.Enum):
    """What is being waited for."""

    PLACE = "a place on the cluster"
    LAUNCH = "the trial's process"
    EVENTS = "what happens"
    ORPHAN = "the end of a trial whose place is gone but whose node isn't"


@dataclass(slots=True)
class Flight:
    """One order in flight. Times are the executor's monotonic seconds.

    Attributes:
        reference: Ray's, to the answer that is awaited; None for an orphan. asked: since when.
        launched: to the answer about its process, which is started without waiting for the controller to look.
        begun: when it was placed. steps: those that were told. events: how many events its place has given.
        stop_at: when it is ended by force; None: nobody asked it to stop. lost: why its place is gone.
    """

    order: Order
    seat: Seat
    stage: Stage
    reference: Any
    launched: Any
    asked: float
    begun: float | None = None
    steps: list[StepMetrics] = field(default_factory=list)
    events: int = 0
    stop_at: float | None = None
    lost: str = ""
    _beat: int = 0

    def await_next(self, stage: Stage, now: float) -> None:
        """Goes on to the next stage."""
        if stage is Stage.EVENTS:
            self.reference = self.seat.poll(self.order, self.events)
        else:
            self.reference = self.launched
        self.stage, self.asked = stage, now

    def ask_again(self) -> None:
        """Repeats a question whose answer was lost on the way."""
        if self.stage is Stage.PLACE:
            self.reference = self.seat.hello()
        elif self.stage is Stage.LAUNCH:
            self.reference = self.launched = self.seat.launch(self.order)
        else:
            self.reference = self.seat.poll(self.order, self.events)

    def orphaned(self, why: str, now: float) -> None:
        """Its place is gone; its processes may still be saving a checkpoint."""
        self.stage, self.reference, self.lost, self.asked = Stage.ORPHAN, None, why, now
        self._beat = self._lease()

    def silent(self, now: float, grace_seconds: float) -> bool:
        """Whether nothing more is to be expected of an orphan: it has left its outcome, it never gave a sign of life or
        gives none any more, or its grace period is over."""
        beat = self._lease()
        if SegmentFiles(self.order.folder).outcome.exists() or not beat:
            return True
        since = now - self.asked
        return since > grace_seconds + SILENT_SECONDS or (since > SILENT_SECONDS and beat == self._beat)

    def untold(self) -> list[StepMetrics]:
        """Steps that are on disk, but that its place could tell nobody any more; they count as told now."""
        fresh = list(read_metrics(self.order.folder).steps[len(self.steps) :])
        self.steps += fresh
        return fresh

    def left_behind(self, now: float) -> Outcome:
        """How it ended, from its files. Nothing that may still run somewhere can change the run's checkpoints after."""
        revoke(self.order.checkpoints)
        elapsed = 0.0 if self.begun is None else now - self.begun
        outcome = collect(self.order.folder, self.order.checkpoints, elapsed=elapsed)
        step, asked = outcome.stop.step, self.stop_at is not None
        # Without its place a trial ends as if it had been asked to. If nobody had, it counts as lost: one that brings
        # its place down each time (Ray ends places when a node's memory is short) would else be tried for ever.
        if outcome.stop.kind not in ((StopKind.LOST,) if asked else (StopKind.LOST, StopKind.INTERRUPTED)):
            return outcome
        spoken = outcome.stop.kind is StopKind.LOST and SegmentFiles(self.order.folder).outcome.exists()
        if asked:
            stop = StopReason(StopKind.INTERRUPTED, step, f"asked to stop; {self.lost}")
        elif spoken:  # one that says itself why it is lost (its disk, its GPUs' network) knows more than Ray does
            stop = outcome.stop
        else:
            stop = StopReason(StopKind.LOST, step, f"after step {step} {self.lost}")
        # A disk of the cluster may show what was written elsewhere later than Ray has told it.
        metrics = outcome.metrics if len(outcome.metrics) >= len(self.steps) else tuple(self.steps)
        return replace(outcome, stop=stop, metrics=metrics)

    def _lease(self) -> int:
        try:
            return SegmentFiles(self.order.folder).lease.stat().st_mtime_ns
        except OSError:
            return 0
