"""Budgets by the clock, in GPU-hours, or both."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.config.load import parse_study
from rltune.errors import ConfigError
from rltune.study.budget import Budget, Resources, Spent
from rltune.words import budget_text

seconds = st.floats(0.0, 1e6)


def test_by_the_clock_alone_what_is_gone_is_the_time() -> None:
    budget = Budget(100.0, capacity=8)
    assert budget.whole == 100.0
    assert budget.gone(Spent(30.0, gpu_seconds=1e9)) == pytest.approx(30.0)
    assert budget.longest(Spent(30.0), share=0.5, gpus=8) == pytest.approx(20.0)


def test_gpu_hours_alone_count_what_trials_hold_and_will_yet_take() -> None:
    budget = Budget(math.inf, gpu_seconds=800.0, capacity=8)
    assert budget.whole == 100.0  # seconds with all eight in use
    assert budget.gone(Spent(1e6, gpu_seconds=200.0)) == pytest.approx(25.0)
    # Half of 800 is 400; 200 are used and 100 committed, so that one of four GPUs may run for 25 seconds.
    assert budget.longest(Spent(1e6, 200.0, committed=100.0), share=0.5, gpus=4) == pytest.approx(25.0)


@given(seconds, seconds)
def test_of_two_limits_the_one_that_ends_first_counts(time: float, gpu_seconds: float) -> None:
    both, spent = Budget(1000.0, 4000.0, capacity=8), Spent(time, gpu_seconds)
    gone = both.gone(spent)
    assert (gone >= both.whole - 1e-9) == (time >= 1000.0 - 1e-6 or gpu_seconds >= 4000.0 - 1e-5)
    assert both.longest(spent, 1.0, 1) <= max(0.0, min(1000.0 - time, 4000.0 - gpu_seconds)) + 1e-9


def test_what_trials_hold() -> None:
    assert (Resources(4).unit, Resources(4).capacity, Resources(4).units("any")) == ("place", 4.0, 1.0)
    shares = Resources(8, there=8, shares={"target": 4, "proxy": 1})
    assert (shares.unit, shares.capacity, shares.units("target"), shares.units("proxy")) == ("GPU", 8.0, 4.0, 1.0)
    shared = Resources(4, there=2)  # four trials on two GPUs
    assert (shared.capacity, shared.units("any")) == (2.0, 0.5)
    assert Resources(2, there=8).capacity == 2.0  # nobody could ever use the other six


def test_machines_that_come_and_go_do_not_change_what_is_counted() -> None:
    shares = Resources(8, there=8, shares={"target": 4, "proxy": 1})
    gone = shares.now(1, 0)
    assert (gone.unit, gone.capacity, gone.units("target")) == ("GPU", 0.0, 4.0)
    assert gone.now(8, 8).capacity == shares.capacity
    places = Resources(2).now(4, 16)  # a node that has GPUs joins, which no trial here uses
    assert (places.unit, places.capacity, places.units("any")) == ("place", 4.0, 1.0)


def test_a_study_file_names_time_or_gpu_hours_or_both() -> None:
    source = {
        "name": "b",
        "models": {"target": "embedded/s"},
        "task": "arithmetic/easy",
        "trainer": "trl",
        "budget": {"gpu_hours": 400},
    }
    assert parse_study(source).budget.gpu_hours == 400
    assert parse_study({**source, "budget": "48h"}).budget.time == 48 * 3600
    with pytest.raises(ConfigError, match="needs time, gpu_hours or both"):
        parse_study({**source, "budget": {"search": 0.5}})
    assert budget_text(48 * 3600, 400) == "48.0 h or 400 GPU-hours, whichever ends first"
