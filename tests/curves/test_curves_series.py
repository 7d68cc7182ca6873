"""Curves as numbers: what is refused, what is noise, and what binning keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.curves.series import Series, binned, bounds_of, drawn_in, series, smoothed, step_noise
from rltune.errors import CurveError


@pytest.mark.parametrize(
    ("rewards", "steps", "said"),
    [
        ([], None, "n >= 1"),
        ([[0.1, 0.2]], None, "same shape"),
        (0.5, None, "same shape"),
        ([0.1, 0.2], [1], "same shape"),
        (["a", "b"], None, "must be numbers"),
        ([0.1, 0.2], [0, 1], "whole numbers > 0"),
        ([0.1, 0.2], [2, 2], "rise strictly"),
        ([0.1, 0.2], [2, 1], "rise strictly"),
        ([0.1, 0.2], [1, math.inf], "whole numbers"),
        ([0.1, 0.2], [0.25, 0.5], "not epochs"),
    ],
)
def test_impossible_curves_are_refused(rewards: object, steps: object, said: str) -> None:
    with pytest.raises(CurveError) as caught:
        series(rewards, steps)  # pyright: ignore[reportArgumentType]
    assert said in str(caught.value)


def test_steps_are_counted_from_one_and_may_have_gaps() -> None:
    assert series([0.1, 0.2, 0.3]).steps.tolist() == [1, 2, 3]
    assert series([0.1, 0.2], [10, 25]).upto(1).steps.tolist() == [10]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
def test_the_first_step_that_is_no_number_is_told(bad: float) -> None:
    assert series([0.1, bad, 0.2, bad], [5, 6, 7, 8]).first_bad == 6
    assert series([0.1, 1e99]).first_bad is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("size", "rise"), [(0.05, 0.0), (0.05, 1.0), (1e-9, 0.0), (3e6, 0.0)])
def test_the_noise_of_a_step_is_told_within_a_tenth_whatever_the_trend(seed: int, size: float, rise: float) -> None:
    noise = np.random.default_rng(seed).normal(0, size, 2000)
    curve = noise + np.linspace(0, rise, 2000)
    curve[1000:] += 50 * size
    assert step_noise(curve) == pytest.approx(size, rel=0.1)


def test_a_curve_without_changes_has_no_noise_and_a_rounded_one_has_some() -> None:
    assert step_noise(np.full(50, 0.3)) == step_noise(np.array([0.3])) == 0
    source = np.random.default_rng(0).normal(0.5, 0.003, 2000)
    assert step_noise(np.round(source, 2)) == pytest.approx(0.003, rel=0.5)


def test_smoothing_averages_what_there_is() -> None:
    assert smoothed(np.array([1.0, 3.0, 5.0, 7.0]), 2).tolist() == [1, 2, 4, 6]


def test_single_outliers_are_drawn_in_and_a_jump_is_not() -> None:
    spike, jump = np.full(20, 0.4), np.repeat([0.2, 0.9], 10)
    spike[7] = 0.0
    assert drawn_in(spike, 0.01)[7] == pytest.approx(0.35) and (drawn_in(spike, 0.01)[:7] == 0.4).all()
    assert drawn_in(jump, 0.01).tolist() == jump.tolist()
    assert drawn_in(spike[:4], 0.01).tolist() == spike[:4].tolist()


@given(st.integers(1, 100_000), st.integers(0, 3))
def test_binning_keeps_mean_count_and_order(n: int, seed: int) -> None:
    curve = Series(np.arange(1.0, n + 1), np.random.default_rng(seed).normal(0.5, 0.1, n))
    steps, rewards, counts = binned(curve)
    assert steps.size == rewards.size == counts.size <= 120 and counts.sum() == n
    assert rewards @ counts / n == pytest.approx(curve.rewards.mean())
    assert steps @ counts / n == pytest.approx(curve.steps.mean())
    assert np.all(np.diff(steps) > 0) and np.all(counts >= 1)


def test_bounds_hold_the_rewards() -> None:
    assert bounds_of(np.array([0.2, 1.0])) == (0, 1)
    assert bounds_of(np.array([-0.2, 1.0])) == (-1, 1)
    assert bounds_of(np.array([-3.0, 1.0])) == (-7, 9)
    assert bounds_of(np.array([7.0, 7.0])) == (6, 9)
    assert bounds_of(np.array([0.2, 0.4]), (0, 5)) == (0, 5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((1, 0), "low < high"),
        ((0, math.inf), "finite"),
        ((math.nan, 1), "finite"),
        ((0, 0.5, 1), "(low, high)"),
        ((0, 0.5), "outside of the bounds"),
    ],
)
def test_bounds_that_hold_nothing_are_refused(given: tuple[float, ...], said: str) -> None:
    with pytest.raises(CurveError) as caught:
        bounds_of(np.array([0.2, 0.7]), given)
    assert said in str(caught.value)
