"""Rules over a recorded curve: where they stop it, and what that saves."""

from __future__ import annotations

import math

import pytest

from rltune.stopping.build import PRESETS
from rltune.stopping.combine import AnyOf
from rltune.stopping.kl_growth import KlGrowth
from rltune.stopping.non_finite import NonFinite
from rltune.stopping.replay import is_timed, replay, step_costs
from rltune.types import StepMetrics

CURVE = [StepMetrics(step, {"kl": 0.1 * 1.5**step, "step_seconds": float(step)}) for step in range(1, 11)]


def test_the_first_stop_counts_and_what_comes_after_it_is_saved() -> None:
    result = replay([NonFinite(), KlGrowth(patience=3)], CURVE)
    assert result.stop is not None and (result.stop.rule, result.stop.step) == ("kl_growth", 4)
    assert result.last_step == 10 and result.abstentions == {}
    assert result.seconds == 55 and result.saved_seconds == 5 + 6 + 7 + 8 + 9 + 10


def test_without_a_stop_nothing_is_saved() -> None:
    result = replay([NonFinite()], CURVE)
    assert result.stop is None and result.saved_seconds == 0 and result.seconds == 55


def test_a_stop_at_the_last_step_saves_nothing() -> None:
    result = replay([KlGrowth(patience=3)], CURVE[:4])
    assert result.stop is not None and result.stop.step == 4 and result.saved_seconds == 0


def test_of_rules_that_stop_at_the_same_step_the_first_counts() -> None:
    curve = [StepMetrics(step, {"kl": 0.1 * 1.5**step if step < 4 else math.inf}) for step in range(1, 8)]
    twins = [AnyOf((KlGrowth(patience=2, growth=0.2),)), KlGrowth(patience=2)]
    stop = replay(twins, curve).stop
    assert stop is not None and stop.step == 3 and "20%" in stop.reason


def test_who_abstains_says_what_is_missing() -> None:
    result = replay(PRESETS["default"], CURVE)
    assert "entropy is not reported" in result.abstentions["entropy_collapse"]
    assert "kl_runaway" not in result.abstentions


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -1.0])
def test_without_honest_seconds_each_step_counts_as_one(bad: float | None) -> None:
    values = {"kl": 0.1} if bad is None else {"kl": 0.1, "step_seconds": bad}
    curve = [*CURVE[:4], StepMetrics(7, values), *CURVE[7:]]
    assert not is_timed(curve)
    assert step_costs(curve) == dict.fromkeys((1, 2, 3, 4, 7, 8, 9, 10), 1.0)
    result = replay([KlGrowth(patience=3)], curve)
    assert (result.seconds, result.saved_seconds) == (8, 4)


def test_costs_of_a_timed_curve_can_be_asked_for_in_steps() -> None:
    assert is_timed(CURVE) and step_costs(CURVE)[7] == 7.0
    assert set(step_costs(CURVE, timed=False).values()) == {1.0}


def test_an_empty_curve() -> None:
    result = replay(PRESETS["default"], [])
    assert (result.stop, result.last_step, result.seconds, result.saved_seconds) == (None, 0, 0, 0)
