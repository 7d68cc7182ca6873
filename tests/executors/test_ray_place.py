"""A place without Ray: what the actor on a node does, driven directly."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune import __version__
from rltune.executors.base import Order, Outcome
from rltune.executors.ray.place import RAY_ADDRESS, Place, PlaceTerms, revive
from rltune.executors.records import write_order
from rltune.types import StepMetrics, StopKind

from .orders import TOY, train_order


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what a place takes out of its process's environment."""
    for name, value in {RAY_ADDRESS: "as it was", **os.environ}.items():
        if name.startswith("RAY_"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place(PlaceTerms((TOY,), 2.0, 1, "cpu", __version__))
    yield made
    made.close()


def _written(root: Path, **settings: float) -> Order:
    order = train_order(root, **settings)
    write_order(order)
    return order


def _until_the_end(place: Place, order: Order, seen: int = 0) -> list[StepMetrics | Outcome]:
    events: list[StepMetrics | Outcome] = []
    while not events or not isinstance(events[-1], Outcome):
        events += [revive(plain) for plain in place.poll(order.id, seen + len(events), 1.0)]
    return events


def test_events_are_kept_until_they_were_taken(place: Place, tmp_path: Path) -> None:
    order = _written(tmp_path)
    place.launch(order.id, str(order.folder))
    first = _until_the_end(place, order)
    assert [event.step for event in first[:-1] if isinstance(event, StepMetrics)] == [1, 2, 3, 4, 5]
    assert isinstance(first[-1], Outcome) and first[-1].stop.kind is StopKind.REACHED
    assert _until_the_end(place, order) == first, "an answer that was lost is given again"
    assert _until_the_end(place, order, seen=3) == first[3:]


def test_asked_twice_it_starts_one_process(place: Place, tmp_path: Path) -> None:
    order = _written(tmp_path, step_time=0.05)
    answers: list[object] = []
    askers = [
        threading.Thread(target=lambda: answers.append(place.launch(order.id, str(order.folder)))) for _ in range(2)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(answers) == 2 and answers[0] == answers[1]
    assert _until_the_end(place, order)


def test_a_second_order_is_its_own(place: Place, tmp_path: Path) -> None:
    for _ in range(2):
        order = _written(tmp_path)
        place.launch(order.id, str(order.folder))
        assert len(_until_the_end(place, order)) == 6
    assert os.environ[RAY_ADDRESS] == "local"


def test_another_version_starts_nothing(tmp_path: Path) -> None:
    place = Place(PlaceTerms((TOY,), 2.0, 1, "cpu", "0.0.1"))
    answer = place.launch("order", str(tmp_path))
    assert "the study runs with 0.0.1" in answer["problem"] and "same version" in answer["hint"]
