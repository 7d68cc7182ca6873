"""One launch of a program, from its first step to the one where it has to end.

Each step is reported as soon as it is known, in order; a checkpoint that is due is published before the step after it
is reported. The last step is left to the caller, who may have to score it first: by then its checkpoint is complete and
the program has ended. A program that can't stop by itself is ended once that checkpoint is complete.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rltune.errors import TrainerError
from rltune.trainers.base import Reporter
from rltune.trainers.external.checkpoints import Saves
from rltune.trainers.external.endings import Position, did_not_resume, ended_early, no_checkpoint
from rltune.trainers.external.program import Running
from rltune.trainers.external.streams import MetricStream
from rltune.trainers.logs.base import is_training
from rltune.types import StepMetrics, StopKind, StopReason

_POLL_SECONDS = 0.2
_STEPS_TOO_MANY = 2
"""So many steps after the last one, even a checkpoint that is written in the background has been begun."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What one launch has to do.

    Attributes:
        start, stop: it continues after `start` and has to train to `stop`, inclusive.
        due: steps in between whose checkpoints are to be published.
        awaited: step -> metrics that must be known before it counts as finished, such as the program's own validation.
        needs: metrics that each step waits for, where a step is logged in parts, until a later one has them.
    """

    start: int
    stop: int
    due: frozenset[int] = frozenset()
    awaited: Mapping[int, frozenset[str]] | None = None
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Manners:
    """How the program behaves.

    Attributes:
        stops_itself: it ends after the last step without being told to. exit_seconds: how long that may take.
        saves_on_term: at SIGTERM it saves a checkpoint of the step that it is in, and ends. grace_seconds: how long it
            gets for that, and for ending in general.
        started: whether it has begun to train, where its output tells before the first step ends; None: it doesn't.
    """

    stops_itself: bool = True
    exit_seconds: float = 60.0
    saves_on_term: bool = False
    grace_seconds: float = 10.0
    started: Callable[[], bool] | None = None


class Follower:
    """Follows one launch. `last` is the last step that was reported; `began`, whether training was said to start."""

    def __init__(
        self,
        running: Running,
        stream: MetricStream,
        saves: Saves,
        reporter: Reporter,
        leg: Leg,
        manners: Manners,
        *,
        began: bool = False,
    ) -> None:
        self.last = leg.start
        self.began = began
        self._running = running
        self._stream = stream
        self._saves = saves
        self._reporter = reporter
        self._leg = leg
        self._manners = manners
        self._pending: dict[int, dict[str, float]] = {}
        self._published: set[int] = set()
        self._mark: float | None = None  # when the last step ended, if known
        self._arrived_at: float | None = None

    @property
    def seen(self) -> int:
        """The last step that is known of the program."""
        return max((self.last, *self._pending))

    def follow(self) -> StepMetrics | StopReason:
        """Follows until the end.

        Returns:
            The last step, not reported yet; or why the run ended before it (a reporter's reason, or a divergence).

        Raises:
            TrainerError: if the program failed, or ended without the last step or its checkpoint.
            CheckpointError: if a resumed program didn't continue.
        """
        while True:
            status = self._running.status()  # before reading: what is read afterwards is then all there is
            self._note_start()
            self._take(self._stream.read(ended=status is not None), status is not None)
            reason = self._report(ended=status is not None)
            if reason is not None:
                return self._stop(reason)
            if self._arrived(status):
                self._running.end(self._manners.grace_seconds)
                return StepMetrics(self._leg.stop, self._pending[self._leg.stop])
            if status is not None:
                return replace(ended_early(status, self._running.program, self._position()), step=self.last)
            if self._leg.stop + _STEPS_TOO_MANY in self._pending and not self._saves.begun(self._leg.stop):
                raise no_checkpoint(self._running.program, self._position(), "trained on")
            time.sleep(_POLL_SECONDS)

    # --- steps ---------------------------------------------------------------------------------------------------
    def _note_start(self) -> None:
        if not self.began and self._manners.started is not None and self._manners.started():
            self.began = True
            self._reporter.training_starts()
            self._mark = time.monotonic()

    def _take(self, rows: list[StepMetrics], ended: bool) -> None:
        """Keeps what was read; a step that doesn't tell its seconds gets its share of those since the last one."""
        fresh = [m.step for m in rows if is_training(m.values) and m.step not in self._pending and m.step > self.last]
        now = time.monotonic()
        share = None if self._mark is None or not fresh else (now - self._mark) / len(set(fresh))
        for metrics in rows:
            if metrics.step > self.last:
                self._pending.setdefault(metrics.step, {}).update(metrics.values)
            elif metrics.step <= self._leg.start and is_training(metrics.values) and not self._stream.repeats_history:
                raise did_not_resume(metrics.step, self._running.program, self._position())
        for step in fresh:
            if share is not None:
                self._pending[step].setdefault("step_seconds", share)
        if fresh:
            self._mark = now

    def _report(self, *, ended: bool) -> StopReason | None:
        """Reports all finished steps before the last one. Returns the reason to stop, if one is given."""
        while not self._waits_for_checkpoint(ended):
            step = self._next()
            if step is None or step >= self._leg.stop or not self._finished(step, ended):
                return None
            reason = self._tell(StepMetrics(step, self._pending.pop(step, {})))
            if reason is not None:
                return reason
        return None

    def _next(self) -> int | None:
        """The step to report next. One that the program hasn't logged, as those between every tenth, is there once a
        later one is."""
        later = [step for step in self._pending if step > self.last and is_training(self._pending[step])]
        return self.last + 1 if later else None

    def _finished(self, step: int, ended: bool) -> bool:
        missing = (self._leg.awaited or {}).get(step, frozenset()) - self._pending.get(step, {}).keys()
        if missing and (ended or any(later > step for later in self._pending)):
            raise TrainerError(
                f"the program logged no {' and '.join(sorted(missing))} at step {step}",
                where=str(self._running.program),
                hint="it must be logged at each rung, or be measured by the study (setting `score`)",
            )
        if missing or ended or self._leg.needs <= self._pending.get(step, {}).keys():
            return not missing
        return any(later > step and self._leg.needs <= self._pending[later].keys() for later in self._pending)

    def _tell(self, metrics: StepMetrics) -> StopReason | None:
        if not self.began:
            self.began = True
            self._reporter.training_starts(ago=metrics.values.get("step_seconds", 0.0))
        reason = self._reporter.step(metrics)
        self.last = metrics.step
        return reason

    # --- checkpoints ---------------------------------------------------------------------------------------------
    def _waits_for_checkpoint(self, ended: bool) -> bool:
        """Publishes the checkpoint of the last reported step if it is due; True while it is being written."""
        step = self.last
        if step not in self._leg.due or step in self._published or not self._saves.begun(step):
            return False
        if self._publish(step, ended):
            return False
        return self._passed(step) and not ended

    def _publish(self, step: int, ended: bool) -> bool:
        if not self._saves.complete(step, passed=self._passed(step) or ended):
            return False
        self._reporter.checkpoint(step, lambda folder: self._saves.publish(step, folder))
        self._published.add(step)
        return True

    def _passed(self, step: int) -> bool:
        return any(later > step for later in self._pending)

    def _position(self) -> Position:
        leg = self._leg
        return Position(leg.start, leg.stop, self.seen, self._saves.layout.path(leg.stop))

    # --- the end -------------------------------------------------------------------------------------------------
    def _arrived(self, status: int | None) -> bool:
        """Whether the last step is finished and its checkpoint complete, and the program has had time to end."""
        stop = self._leg.stop
        if self.last != stop - 1 or stop not in self._pending or not self._finished(stop, status is not None):
            return False
        if not self._saves.complete(stop, passed=self._passed(stop) or status == 0):
            return False
        if status is not None or not self._manners.stops_itself or self._passed(stop):
            return True
        self._arrived_at = self._arrived_at or time.monotonic()
        return time.monotonic() - self._arrived_at > self._manners.exit_seconds

    def _stop(self, reason: StopReason) -> StopReason:
        """Ends the program at the reporter's wish, with a checkpoint if it has one or can make one."""
        whole = self._saves.complete(self.last, passed=self._passed(self.last))
        self._running.end(self._manners.grace_seconds)
        if reason.kind is StopKind.DIVERGED:
            return reason
        if self._manners.saves_on_term and not whole:
            self._take(self._stream.read(ended=True), ended=True)
            by_itself = self._running.status() != -signal.SIGKILL
            steps = (self.last, *(s for s in sorted(self._pending) if self.last < s <= self._leg.stop))
            saved = next((s for s in steps if self._saves.complete(s, passed=by_itself)), self.last)
            while self.last < saved:  # steps that it finished while it was being stopped
                self._tell(StepMetrics(self.last + 1, self._pending.pop(self.last + 1, {})))
        if self.last not in self._published:
            self._publish(self.last, ended=whole or self._manners.saves_on_term)
        return replace(reason, step=self.last)
