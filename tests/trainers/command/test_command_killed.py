"""A program that somebody kills is lost, not short of memory: the run goes on from its newest checkpoint."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest
from command_toys import HYPERPARAMETERS, fake_settings, job

from rltune.executors.base import Ended, Order, Outcome
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import read_metrics
from rltune.testing.faults.base import Scene
from rltune.testing.faults.kill import Kill
from rltune.types import StopKind

pytestmark = pytest.mark.slow


def carry_out(executor: LocalExecutor, order: Order, kill_at: int | None = None) -> Outcome:
    """Runs an order to its end; the program is killed when it has told of step `kill_at`."""
    executor.submit(order)
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline:
        for event in executor.poll(0.05):
            if isinstance(event, Ended):
                return event.outcome
        if kill_at is not None and len(read_metrics(order.folder).steps) >= kill_at:
            Kill("program").inject(Scene(order.folder.parents[3]), Random(0))
            kill_at = None
    raise AssertionError("it didn't end")


def test_a_killed_program_is_lost_and_continued(tmp_path: Path) -> None:
    settings = fake_settings()
    command = settings["command"]
    assert isinstance(command, list)
    settings["command"] = [*command, "--pause", "0.3"]
    run = tmp_path / "runs" / "0001"

    def order(number: int, start: int = 0, resume: Path | None = None) -> Order:
        told = job(
            6, hyperparameters=HYPERPARAMETERS, start_step=start, checkpoint_at=(2, 4),
            resume_from=str(resume) if resume else None,
        )  # fmt: skip
        folder = run / "segments" / f"{number:03d}"
        return Order(f"o{number}", folder, run / "checkpoints", "command", told, settings=settings)

    executor = LocalExecutor(slots=1, trainers=("command",), grace_seconds=5)
    executor.open()
    try:
        lost = carry_out(executor, order(1), kill_at=3)
        assert lost.stop.kind is StopKind.LOST and "SIGKILL" in lost.stop.reason
        newest = lost.checkpoints[-1]
        rest = carry_out(executor, order(2, newest.step, newest.path))
    finally:
        executor.close()
    assert rest.stop.kind is StopKind.REACHED
    assert [m.step for m in rest.metrics] == list(range(newest.step + 1, 7))
