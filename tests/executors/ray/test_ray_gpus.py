"""GPUs on a cluster: each trial is shown those that were reserved for it. Ray is told of GPUs that aren't there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rltune.executors.base import Executor, Order
from rltune.executors.build import build_executor
from rltune.executors.records import SegmentFiles

from ..orders import carry_out, finish, train_order

pytestmark = pytest.mark.slow
TRAINER = "executors.ray.seeing_trainer:SeeingTrainer"


@pytest.fixture(scope="module")
def with_gpus(cluster: Any) -> Iterator[Any]:
    node = cluster.add(num_cpus=4, num_gpus=2)
    yield cluster
    cluster.remove(node)


@pytest.fixture
def executor(with_gpus: Any) -> Iterator[Executor]:
    made = build_executor("ray", {"trainers": [TRAINER], "address": with_gpus.address, "cpus": 0.5, "gpus": 0.5})
    made.open()
    yield made
    made.close()


def _order(root: Path, gpus: float | None, run: str = "run") -> Order:
    return replace(train_order(root, trainer=TRAINER, run=run, step_time=0.3), gpus=gpus)


def _seen(order: Order) -> str:
    line = next(line for line in SegmentFiles(order.folder).log.read_text().splitlines() if line.startswith("sees"))
    return line.split("'")[1]


def test_whole_ones_are_its_own(executor: Executor, tmp_path: Path) -> None:
    assert executor.gpus == 2 and executor.slots == 4, "two halves on each"
    orders = [_order(tmp_path, 1, "a"), _order(tmp_path, 1, "b")]
    for order in orders:
        assert executor.has_room(1)
        executor.submit(order)
    assert not executor.has_room(1) and not executor.has_room(0.5)
    finish(executor, *orders)
    assert {_seen(order) for order in orders} == {"0", "1"}
    assert executor.has_room(2), "idle places make room for a larger trial"
    both = _order(tmp_path, 2, "both")
    carry_out(executor, both)
    assert sorted(_seen(both)) == sorted("0,1")


def test_fractions_share_one(executor: Executor, tmp_path: Path) -> None:
    orders = [_order(tmp_path, 0.5, f"r{i}") for i in range(3)]
    for order in orders:
        executor.submit(order)
    finish(executor, *orders)
    assert {_seen(order) for order in orders} <= {"0", "1"}


def test_a_cpu_job_reserves_none(executor: Executor, tmp_path: Path) -> None:
    order = _order(tmp_path, 1)
    order = replace(order, job=replace(order.job, device="cpu"))
    carry_out(executor, order)
    assert _seen(order) == ""
