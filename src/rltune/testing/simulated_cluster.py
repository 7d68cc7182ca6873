"""A cluster that trains nothing, on a clock that jumps: the real loop and store do two days of work in minutes.

Simulated time passes in two ways. While the controller works, it passes as fast as the processor time that it takes, so
that a slow choice keeps simulated workers waiting. While the controller waits, it jumps to the next end of a trial.
"""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from rltune.errors import ExecutorError
from rltune.executors.base import Ended, Event, Order, Outcome, ProcessIdentity, SavedCheckpoint, Stepped
from rltune.executors.records import checkpoint_folder
from rltune.store.manifest import MANIFEST
from rltune.trainers.base import TrainJob
from rltune.types import Cost, StepMetrics, StopKind, StopReason


class SimulatedClock:
    """Implements `rltune.clock.Clock`. `work`: processor seconds of this process, which count as time that passes."""

    def __init__(self, work: Callable[[], float] = time.process_time) -> None:
        self._work = work
        self._seen = work()
        self._now = 0.0
        self.jumped = 0.0

    def monotonic(self) -> float:
        worked = self._work()
        self._now += worked - self._seen
        self._seen = worked
        return self._now

    def now(self) -> float:
        return self.monotonic()

    def sleep(self, seconds: float) -> None:
        self.jump(self.monotonic() + seconds)

    def jump(self, to: float) -> None:
        """Goes to a later moment at once."""
        ahead = to - self.monotonic()
        if ahead > 0:
            self._now += ahead
            self.jumped += ahead

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What is computed inside takes no time: it is the simulation's work, not the controller's."""
        self.monotonic()
        yield
        self._seen = self._work()


@dataclass(frozen=True, slots=True)
class Course:
    """How a trial would go: each step with its seconds from the trial's start, and its end.

    `outcome` is without metrics and checkpoints: the executor adds those of the steps that it let happen.
    """

    steps: tuple[tuple[float, StepMetrics], ...]
    seconds: float
    outcome: Outcome


class Trials(Protocol):
    """What trials give."""

    def course(self, order: Order) -> Course: ...


@dataclass(slots=True)
class _Trial:
    order: Order
    course: Course
    begun: float
    told: int = 0
    taken: list[StepMetrics] = field(default_factory=list)


class SimulatedExecutor:
    """Implements `rltune.executors.base.Executor` on a simulated clock.

    Steps are told when a trial ends somewhere, all that have happened by then. Each trial that trained leaves one
    checkpoint, at its last step, of a few bytes.

    Args:
        gpus: that orders share; None: orders for any number of them have room as long as a slot is free.
    """

    def __init__(self, trials: Trials, clock: SimulatedClock, slots: int, gpus: float | None = None) -> None:
        self.trials = trials
        self.clock = clock
        self._slots = slots
        self._gpus = gpus
        self._running: dict[str, _Trial] = {}
        self._ends: list[tuple[float, str]] = []
        self.submitted = 0

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def gpus(self) -> float:
        """GPUs in all that trials may use; 0: they use none."""
        return self._gpus or 0

    def has_room(self, gpus: float | None = None) -> bool:
        held = sum(trial.order.gpus or 1 for trial in self._running.values())
        enough = self._gpus is None or gpus is None or held + gpus <= self._gpus
        return len(self._running) < self._slots and enough

    def open(self) -> None:
        """Needs nothing."""

    def submit(self, order: Order) -> ProcessIdentity:
        if not self.has_room(order.gpus):
            raise ExecutorError("there is no room for the order", where=order.id)
        begun = self.clock.monotonic()
        with self.clock.stopped():
            course = self.trials.course(order)
        self._running[order.id] = _Trial(order, course, begun)
        heapq.heappush(self._ends, (begun + course.seconds, order.id))
        self.submitted += 1
        return ProcessIdentity(self.submitted, begun)

    def poll(self, timeout: float) -> list[Event]:
        deadline = self.clock.monotonic() + timeout
        while self._ends and self._ends[0][1] not in self._running:
            heapq.heappop(self._ends)
        self.clock.jump(min(deadline, self._ends[0][0]) if self._ends else deadline)
        now = self.clock.monotonic()
        events: list[Event] = []
        with self.clock.stopped():
            for trial in self._running.values():
                events += self._steps(trial, now)
            while self._ends and self._ends[0][0] <= now:
                _, order_id = heapq.heappop(self._ends)
                if order_id in self._running:
                    trial = self._running.pop(order_id)
                    events.append(Ended(order_id, self._outcome(trial, trial.course.outcome)))
        return events

    def stop(self, order_id: str) -> None:
        trial = self._running.get(order_id)
        if trial is None:
            return
        now = self.clock.monotonic()
        self._steps(trial, now)
        last = trial.taken[-1].step if trial.taken else _start(trial.order)
        stop = StopReason(StopKind.INTERRUPTED, last, "asked to stop")
        trial.course = replace(trial.course, seconds=now - trial.begun, outcome=Outcome(stop, Cost()))
        heapq.heappush(self._ends, (now, order_id))

    def close(self) -> None:
        for order_id in list(self._running):
            self.stop(order_id)

    def _steps(self, trial: _Trial, now: float) -> list[Event]:
        found: list[Event] = []
        steps = trial.course.steps
        while trial.told < len(steps) and trial.begun + steps[trial.told][0] <= now:
            metrics = steps[trial.told][1]
            trial.told += 1
            trial.taken.append(metrics)
            found.append(Stepped(trial.order.id, metrics))
        return found

    def _outcome(self, trial: _Trial, outcome: Outcome) -> Outcome:
        saved = ()
        if isinstance(trial.order.job, TrainJob) and outcome.stop.step > trial.order.job.start_step:
            saved = (_save(trial.order, outcome.stop.step),)
        return replace(outcome, metrics=tuple(trial.taken), checkpoints=saved)


def _start(order: Order) -> int:
    return order.job.start_step if isinstance(order.job, TrainJob) else 0


def _save(order: Order, step: int) -> SavedCheckpoint:
    """A checkpoint with nothing in it that the registry takes for a whole one. Not synced: nothing is lost with it."""
    folder: Path = checkpoint_folder(order.checkpoints, step)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "files": []}))
    return SavedCheckpoint(step, folder, 1)
