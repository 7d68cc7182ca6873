"""The simulated cluster: time that jumps, and what an executor owes its loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.errors import ExecutorError
from rltune.executors.base import Ended, Order, Outcome, Stepped
from rltune.store.manifest import verify
from rltune.testing.simulated_cluster import Course, SimulatedClock, SimulatedExecutor
from rltune.trainers.base import Scoring, TrainJob
from rltune.types import Cost, StepMetrics, StopKind, StopReason


class FiveSeconds:
    """Trials of five steps, one a second, that reach their end."""

    def course(self, order: Order) -> Course:
        steps = tuple((float(step), StepMetrics(step, {"reward": 0.5})) for step in range(1, 6))
        return Course(steps, 5.0, Outcome(StopReason(StopKind.REACHED, 5, "reached"), Cost(5.0)))


class Working:
    """Processor time that the test spends."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def order(name: str, folder: Path, gpus: int | None = None) -> Order:
    job = TrainJob("m", "t", {}, horizon=5, stop_step=5, seed=0, validation=Scoring(1, 1))
    return Order(name, folder / name, folder / name / "checkpoints", "none", job, gpus=gpus)


def test_time_jumps_to_the_next_end_and_passes_while_the_controller_works(tmp_path: Path) -> None:
    work = Working()
    clock = SimulatedClock(work)
    executor = SimulatedExecutor(FiveSeconds(), clock, slots=2)
    executor.submit(order("a", tmp_path))
    work.seconds += 1.5
    executor.submit(order("b", tmp_path))
    events = executor.poll(3600.0)
    assert clock.monotonic() == 5.0
    assert [e.order_id for e in events if isinstance(e, Ended)] == ["a"]
    # Of b, which began at 1.5, three steps have happened.
    assert [e.metrics.step for e in events if isinstance(e, Stepped) and e.order_id == "b"] == [1, 2, 3]
    work.seconds += 100.0
    with clock.stopped():
        work.seconds += 1000.0
    events = executor.poll(3600.0)
    assert clock.monotonic() == 105.0 and [e.order_id for e in events if isinstance(e, Ended)] == ["b"]
    assert clock.jumped == 3.5
    assert executor.poll(10.0) == [] and clock.monotonic() == 115.0


def test_a_trial_leaves_its_metrics_and_a_whole_checkpoint(tmp_path: Path) -> None:
    executor = SimulatedExecutor(FiveSeconds(), SimulatedClock(Working()), slots=1)
    executor.submit(order("a", tmp_path))
    (ended,) = (e for e in executor.poll(10.0) if isinstance(e, Ended))
    assert [m.step for m in ended.outcome.metrics] == [1, 2, 3, 4, 5]
    (saved,) = ended.outcome.checkpoints
    assert saved.step == 5 and verify(saved.path) is None


def test_a_trial_that_is_stopped_ends_where_it_is(tmp_path: Path) -> None:
    clock = SimulatedClock(Working())
    executor = SimulatedExecutor(FiveSeconds(), clock, slots=1)
    executor.submit(order("a", tmp_path))
    executor.poll(2.5)
    executor.stop("a")
    executor.stop("unknown")
    (ended,) = (e for e in executor.poll(10.0) if isinstance(e, Ended))
    assert (ended.outcome.stop.kind, ended.outcome.stop.step, clock.monotonic()) == (StopKind.INTERRUPTED, 2, 2.5)
    assert executor.has_room()


def test_gpus_are_shared_out(tmp_path: Path) -> None:
    executor = SimulatedExecutor(FiveSeconds(), SimulatedClock(Working()), slots=8, gpus=4)
    executor.submit(order("a", tmp_path, gpus=3))
    assert executor.has_room(1) and not executor.has_room(2)
    with pytest.raises(ExecutorError, match="no room"):
        executor.submit(order("b", tmp_path, gpus=2))
