"""A worker that was given up and comes back can neither change its successor's checkpoints nor go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.executors.base import Order
from rltune.executors.fence import Fence, FencedError, grant, read_holder, revoke
from rltune.executors.lease import STATUS_FENCED, wait_for_silence
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import SegmentFiles, checkpoint_folder, collect, read_metrics, write_order
from rltune.store.manifest import MANIFEST, publish, remove, temporary_folder, verify
from rltune.types import StopKind

from .orders import TOY, carry_out, train_order, wait_until


def _publish(final: Path, text: str, allowed: Fence, temporary: Path | None = None) -> None:
    temporary = temporary or temporary_folder(final)
    (temporary / "weights").write_text(text)
    publish(temporary, final, allowed.check)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


class Thaw:
    """A permission that is asked by a writer which, right after it was given, is frozen: meanwhile `happens`."""

    def __init__(self, fence: Fence, happens: object) -> None:
        self.fence, self.happens, self.asked = fence, happens, 0

    def check(self) -> None:
        self.fence.check()
        self.asked += 1
        assert callable(self.happens)
        self.happens(self.asked)


def test_only_the_holder_publishes_and_removes(checkpoints: Path) -> None:
    first, second = Fence(checkpoints, "first"), Fence(checkpoints, "second")
    final = checkpoint_folder(checkpoints, 3)
    grant(checkpoints, "first")
    _publish(final, "first", first)
    grant(checkpoints, "second")
    with pytest.raises(FencedError, match="held by second"):
        _publish(final, "late", first)
    with pytest.raises(FencedError):
        remove(final, first.check)
    assert (final / "weights").read_text() == "first" and verify(final) is None
    _publish(final, "second", second)
    assert (final / "weights").read_text() == "second" and verify(final) is None
    revoke(checkpoints)
    with pytest.raises(FencedError, match="held by nobody"):
        _publish(final, "later", second)


@pytest.mark.parametrize("frozen_at", [1, 2])
def test_a_writer_frozen_between_asking_and_acting_changes_nothing(checkpoints: Path, frozen_at: int) -> None:
    """The permission is asked twice: before the older folder goes, and within that. Frozen after either, it is late."""
    final = checkpoint_folder(checkpoints, 3)
    grant(checkpoints, "zombie")
    _publish(final, "old", Fence(checkpoints, "zombie"))

    def taken_over(asked: int) -> None:
        if asked == frozen_at:
            grant(checkpoints, "heir")
            _publish(final, "heir", Fence(checkpoints, "heir"))

    zombie = Thaw(Fence(checkpoints, "zombie"), taken_over)
    temporary = temporary_folder(final)
    (temporary / "weights").write_text("zombie")
    with pytest.raises((OSError, FencedError)):
        publish(temporary, final, zombie.check)
    assert (final / "weights").read_text() == "heir" and verify(final) is None


def test_a_remover_frozen_between_asking_and_acting_removes_nothing(checkpoints: Path) -> None:
    final = checkpoint_folder(checkpoints, 3)
    grant(checkpoints, "zombie")
    _publish(final, "kept", Fence(checkpoints, "zombie"))
    with pytest.raises(OSError):
        remove(final, Thaw(Fence(checkpoints, "zombie"), lambda asked: revoke(checkpoints)).check)
    assert verify(final) is None


def test_what_a_writer_had_begun_is_swept_when_its_run_is_taken(checkpoints: Path) -> None:
    grant(checkpoints, "zombie")
    temporary = temporary_folder(checkpoint_folder(checkpoints, 3))
    (temporary / "weights").write_text("half")
    grant(checkpoints, "heir")
    assert list(checkpoints.iterdir()) == []


def test_a_run_that_nobody_was_given_has_no_holder(checkpoints: Path) -> None:
    revoke(checkpoints)
    assert read_holder(checkpoints) == "" and not list(checkpoints.parent.iterdir())


def test_waiting_for_silence_ends_with_the_last_beat(tmp_path: Path) -> None:
    lease, waits = SegmentFiles(tmp_path).lease, []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) <= 5:
            lease.touch()
            os.utime(lease, ns=(len(waits), len(waits)))

    wait_for_silence(lambda: [tmp_path], wait, 300.0)
    assert 5 < len(waits) < 20, "five beats, then fifteen seconds without one"
    waits.clear()
    wait_for_silence(lambda: [], wait, 300.0)
    assert waits == []


# --- real workers ----------------------------------------------------------------------------------------------------
@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    made = LocalExecutor(slots=1, trainers=(TOY,), grace_seconds=2.0)
    made.open()
    yield made
    made.close()


class Alone:
    """A worker without an executor that would see to it: what a node that was given up has left running."""

    def __init__(self, order: Order) -> None:
        write_order(order)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rltune.executors.worker", str(order.folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


@pytest.mark.slow
def test_a_frozen_worker_that_comes_back_leaves_its_successor_alone(executor: LocalExecutor, tmp_path: Path) -> None:
    every_step = tuple(range(1, 40))
    lost = train_order(tmp_path, stop=40, step_time=0.05, checkpoint_at=every_step)
    with Alone(lost) as zombie:
        wait_until(lambda: len(read_metrics(lost.folder).steps) >= 6, 30.0)
        os.kill(zombie.process.pid, signal.SIGSTOP)
        revoke(lost.checkpoints)
        outcome = collect(lost.folder, lost.checkpoints)
        assert outcome.stop.kind is StopKind.LOST and len(outcome.checkpoints) >= 2
        newest = outcome.checkpoints[-1]
        heir = train_order(tmp_path, start=newest.step, stop=newest.step + 4, resume=newest.path)
        ended = carry_out(executor, heir)
        assert ended.stop.kind is StopKind.REACHED
        kept = {path: (path / MANIFEST).read_bytes() for path in lost.checkpoints.iterdir()}
        steps = len(read_metrics(lost.folder).steps)
        os.kill(zombie.process.pid, signal.SIGCONT)
        assert zombie.process.wait(20.0) == STATUS_FENCED
    assert {path: (path / MANIFEST).read_bytes() for path in lost.checkpoints.iterdir()} == kept
    assert all(verify(path) is None for path in kept)
    assert not SegmentFiles(lost.folder).outcome.exists()
    assert len(read_metrics(lost.folder).steps) <= steps + 2, "it ends at its next checkpoint"


@pytest.mark.slow
def test_a_worker_whose_run_was_taken_ends_itself_and_its_children_between_steps(tmp_path: Path) -> None:
    order = train_order(tmp_path, fault="hang")
    with Alone(order) as worker:
        wait_until(lambda: read_metrics(order.folder).steps, 30.0)
        grant(order.checkpoints, "another")
        assert worker.process.wait(20.0) == STATUS_FENCED
    assert "this worker ends itself" in SegmentFiles(order.folder).log.read_text()


@pytest.mark.slow
def test_a_worker_keeps_its_lease_when_the_disk_with_it_cannot_be_read(tmp_path: Path) -> None:
    order = train_order(tmp_path, stop=40, step_time=0.15)
    with Alone(order) as worker:
        wait_until(lambda: read_metrics(order.folder).steps, 30.0)
        holder = order.checkpoints.with_name("checkpoints.holder")
        holder.rename(holder.with_suffix(".away"))
        holder.mkdir()  # reading it now fails, as on a disk that is gone for a while
        with pytest.raises(subprocess.TimeoutExpired):
            worker.process.wait(3.0)
        shutil.rmtree(holder)
        holder.with_suffix(".away").rename(holder)
        assert worker.process.wait(30.0) == 0
    assert collect(order.folder, order.checkpoints).stop.kind is StopKind.REACHED
