"""How an order ends whose place is gone: from what it has left, and from what Ray says only where that is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rltune.executors.base import Outcome
from rltune.executors.records import write_order, write_outcome
from rltune.types import Cost, StepMetrics, StopKind, StopReason

from ..orders import train_order

if TYPE_CHECKING:
    from rltune.executors.ray.flight import Flight

NCCL = "after step 0: RuntimeError: NCCL error: remote process exited"


@pytest.fixture
def flight(tmp_path: Path) -> Flight:
    """In the air, and its node lost."""
    module = pytest.importorskip("rltune.executors.ray.flight", reason="Ray is an extra: pip install 'rltune[ray]'")
    order = train_order(tmp_path)
    write_order(order)
    seat: Any = None
    flying = module.Flight(order, seat, module.Stage.EVENTS, None, None, 0.0)
    flying.orphaned("node a was lost", 1.0)
    return flying


@pytest.mark.parametrize(
    ("kind", "reason"), [(StopKind.FAILED, "it broke"), (StopKind.DIVERGED, "nan"), (StopKind.LOST, NCCL)]
)
def test_what_it_said_itself_before_its_place_was_lost_stands(flight: Flight, kind: StopKind, reason: str) -> None:
    stop = StopReason(kind, 0, reason)
    write_outcome(flight.order.folder, Outcome(stop, Cost(1.0)))
    assert flight.left_behind(2.0).stop == stop


def test_one_that_could_say_nothing_is_lost_with_what_ray_says(flight: Flight) -> None:
    stop = flight.left_behind(2.0).stop
    assert stop.kind is StopKind.LOST and "node a was lost" in stop.reason


def test_the_end_of_its_place_is_no_request_to_stop_but_the_studys_is(flight: Flight) -> None:
    stop = StopReason(StopKind.INTERRUPTED, 0, "asked to stop")
    write_outcome(flight.order.folder, Outcome(stop, Cost(1.0)))
    assert flight.left_behind(2.0).stop.kind is StopKind.LOST
    flight.stop_at = 1.5
    assert flight.left_behind(2.0).stop == stop


def test_steps_that_were_told_stay_though_the_disk_does_not_show_them_yet(flight: Flight) -> None:
    flight.steps = [StepMetrics(1, {"reward": 0.5})]
    write_outcome(flight.order.folder, Outcome(StopReason(StopKind.LOST, 0, NCCL), Cost(1.0)))
    found = flight.left_behind(2.0)
    assert found.stop.reason == NCCL and found.metrics == (StepMetrics(1, {"reward": 0.5}),)
