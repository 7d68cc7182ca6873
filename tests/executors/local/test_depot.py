"""Trials whose checkpoints are kept on object storage: their machine's own disk holds nothing beyond them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from executors.orders import TOY, carry_out, finish, score_order, started, train_order, wait_until
from rltune.executors.base import Depot, Order
from rltune.executors.local.executor import LocalExecutor
from rltune.faults.attribute import attribute, settle
from rltune.faults.base import Cause
from rltune.store import manifest, storage
from rltune.store.remote import fetch, place_of, verify
from rltune.testing.toy_trainer import STATE_FILE
from rltune.types import StopKind

pytestmark = pytest.mark.slow


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    with_toy = LocalExecutor(slots=2, trainers=(TOY,), grace_seconds=3.0)
    with_toy.open()
    yield with_toy
    with_toy.close()


@pytest.fixture
def base(tmp_path: Path) -> str:
    url = f"file://{tmp_path}/bucket/study"
    storage.mark(url, "kept here")
    return url


def on(order: Order, base: str, disk: Path) -> Order:
    """The order on a machine with this disk."""
    return replace(order, depot=Depot(f"{base}/{order.checkpoints.parent.name}", str(disk)))


def left_on(disk: Path) -> list[Path]:
    return list(disk.glob("rltune-*/.*"))


def state_of(stand_in: Path, folder: Path) -> str:
    fetch(stand_in, folder)
    return (folder / STATE_FILE).read_text()


def test_a_run_goes_on_elsewhere_as_if_it_had_never_stopped(executor: LocalExecutor, base: str, tmp_path: Path) -> None:
    straight = carry_out(executor, train_order(tmp_path, stop=8, run="straight"))
    one, other = tmp_path / "one", tmp_path / "other"
    first = carry_out(executor, on(train_order(tmp_path, stop=3, checkpoint_at=(1, 2), run="parts"), base, one))
    assert [c.step for c in first.checkpoints] == [2, 3] and not left_on(one)
    resume = first.checkpoints[-1].path
    second = carry_out(executor, on(train_order(tmp_path, start=3, stop=8, resume=resume, run="parts"), base, other))
    assert (second.stop.kind, second.stop.step) == (StopKind.REACHED, 8) and not left_on(other)
    end = second.checkpoints[-1]
    assert end.bytes == straight.checkpoints[-1].bytes
    assert state_of(end.path, tmp_path / "back") == (straight.checkpoints[-1].path / STATE_FILE).read_text()
    uploads = {path.name.partition(".")[0] for path in (tmp_path / "bucket/study/parts").iterdir()}
    assert uploads == {"step-000002", "step-000003", "step-000008"}, "what it didn't keep is gone there, too"


def test_a_scoring_reads_it_and_leaves_nothing(executor: LocalExecutor, base: str, tmp_path: Path) -> None:
    trained = carry_out(executor, on(train_order(tmp_path), base, tmp_path / "one"))
    here = carry_out(executor, train_order(tmp_path, run="here"))
    order = score_order(tmp_path, trained.checkpoints[-1].path)
    scored = carry_out(executor, replace(order, depot=Depot("", str(tmp_path / "other"))))
    assert scored.scores == carry_out(executor, score_order(tmp_path, here.checkpoints[-1].path)).scores
    assert scored.stop.kind is StopKind.REACHED and not left_on(tmp_path / "other")


def test_what_is_thrown_away_is_not_uploaded(executor: LocalExecutor, base: str, tmp_path: Path) -> None:
    timed = carry_out(executor, replace(train_order(tmp_path), depot=Depot("", str(tmp_path / "one"))))
    assert timed.stop.kind is StopKind.REACHED and timed.checkpoints[0].bytes > 0
    assert not left_on(tmp_path / "one") and len(storage.sizes(base)) == 1


def test_an_upload_waits_for_storage_that_is_away_for_a_moment(
    executor: LocalExecutor, base: str, tmp_path: Path
) -> None:
    order = on(train_order(tmp_path, stop=3, checkpoint_at=(1,), load_time=0.5), base, tmp_path / "one")
    executor.submit(order)
    (tmp_path / "bucket").rename(tmp_path / "away")
    threading.Timer(2.5, lambda: (tmp_path / "away").rename(tmp_path / "bucket")).start()
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.REACHED
    assert [verify(c.path) for c in outcome.checkpoints] == [None, None]


def test_killed_while_it_uploads_it_goes_on_from_the_one_before(
    executor: LocalExecutor, base: str, tmp_path: Path
) -> None:
    disk, save = tmp_path / "one", {"step_time": 0.05, "checkpoint_at": (2,)}
    order = on(train_order(tmp_path, stop=4, run="run", **save), base, disk)  # type: ignore[arg-type]
    worker = started(executor, order)
    wait_until((order.checkpoints / "step-000002").is_dir)
    (tmp_path / "bucket").rename(tmp_path / "away")
    wait_until(lambda: list(disk.glob("rltune-*/.*/checkpoints/step-000004")))
    time.sleep(0.3)
    os.kill(worker.pid, signal.SIGKILL)
    outcome = finish(executor, order)[order.id]
    (tmp_path / "away").rename(tmp_path / "bucket")
    assert outcome.stop.kind is StopKind.LOST and [c.step for c in outcome.checkpoints] == [2]
    assert verify(outcome.checkpoints[0].path) is None and left_on(disk)
    again = train_order(tmp_path, start=2, stop=4, resume=outcome.checkpoints[0].path)
    assert carry_out(executor, on(again, base, disk)).stop.kind is StopKind.REACHED
    assert not left_on(disk), "what the killed one had left was cleared away"


def test_a_damaged_one_is_the_storages_fault_and_refused_from_then_on(
    executor: LocalExecutor, base: str, tmp_path: Path
) -> None:
    first = carry_out(executor, on(train_order(tmp_path, stop=3), base, tmp_path / "one"))
    stand_in = first.checkpoints[-1].path
    place = place_of(stand_in)
    assert place is not None
    state = Path(place.url.removeprefix("file://")) / STATE_FILE
    state.write_bytes(bytes([state.read_bytes()[0] ^ 1]) + state.read_bytes()[1:])
    assert verify(stand_in) is None
    order = train_order(tmp_path, start=3, stop=5, resume=stand_in)
    outcome = carry_out(executor, on(order, base, tmp_path / "one"))
    assert settle(outcome.stop, outcome.log_tail).kind is StopKind.LOST
    found = attribute(outcome.stop, outcome.log_tail)
    assert found is not None and found.cause is Cause.STORAGE
    assert verify(stand_in, contents=False) == f"the contents of {STATE_FILE} have changed"
    assert manifest.verify(stand_in) is None


def test_a_disk_that_isnt_the_users_is_refused(executor: LocalExecutor, base: str, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a file")
    outcome = carry_out(executor, on(train_order(tmp_path), base, tmp_path / "one"))
    assert outcome.stop.kind is StopKind.FAILED and "no place for checkpoints" in outcome.stop.reason
    assert "checkpoints.scratch" in outcome.log_tail
    assert settle(outcome.stop, outcome.log_tail).kind is StopKind.LOST, "that says nothing of its configuration"
