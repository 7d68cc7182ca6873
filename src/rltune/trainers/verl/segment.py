"""One segment of a run: verl is started, watched step by step, and stopped where it has to be.

verl waits after each step for the word to go on (see the hook), so that a run can be stopped, with a checkpoint, at the
very step whose metrics decided it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import CheckpointError
from rltune.trainers.base import Reporter, TrainJob
from rltune.trainers.external.endings import Position
from rltune.trainers.external.program import Program, Running
from rltune.trainers.external.tail import Tail
from rltune.trainers.external.trees import move_into
from rltune.trainers.verl.checkpoints import require_complete, step_folder
from rltune.trainers.verl.command import Work
from rltune.trainers.verl.endings import ended
from rltune.trainers.verl.metrics import TRAINED, step_metrics
from rltune.types import StopKind, StopReason

_POLL_SECONDS = 0.1
_SAVE_SECONDS = 1800.0
_EXIT_SECONDS = 60.0


class MetricsFile:
    """verl's JSON-lines file, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)

    def fresh(self) -> Iterator[tuple[int, dict[str, float]]]:
        """(step, raw metrics) of the lines that are new since the last call; null is NaN."""
        for line in self._tail.read():
            row = json.loads(line)
            numbers = {name: math.nan if value is None else value for name, value in row["data"].items()}
            yield int(row["step"]), {n: float(v) for n, v in numbers.items() if isinstance(v, (int, float))}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a checkpoint must hold: the parts of so many processes (all GPUs of the job), of a critic too or not."""

    processes: int
    critic: bool

    def require(self, folder: Path) -> None:
        """Raises CheckpointError if verl's folder of a step is not complete."""
        require_complete(folder, self.processes, critic=self.critic)


class Segment:
    """See the module."""

    def __init__(self, job: TrainJob, program: Program, work: Work, reporter: Reporter, shape: Shape) -> None:
        self._job, self._program, self._work, self._reporter, self._shape = job, program, work, reporter, shape
        self._metrics = MetricsFile(work.metrics)
        self._began = False
        self._printed = 0
        self._step = job.start_step

    def run(self) -> StopReason:
        """Trains. Raises as `rltune.trainers.base.Trainer.train`."""
        job, work = self._job, self._work
        if job.resume_from is not None:
            self._shape.require(step_folder(Path(job.resume_from), job.start_step))
        for folder in (work.checkpoints, work.control):
            folder.mkdir(parents=True)
        try:
            with Running(self._program) as running:
                return self._watch(running)
        finally:
            shutil.rmtree(work.checkpoints, ignore_errors=True)  # what is worth keeping was published

    def _watch(self, running: Running) -> StopReason:
        while True:
            status = running.status()  # before the reading: what it wrote until its end is then read below
            if not self._began:
                self._note_start()
            for step, raw in self._metrics.fresh():
                reason = self._take(step, raw, running)
                if reason is not None:
                    return reason
            if status is not None:
                return self._ended(status)
            time.sleep(_POLL_SECONDS)

    def _note_start(self) -> None:
        """Loading a large model takes longer than most steps: as long as it prints, it lives."""
        if (self._work.control / "ready").exists():
            self._begin()
            return
        printed = self._work.console.stat().st_size if self._work.console.exists() else 0
        if printed != self._printed:
            self._printed = printed
            self._reporter.alive()

    def _begin(self) -> None:
        self._began = True
        self._reporter.training_starts()

    def _take(self, step: int, raw: dict[str, float], running: Running) -> StopReason | None:
        """A line of the metrics file; gives the reason if the segment ends with it."""
        if TRAINED not in raw or step <= self._step:
            return None
        if not self._began:
            self._begin()
        reason = self._reporter.step(step_metrics(step, raw))
        self._step = step
        job = self._job
        if reason is None and step < job.stop_step:
            self._tell("passed", str(step))  # first: verl needn't wait for the disk
            if step in job.checkpoint_at:
                self._publish()
            return None
        if reason is not None and reason.kind is StopKind.DIVERGED:
            return reason
        if step < job.stop_step:
            self._tell("stop")
            self._await_save(running)
        self._publish()
        running.wait(_EXIT_SECONDS)  # trackers send their last lines
        return reason or StopReason(StopKind.REACHED, step, f"trained to step {step}")

    def _await_save(self, running: Running) -> None:
        """Waits until the hook has saved the step that the run is stopped at."""
        deadline = time.monotonic() + _SAVE_SECONDS
        saved = self._work.control / "saved"
        while not saved.exists() and running.status() is None and time.monotonic() < deadline:
            self._reporter.alive()
            time.sleep(_POLL_SECONDS)
        if saved.exists():
            return
        status = running.status()
        how = f"within {_SAVE_SECONDS:g} s" if status is None else "before it ended"
        reason = None if status is None else self._ended(status)
        raise CheckpointError(
            f"verl has not saved step {self._step} {how}" + (f": {reason.reason}" if reason else ""),
            where=str(self._work.console),
        )

    def _publish(self) -> None:
        """Moves the checkpoint of the last step into the registry."""
        source = step_folder(self._work.checkpoints, self._step)
        self._shape.require(source)

        def save(folder: Path) -> None:
            target = folder / source.name
            target.mkdir()
            move_into(source, target)

        self._reporter.checkpoint(self._step, save)

    def _ended(self, status: int) -> StopReason:
        """The program is gone, and the stop wasn't reached."""
        job, expected = self._job, step_folder(self._work.checkpoints, self._job.stop_step)
        return ended(status, self._program, Position(job.start_step, job.stop_step, self._step, expected))

    def _tell(self, name: str, text: str = "") -> None:
        """Leaves a file for the hook, in one go."""
        path = self._work.control / name
        part = path.with_suffix(".part")
        part.write_text(text)
        os.replace(part, path)
