"""Forecasts, advice, and refusals in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from curve_toys import any_law, follow, progress
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.curves.forecast import LEAST_STEPS, Forecast, Refusal, forecast
from rltune.curves.phases import PhaseName
from rltune.curves.series import Array
from rltune.errors import CurveError


def foretold(rewards: Array, **options: object) -> Forecast:
    result = forecast(rewards, **options)  # pyright: ignore[reportArgumentType]
    assert isinstance(result, Forecast), result
    return result


def refused(rewards: object, **options: object) -> str:
    result = forecast(rewards, **options)  # pyright: ignore[reportArgumentType]
    assert isinstance(result, Refusal), result
    return result.reason


def numbers(result: Forecast) -> Sequence[float]:
    plain = [getattr(result, field.name) for field in fields(result)]
    listed = [*result.interval, *result.ahead, *result.expected, *result.low, *result.high]
    for law in result.laws:
        listed += [law.start, law.gain, *law.theta.values(), law.rmse, law.aicc, law.weight, *law.interval]
    listed += [result.advice.step, result.advice.given_up, result.advice.saved]
    return [value for value in plain if isinstance(value, (int, float))] + listed


# --- forecasts -----------------------------------------------------------------------------------------------------


def test_a_forecast_tells_where_a_run_goes_and_how_sure_that_is() -> None:
    rewards = follow("exponential", 300, noise=0.01)
    result = foretold(rewards[:120], horizon=300)
    end = rewards[-30:].mean()
    assert (result.last_step, result.horizon, result.coverage) == (120, 300, 0.8)
    assert result.final == pytest.approx(end, abs=0.02) and result.interval[0] < result.final < result.interval[1]
    assert result.now == pytest.approx(rewards[108:120].mean()) and result.noise == pytest.approx(0.01, rel=0.25)
    assert {fit.law.name for fit in result.laws} == {"exponential", "sigmoid", "power"}
    assert result.worth == 0.01 and result.ahead[-1] == 300
    assert np.all(result.low <= result.expected) and np.all(result.expected <= result.high)


def test_a_wider_coverage_gives_a_wider_interval_and_a_seed_the_same_one() -> None:
    half = any_law(7)[:90]
    narrow, wide, again = (foretold(half, horizon=300, coverage=c).interval for c in (0.5, 0.95, 0.95))
    assert wide == again and wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_finished_run_is_described() -> None:
    rewards = follow("exponential", 300, noise=0.01)
    result = foretold(rewards)
    assert result.horizon == result.last_step == 300
    assert result.final == pytest.approx(rewards[-30:].mean()) == result.now
    assert result.interval[1] - result.interval[0] == pytest.approx(2 * 1.28 * 0.01 / 30**0.5, rel=0.35)
    assert result.phase is PhaseName.PLATEAU


def test_a_curve_that_logs_every_tenth_step_is_less_sure_of_its_measured_end() -> None:
    rewards = np.random.default_rng(0).normal(0.5, 0.05, 40)
    widths = [
        (result := foretold(rewards, steps=steps)).interval[1] - result.interval[0]
        for steps in (None, np.arange(10, 401, 10))
    ]
    assert widths[1] == pytest.approx(widths[0])


def test_a_run_that_has_collapsed_and_is_over_is_described_too() -> None:
    result = foretold(np.concatenate((np.linspace(0.2, 0.8, 60), np.full(20, 0.1))))
    assert result.phase is PhaseName.DECLINE and result.advice.saved > 0
    assert "should have stopped at step 58: it has lost 0.68 since" in result.advice.reason and result.final < 0.2


def test_rewards_below_zero_and_in_large_units_have_forecasts() -> None:
    rewards = follow("exponential", 300, noise=0.01)[:120]
    below = foretold(rewards * 100 - 500, horizon=300, bounds=(-500, -400))
    assert below.final == pytest.approx(-420, abs=3) and below.worth == pytest.approx(1)
    assert -500 <= below.interval[0] <= below.interval[1] <= -399
    guessed = foretold(rewards * 100 - 500, horizon=300)
    assert guessed.final == pytest.approx(-420, abs=8)


def test_single_outages_hardly_moves_a_forecast() -> None:
    rewards = follow("exponential", 300, noise=0.01)[:150]
    spoilt = rewards.copy()
    spoilt[[30, 31, 100]] = 0
    assert foretold(spoilt, horizon=300).final == pytest.approx(foretold(rewards, horizon=300).final, abs=0.02)


def test_100_000_steps() -> None:
    rewards = follow("exponential", 100_000, noise=0.05)
    result = foretold(rewards[:30_000], horizon=100_000)
    assert result.final == pytest.approx(rewards[-10_000:].mean(), abs=0.02)


# --- advice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [3.0, 6.0, 12.0, 30.0, 100.0])
def test_the_advised_stop_gives_up_no_more_than_it_is_worth(rate: float) -> None:
    rewards = 0.2 + 0.6 * -np.expm1(-rate * progress(300))
    end = rewards[-30:].mean()
    advice = foretold(rewards[:120], horizon=300).advice
    assert end - rewards[advice.step - 1] <= 0.01 and 0 <= advice.given_up <= 0.01
    assert advice.saved == pytest.approx(1 - advice.step / 300) and advice.saved > 0
    back = foretold(rewards).advice
    assert back.step < 300 and end - rewards[back.step - 1] <= 0.01 and f"stopped at step {back.step}" in back.reason


def test_a_greater_worth_stops_sooner() -> None:
    rewards = follow("exponential", 300, noise=0.005)
    steps = [foretold(rewards[:90], horizon=300, worth=worth).advice.step for worth in (0.005, 0.02, 0.1, 0.5)]
    assert steps == sorted(steps, reverse=True) and steps[0] > steps[-1] == 90


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rise", [0.3, 0.6])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_straight_line_is_never_stopped_early(seed: int, rise: float, share: float) -> None:
    rewards = 0.1 + rise * progress(300) + np.random.default_rng(seed).normal(0, 0.01, 300)
    advice = foretold(rewards[: int(300 * share)], horizon=300).advice
    # The end is the level in the middle of the last tenth, step 285; a gain of 0.01 takes the 300 * 0.01 / rise before.
    assert advice.step >= 285 - 3 / rise - 3
    assert foretold(rewards).advice.step >= 285 - 3 / rise - 3


def test_a_flat_noisy_run_may_stop_now() -> None:
    rewards = np.random.default_rng(0).normal(0.5, 0.01, 200)
    advice = foretold(rewards[:150], horizon=200, worth=0.03).advice
    assert advice.step == 150 and "stop now" in advice.reason and advice.saved == 0.25


def test_a_small_wobble_of_a_run_that_stands_still_is_no_collapse() -> None:
    rewards = np.concatenate((np.full(60, 0.7), np.full(20, 0.67))) + np.random.default_rng(0).normal(0, 0.01, 80)
    result = foretold(rewards, horizon=160, worth=0.05)
    assert result.phase is PhaseName.DECLINE and result.interval[0] < 0.68 < result.interval[1]
    assert "has fallen from" in refused(rewards, horizon=160)


# --- refusals ------------------------------------------------------------------------------------------------------


def test_refusals_say_why() -> None:
    rise = follow("exponential", 100, noise=0.01)
    assert "7 steps are too few" in refused(rise[: LEAST_STEPS - 1], horizon=100)
    assert "nan at step 50: the run has failed" in refused(np.where(progress(100) == 0.5, math.nan, rise), horizon=200)
    assert "inf at step 3" in refused([0.1, 0.2, math.inf, 0.2])
    assert "1e+200 at step 2" in refused([0.1, 1e200, 0.3])
    assert "0.5 at all 20 steps" in refused([0.5] * 20, horizon=100)
    assert "more than 20 times as far" in refused(rise[:10], horizon=201)
    fallen = forecast(np.concatenate((rise, np.full(30, 0.1))), horizon=400)
    assert isinstance(fallen, Refusal) and fallen.phases[-1].name is PhaseName.DECLINE
    assert "has fallen from 0.796 at step 96 to 0.1 at step 130" in fallen.reason


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"horizon": 19}, "the horizon 19 lies before the last step 20"),
        ({"coverage": 1.0}, "between 0 and 1"),
        ({"coverage": math.nan}, "between 0 and 1"),
        ({"worth": -0.1}, "worth must be a number >= 0"),
        ({"worth": math.nan}, "worth must be a number >= 0"),
        ({"bounds": (1.0, 0.0)}, "low < high"),
        ({"bounds": (0.0, 0.1)}, "outside of the bounds"),
        ({"steps": range(19)}, "same shape"),
    ],
)
def test_impossible_requests_are_errors(options: dict[str, object], said: str) -> None:
    with pytest.raises(CurveError) as caught:
        forecast(progress(20), **options)  # pyright: ignore[reportArgumentType]
    assert said in str(caught.value)


_WILD = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.5, 1.0, 1e-300, -1.0, 1e100, -1e100])
_TAME = st.floats(-1, 1)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    rewards=st.lists(_WILD, min_size=1, max_size=30) | st.lists(_TAME, min_size=8, max_size=30),
    far=st.sampled_from([1, 1.5, 4, 20, 21]),
    gap=st.sampled_from([1, 7]),
)
def test_any_finite_curve_is_foretold_or_refused(rewards: list[float], far: float, gap: int) -> None:
    steps = np.arange(1, len(rewards) + 1) * gap
    result = forecast(rewards, steps, horizon=int(steps[-1] * far))
    if isinstance(result, Refusal):
        assert result.reason and result.last_step == steps[-1]
        return
    assert all(math.isfinite(value) for value in numbers(result))
    assert result.interval[0] <= result.interval[1] and result.low[-1] <= result.high[-1]
    assert steps[-1] <= result.advice.step <= result.horizon or result.horizon == steps[-1]
    assert 0 <= result.advice.saved < 1 and result.advice.given_up >= 0
