"""The worker's side of a trainer: metrics to disk, rules after each step, checkpoints made durable."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rltune.clock import Clock
from rltune.errors import CheckpointError, TrainerError
from rltune.executors import codec
from rltune.executors.base import Order, SavedCheckpoint
from rltune.executors.fence import Fence
from rltune.executors.isolation import StopRequest
from rltune.executors.naming import storable
from rltune.executors.processes import age_seconds
from rltune.executors.records import SegmentFiles, touch_alive, write_whole
from rltune.executors.seal import sealed
from rltune.executors.shelf import Shelf
from rltune.stopping.base import Decision, Rule
from rltune.stopping.guard import stop_reason, watch_all
from rltune.stopping.non_finite import NonFinite
from rltune.trainers.base import TrainJob
from rltune.types import BY_RULE, Cost, StepMetrics, StopKind, StopReason


class SegmentReporter:
    """Implements `rltune.trainers.base.Reporter` for one segment.

    Args:
        order: the segment's order, whose job is a TrainJob.
        rules: the stopping rules; they are shown the order's earlier metrics first.
        stop: the request to stop from outside. shelf: keeps its checkpoints.
    """

    def __init__(
        self, order: Order, job: TrainJob, rules: Sequence[Rule], stop: StopRequest, clock: Clock, shelf: Shelf
    ) -> None:
        self._folder = order.folder
        self._files = SegmentFiles(order.folder)
        self._shelf = shelf
        self._keep = order.keep
        self._fence = Fence(order.checkpoints, order.id)
        self._job = job
        self._stop = stop
        self._clock = clock
        self._guard = watch_all(with_non_finite(rules))
        self._stream = self._files.metrics.open("ab", buffering=0)
        self._start_seconds: float | None = None
        self._validate_seconds = 0.0
        self.last_step = job.start_step
        self.saved: list[SavedCheckpoint] = []
        self.earlier_stop = self._replay(order.earlier)

    def _replay(self, earlier: Sequence[StepMetrics]) -> Decision | None:
        """Shows the rules the run's earlier steps; the decision to stop that they had taken by then."""
        decision = None
        for metrics in earlier:
            decision = self._guard.update(metrics)
        return decision

    # --- the Reporter contract -----------------------------------------------------------------------------------
    def training_starts(self, ago: float = 0.0) -> None:
        age = max(0.0, age_seconds() - ago)
        now = self._clock.now() - ago
        self._start_seconds = age
        write_whole(self._files.started, {"process": now - age, "training": now})
        self._stop.begin_steps()

    def step(self, metrics: StepMetrics) -> StopReason | None:
        if self._start_seconds is None:
            raise TrainerError("the trainer reported a step before it said that training starts")
        if metrics.step != self.last_step + 1:
            raise TrainerError(f"expected step {self.last_step + 1} from the trainer, got step {metrics.step}")
        metrics = replace(metrics, values=storable(metrics.values))
        line = codec.metrics_to_plain(metrics) | {"at": round(age_seconds(), 3)}
        self._append(sealed(line).encode() + b"\n")
        self.last_step = metrics.step
        self._validate_seconds += metrics.values.get("validate_seconds", 0.0)
        decision = self._guard.update(metrics)
        return stop_reason(decision) if decision else self._interrupted()

    def workspace(self) -> Path:
        self._shelf.workspace.mkdir(exist_ok=True)
        return self._shelf.workspace

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        if step != self.last_step:
            raise TrainerError(f"expected a checkpoint of step {self.last_step} from the trainer, got step {step}")
        temporary = self._shelf.begin(step)
        try:
            save(temporary)
            # A checkpoint must never survive a power cut that its own metrics didn't.
            os.fsync(self._stream.fileno())
            final, readable, size = self._shelf.publish(step, temporary)
        except (OSError, CheckpointError):
            shutil.rmtree(temporary, ignore_errors=True)
            self._fence.check()  # whoever took the run over also took the temporary folder away, or what was in it
            raise
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        self.saved = [c for c in self.saved if c.step != step] + [SavedCheckpoint(step, final, size)]
        self._prune()
        return readable

    def alive(self) -> None:
        touch_alive(self._folder)

    @property
    def abstained(self) -> Mapping[str, str]:
        """Rules that abstained at some step, by name, with the reason."""
        return self._guard.abstentions

    # --- what the worker asks at the end -------------------------------------------------------------------------
    def cost(self) -> Cost:
        """What the segment has cost up to now. All time before the first step is start-up."""
        total = age_seconds()
        if self._start_seconds is None:
            return Cost(start_seconds=total)
        training = max(0.0, total - self._start_seconds - self._validate_seconds)
        return Cost(training, self._validate_seconds, self._start_seconds)

    def check_end(self, stop: StopReason, *, saves_anywhere: bool = True) -> None:
        """Holds a trainer to its contract: it reached what it says, and left a checkpoint of it.

        Args:
            saves_anywhere: whether the trainer can save a checkpoint wherever it is stopped.

        Raises:
            TrainerError: if it didn't.
        """
        if stop.kind is StopKind.REACHED and self.last_step != self._job.stop_step:
            raise TrainerError(
                f"the trainer ended as if it had reached step {self._job.stop_step}, "
                f"but its last step was {self.last_step}"
            )
        stopped = (StopKind.INTERRUPTED, *BY_RULE) if saves_anywhere else ()
        resumable = stop.kind in (StopKind.REACHED, *stopped)
        trained = self.last_step > self._job.start_step
        if resumable and trained and self.last_step not in {c.step for c in self.saved}:
            raise TrainerError(f"the trainer ended at step {self.last_step} without a checkpoint of it")

    def close(self) -> None:
        os.fsync(self._stream.fileno())
        self._stream.close()

    def _prune(self) -> None:
        """Deletes what the registry wouldn't keep at the segment's end either: with a large model, disks are full
        before that."""
        for old in self.saved[: -self._keep]:
            self._shelf.remove(old.path)
        self.saved = self.saved[-self._keep :]

    # --- parts ---------------------------------------------------------------------------------------------------
    def _append(self, line: bytes) -> None:
        written = self._stream.write(line)
        if written != len(line):
            raise OSError(errno.ENOSPC, "No space left on device", str(self._files.metrics))

    def _interrupted(self) -> StopReason | None:
        if not self._stop.requested or self.last_step == self._job.stop_step:
            return None
        return interrupted(self.last_step)


def interrupted(step: int) -> StopReason:
    """The reason of a trial that was asked to stop."""
    return StopReason(StopKind.INTERRUPTED, step, f"asked to stop (SIGTERM) after step {step}")


def stopped_earlier(decision: Decision, step: int) -> StopReason:
    """A run that a rule had stopped before isn't trained any further: it stays at `step`."""
    return replace(stop_reason(decision), step=step)


def with_non_finite(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, led by the non-finite one if none of them is: a run that reports NaN has failed, rules or not."""
    return tuple(rules) if any(isinstance(rule, NonFinite) for rule in rules) else (NonFinite(), *rules)
