"""What the meter books, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore
from rltune.study.budget import Resources
from rltune.study.usage import FACT, Idle, Meter


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStudyStore]:
    store = create_study(tmp_path, "study", {})
    yield store
    store.close()


def test_each_account_gets_what_passed_under_it(store: SqlStudyStore) -> None:
    clock = HandClock()
    meter = Meter(store, clock, Resources(4, there=8, shares={"target": 4}))
    meter.turn("search", 0.0, Idle.ASKING)
    clock.sleep(2.0)
    meter.turn("search", 4.0, Idle.ROOM)
    clock.sleep(10.0)
    assert (meter.seconds, meter.gpu_seconds) == (12.0, 40.0)  # this moment included
    meter.started(4.0, 1.5)
    meter.turn("confirm", 8.0, Idle.NOTHING)
    clock.sleep(1.0)
    meter.book(force=True)
    facts = store.study().facts
    assert facts[FACT] == {
        "search": {"held": 40.0, "asking": 16.0, "room": 40.0, "starting": 6.0},
        "confirm": {"held": 8.0},
    }
    assert facts["seconds_by_phase"] == {"search": 12.0, "confirm": 1.0}
    assert (facts["ask_seconds"], facts["usage_unit"]) == (2.0, "GPU")
    assert store.study().seconds == 13.0


def test_a_killed_sitting_has_lost_a_second_at_most(store: SqlStudyStore) -> None:
    clock = HandClock()
    meter = Meter(store, clock, Resources(2))
    meter.turn("search", 2.0, Idle.NOTHING)
    for _ in range(25):
        clock.sleep(0.3)
        meter.book()
    after = Meter(store, clock, Resources(2))  # what a sitting after a kill begins with
    assert 6.5 <= after.seconds <= 7.5 and after.gpu_seconds == pytest.approx(2 * after.seconds)
    after.turn("search", 1.0, Idle.NOTHING)
    clock.sleep(5.0)
    assert after.gpu_seconds == pytest.approx(meter_gpu(store) + 5.0)


def meter_gpu(store: SqlStudyStore) -> float:
    """GPU-seconds that the store knows of."""
    usage = store.study().facts[FACT]
    assert isinstance(usage, dict)
    return usage["search"]["held"]
