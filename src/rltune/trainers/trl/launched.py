"""One of the processes that train a segment together: `python -m rltune.trainers.trl.launched JOB ADDRESS`.

accelerate's launcher starts it, several times. The one of rank 0 leads: it alone speaks with the trial.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from rltune.trainers.base import Reporter
from rltune.trainers.trl.run import train_segment
from rltune.trainers.trl.wire import (
    Alive,
    Checkpoint,
    Done,
    Failed,
    LaunchedJob,
    Message,
    Starts,
    Step,
    connect,
    read_job,
    sendable,
)
from rltune.types import StepMetrics, StopKind, StopReason


class Follower:
    """The reporter of a process that doesn't lead: it tells nobody, and writes its part of each checkpoint."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace

    def training_starts(self, ago: float = 0.0) -> None:
        return

    def workspace(self) -> Path:
        return self._workspace

    def step(self, metrics: StepMetrics) -> StopReason | None:
        return None

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        folder = self._workspace / f"step-{step}"
        folder.mkdir(exist_ok=True)
        save(folder)
        return folder

    def alive(self) -> None:
        return


class Leader(Follower):
    """The leader's reporter: passes everything on to the trial."""

    def __init__(self, workspace: Path, trial: Connection) -> None:
        super().__init__(workspace)
        self._trial = trial

    def tell(self, message: Message) -> None:
        self._trial.send(message)

    def training_starts(self, ago: float = 0.0) -> None:
        self.tell(Starts())

    def step(self, metrics: StepMetrics) -> StopReason | None:
        self.tell(Step(metrics))
        return self._trial.recv()

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        self.tell(Checkpoint(step, super().checkpoint(step, save)))
        return self._trial.recv()

    def alive(self) -> None:
        self.tell(Alive())


def main() -> None:
    """One process of a launched trial: the first reports, the others follow."""
    order, address = map(Path, sys.argv[1:])
    launched = read_job(order)
    if int(os.environ.get("RANK", "0")) == 0:
        _lead(launched, address)
    else:
        reason = _train(launched, Follower(launched.workspace))
        if reason.kind is StopKind.DIVERGED:
            # The leader may not have noticed: its own answers may have been finite, and it would wait for ever.
            sys.exit(f"FloatingPointError: {reason.reason}")


def _lead(launched: LaunchedJob, address: Path) -> None:
    with connect(address) as trial:
        leader = Leader(launched.workspace, trial)
        try:
            reason = _train(launched, leader)
        except BaseException as error:
            leader.tell(Failed(sendable(error)))
            raise
        leader.tell(Done(reason))


def _train(launched: LaunchedJob, reporter: Reporter) -> StopReason:
    return train_segment(launched.job, reporter, launched.processes)


if __name__ == "__main__":
    main()
