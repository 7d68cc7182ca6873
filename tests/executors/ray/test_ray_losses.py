"""Nodes and places that die, freeze or never come: the trial is told lost or refused, with the reason, and fenced."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rltune.errors import ExecutorError
from rltune.executors import codec
from rltune.executors.base import Executor, Order
from rltune.executors.build import build_executor
from rltune.executors.fence import read_holder
from rltune.executors.processes import is_alive, read_process
from rltune.executors.records import SegmentFiles, read_metrics, read_worker
from rltune.executors.seal import sealed
from rltune.store.manifest import host_name, verify
from rltune.types import StopKind

from ..orders import TOY, carry_out, finish, started, train_order, wait_until

pytestmark = pytest.mark.slow
Make = Callable[..., Executor]


@pytest.fixture
def make(cluster: Any) -> Iterator[Make]:
    """Makes open executors on the cluster."""
    made: list[Executor] = []

    def build(**options: object) -> Executor:
        given = {"trainers": [TOY], "grace_seconds": 3.0, "address": cluster.address, "device": "cpu"}
        executor = build_executor("ray", {**given, **options})
        made.append(executor)
        executor.open()
        return executor

    yield build
    for executor in made:
        executor.close()


def test_a_lost_node_is_named_and_its_trial_goes_on_elsewhere(cluster: Any, make: Make, tmp_path: Path) -> None:
    node = cluster.add(num_cpus=1, resources={"spot": 1})
    executor = make(resources={"spot": 1}, waiting=1)
    order = train_order(tmp_path, stop=40, step_time=0.1, checkpoint_at=tuple(range(1, 40)))
    process = started(executor, order)
    wait_until(lambda: len(read_metrics(order.folder).steps) >= 5)
    cluster.cut(node)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.LOST and outcome.stop.step >= 5
    assert "node" in outcome.stop.reason and "was lost" in outcome.stop.reason
    newest = outcome.checkpoints[-1]
    assert outcome.stop.step - newest.step <= 1 and verify(newest.path) is None
    assert read_holder(order.checkpoints) == "", "nobody may write there until the run is given to the next"
    wait_until(lambda: not is_alive(process))
    other = cluster.add(num_cpus=1, resources={"spot": 1})
    heir = train_order(tmp_path, start=newest.step, stop=newest.step + 3, resume=newest.path)
    assert carry_out(executor, heir).stop.kind is StopKind.REACHED
    cluster.remove(other)


def test_a_run_goes_to_another_machine_than_the_one_it_was_lost_on(cluster: Any, make: Make, tmp_path: Path) -> None:
    node = cluster.add(num_cpus=1)
    executor = make(slots=1)
    order = train_order(tmp_path, run="first")
    assert carry_out(executor, order).stop.kind is StopKind.REACHED
    first = read_worker(order.folder)  # its place is idle now, and would be taken again
    heir = replace(train_order(tmp_path, run="heir"), avoid=(first,))
    assert carry_out(executor, heir).stop.kind is StopKind.REACHED
    second = read_worker(heir.folder)
    assert second != first and second.startswith(f"{host_name()} (")
    nowhere = replace(train_order(tmp_path, run="nowhere"), avoid=(first, second))
    assert carry_out(executor, nowhere).stop.kind is StopKind.REACHED, "better there than not at all"
    cluster.remove(node)


def test_a_killed_place_leaves_its_trial_time_to_save(make: Make, tmp_path: Path) -> None:
    executor = make(slots=1)
    order = train_order(tmp_path, stop=40, step_time=0.1)
    process = started(executor, order)
    wait_until(lambda: read_metrics(order.folder).steps)
    os.kill(_place_of(process.pid), signal.SIGKILL)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.LOST and "its place on node" in outcome.stop.reason
    assert outcome.checkpoints[-1].step == outcome.stop.step == outcome.metrics[-1].step
    assert carry_out(executor, train_order(tmp_path, run="next")).stop.kind is StopKind.REACHED


def test_a_frozen_place_is_given_up_and_its_trial_fenced(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rltune.executors.ray.executor.ANSWER_SECONDS", 4.0)
    monkeypatch.setattr("rltune.executors.ray.flight.SILENT_SECONDS", 3.0)
    executor = make(slots=1)
    order = train_order(tmp_path, stop=40, step_time=0.1, checkpoint_at=tuple(range(1, 40)))
    process = started(executor, order)
    wait_until(lambda: len(read_metrics(order.folder).steps) >= 3)
    frozen = [process.pid, _place_of(process.pid)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.LOST and "didn't answer" in outcome.stop.reason
    newest = outcome.checkpoints[-1]
    os.kill(process.pid, signal.SIGCONT)
    wait_until(lambda: not is_alive(process))
    assert verify(newest.path) is None and read_metrics(order.folder).steps[-1].step <= outcome.stop.step + 2
    heir = train_order(tmp_path, start=newest.step, stop=newest.step + 2, resume=newest.path)
    assert carry_out(executor, heir).stop.kind is StopKind.REACHED
    wait_until(lambda: read_process(frozen[1]) is None)


def test_room_is_what_the_cluster_has_free(cluster: Any, make: Make, tmp_path: Path) -> None:
    executor, other = make(device="auto", gpus=1), make(slots=8)
    assert executor.slots == 2 and executor.gpus == 0
    orders = [train_order(tmp_path, run=f"r{i}", stop=40, step_time=1.0) for i in range(2)]
    for order in orders:
        assert executor.has_room()
        executor.submit(order)
    assert not executor.has_room()
    wait_until(lambda: all(read_metrics(order.folder).steps for order in orders))
    assert not other.has_room(), "another study has taken it"
    node = cluster.add(num_cpus=1)
    wait_until(lambda: executor.slots == 3 and executor.has_room())
    cluster.remove(node)
    wait_until(lambda: executor.slots == 2)
    # Whoever had seen the third slot a moment before isn't refused: the order waits.
    executor.submit(third := train_order(tmp_path, run="r2"))
    orders.append(third)
    for order in orders:
        executor.stop(order.id)
    assert {o.stop.kind for o in finish(executor, *orders).values()} == {StopKind.INTERRUPTED}
    assert executor.has_room(), "its idle places count as free"


def test_an_order_waits_for_a_node_that_is_on_its_way(cluster: Any, make: Make, tmp_path: Path) -> None:
    executor = make(resources={"late": 1}, waiting=1)
    first, second = train_order(tmp_path, run="first"), train_order(tmp_path, run="second")
    assert executor.has_room()
    executor.submit(first)
    assert not executor.has_room(), "one may wait, not two"
    assert executor.poll(0.5) == []
    node = cluster.add(num_cpus=1, resources={"late": 1})
    assert finish(executor, first)[first.id].stop.kind is StopKind.REACHED
    cluster.remove(node)
    wait_until(lambda: executor.slots == 2)
    executor.submit(second)
    executor.stop(second.id)
    outcome = finish(executor, second)[second.id]
    assert (outcome.stop.kind, outcome.stop.step) == (StopKind.INTERRUPTED, 0)


def test_what_no_node_ever_had_is_refused(make: Make, tmp_path: Path) -> None:
    executor = make(cpus=64)
    with pytest.raises(ExecutorError, match="needs 64 CPU on one node, and the largest of the . nodes has 2 CPU"):
        executor.submit(train_order(tmp_path))
    gpus = make(device="cuda")
    with pytest.raises(ExecutorError, match="1 CPU, 1 GPU"):
        gpus.submit(train_order(tmp_path))


def test_a_folder_that_a_node_does_not_see_is_told(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltune.executors.ray.executor.write_order", lambda order: None)
    executor = make()
    order = train_order(tmp_path)
    executor.submit(order)
    with pytest.raises(ExecutorError, match="doesn't see the study's folder") as caught:
        _poll_until_raised(executor)
    assert "shared disk" in str(caught.value)


def test_another_version_on_a_node_is_told(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executor = make()
    monkeypatch.setattr("rltune.executors.ray.executor.__version__", "9.9")
    executor.submit(train_order(tmp_path))
    with pytest.raises(ExecutorError, match="has rltune .*, the study runs with 9.9"):
        _poll_until_raised(executor)


def test_a_trainer_that_a_node_cannot_load_is_told(make: Make, tmp_path: Path) -> None:
    executor = make(trainers=["no_such_module:Trainer"])
    executor.submit(train_order(tmp_path))
    with pytest.raises(ExecutorError, match="no_such_module"):
        _poll_until_raised(executor)
    executor.close()


def _poll_until_raised(executor: Executor) -> None:
    for _ in range(60):
        executor.poll(1.0)


def _place_of(worker: int) -> int:
    """The actor's process: the parent of the fork server that made the worker."""
    server = read_process(worker)
    assert server is not None
    place = read_process(server.parent)
    assert place is not None
    return place.parent


def test_what_comes_through_ray_is_what_lies_on_disk(make: Make, tmp_path: Path) -> None:
    order: Order = train_order(tmp_path, fault="nan")
    outcome = carry_out(make(), order)
    assert outcome.stop.kind is StopKind.DIVERGED and math.isnan(outcome.metrics[-1].values["kl"])
    assert SegmentFiles(order.folder).outcome.read_text() == sealed(codec.outcome_to_plain(outcome))
