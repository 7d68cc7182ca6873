"""A trial that uses Ray itself, inside of a place that has reserved all that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rltune.executors.base import Executor
from rltune.executors.build import build_executor
from rltune.executors.processes import members
from rltune.executors.records import SegmentFiles
from rltune.types import StopKind

from ..orders import finish, started, train_order
from .ray_using_trainer import told

pytestmark = pytest.mark.slow
TRAINER = "executors.ray.ray_using_trainer:RayUsingTrainer"


@pytest.fixture
def executor(cluster: Any, request: pytest.FixtureRequest) -> Iterator[Executor]:
    options = {"trainers": [TRAINER], "address": cluster.address, "device": "cpu", "slots": 1, **request.param}
    made = build_executor("ray", options)
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("executor", [{"cpus": 2}], indirect=True)
@pytest.mark.parametrize("crash", [False, True])
def test_its_own_ray_has_what_the_place_reserved(executor: Executor, cluster: Any, tmp_path: Path, crash: bool) -> None:
    order = train_order(tmp_path, trainer=TRAINER, wait=120.0, **({"crash": True} if crash else {}))
    process = started(executor, order)
    outcome = finish(executor, order, seconds=180.0)[order.id]
    assert outcome.stop.kind is StopKind.REACHED, outcome.log_tail
    answer = told(SegmentFiles(order.folder).log.read_text())
    assert answer["placed"] and answer["gcs"] != cluster.address
    assert not members(process), "its Ray is gone with it"


@pytest.mark.parametrize("executor", [{"cpus": 2, "trial_ray": "cluster"}], indirect=True)
def test_joining_the_cluster_it_waits_for_what_its_place_holds(
    executor: Executor, cluster: Any, tmp_path: Path
) -> None:
    """Why a trial has a Ray of its own: what the place has reserved (here all CPUs) can't be reserved again."""
    order = train_order(tmp_path, trainer=TRAINER, wait=8.0)
    executor.submit(order)
    assert finish(executor, order, seconds=180.0)[order.id].stop.kind is StopKind.REACHED
    assert told(SegmentFiles(order.folder).log.read_text()) == {"placed": False, "gcs": cluster.address}
