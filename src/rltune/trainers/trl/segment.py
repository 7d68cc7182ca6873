"""What happens at the end of each step of one segment: report, validate, decide whether to save and to stop.

If several processes train together, each has a segment of its own, and all decide as the leader does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rltune.trainers.base import Reporter, Scores, TrainJob
from rltune.trainers.trl.metrics import NAMES, StepRecord
from rltune.trainers.trl.team import ALONE, Team
from rltune.types import StepMetrics, StopKind, StopReason


class Segment:
    """The state of one segment while TRL's loop runs.

    Args:
        names: TRL's name -> canonical name, of the metrics to report. team: the processes that train together.

    Attributes:
        updates: optimizer updates in a step. step: the last completed step. stop: why it ends, once it does.
        began: whether everything was loaded and the first step has begun.
    """

    def __init__(
        self,
        job: TrainJob,
        updates: int,
        reporter: Reporter,
        validate: Callable[[], Scores],
        names: Mapping[str, str] = NAMES,
        team: Team = ALONE,
    ) -> None:
        self.updates = updates
        self.step = job.start_step
        self.stop: StopReason | None = None
        self.began = False
        self._job = job
        self._reporter = reporter
        self._validate = validate
        self._record = StepRecord(names)
        self._team = team
        self._tokens = 0
        self._mark = 0.0

    def begin(self, tokens_seen: int) -> None:
        """Everything is loaded; the first step is about to begin. `tokens_seen` by the run so far."""
        self.began = True
        self._tokens = tokens_seen
        self._reporter.training_starts()
        self._mark = time.perf_counter()

    def update(self, raw: Mapping[str, Sequence[float]]) -> None:
        """Takes what TRL recorded at one update."""
        self._record.add(raw)

    def finish_step(self, tokens_seen: int, weights_finite: Callable[[], bool]) -> bool:
        """Ends a step; returns whether a checkpoint is due. Sets `stop` if this was the last step."""
        self.step += 1
        values = self._record.close()
        values["tokens"] = float(tokens_seen - self._tokens)
        values["step_seconds"] = time.perf_counter() - self._mark
        self._tokens = tokens_seen
        # A non-finite metric need not have reached the weights; with weights that aren't finite nothing can go on.
        broken = self._team.agree(not all(map(math.isfinite, values.values())) and not weights_finite())
        if self.step in self._job.validate_at and not broken:
            values.update(self._validation())
        reason = self._team.agree(self._reporter.step(StepMetrics(self.step, values)))
        if reason is not None:
            self.stop = reason
        elif broken:
            self.stop = diverged(self.step, f"weights are not finite after step {self.step}")
            return False
        elif self.step >= self._job.stop_step:
            self.stop = StopReason(StopKind.REACHED, self.step, f"trained to step {self.step}")
        self._mark = time.perf_counter()
        return self.stop is not None or self.step in self._job.checkpoint_at

    def save(self, write: Callable[[Path], None]) -> None:
        """Has a checkpoint of the last completed step published; its time counts for no step."""
        self._reporter.checkpoint(self.step, write)
        self._mark = time.perf_counter()

    def _validation(self) -> dict[str, float]:
        started = time.perf_counter()
        scores = self._validate()
        return {
            **{f"score/{name}": value for name, value in scores.items()},
            "validate_seconds": time.perf_counter() - started,
        }


def diverged(step: int, reason: str) -> StopReason:
    """The reason of a run whose numbers are no longer finite."""
    return StopReason(StopKind.DIVERGED, step, reason)
