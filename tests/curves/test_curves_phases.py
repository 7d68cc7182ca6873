"""The phases of a run: the right ones on made curves, and no gaps on any curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from curve_toys import follow
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.curves.phases import Phase, PhaseName, centred, find_phases
from rltune.curves.series import Array, Series, series

SLOW, RISE, FLAT, FALL = PhaseName
FALLS = np.interp(np.arange(200), [0, 100, 140, 200], [0.2, 0.8, 0.8, 0.3])


def names(rewards: Array) -> list[PhaseName]:
    return [phase.name for phase in find_phases(series(rewards))]


def noisy(level: Array, seed: int, size: float = 0.02) -> Array:
    return level + np.random.default_rng(seed).normal(0, size, level.size)


def check_whole(phases: tuple[Phase, ...], curve: Series) -> None:
    """From the first step to the last, without gaps or overlaps, each with levels that the rewards allow."""
    assert phases[0].first_step == curve.steps[0] and phases[-1].last_step == curve.steps[-1]
    place = {step: i for i, step in enumerate(curve.steps.tolist())}
    for phase, following in zip(phases, phases[1:], strict=False):
        assert place[following.first_step] == place[phase.last_step] + 1 and following.name != phase.name
    span = max(1e-9, np.ptp(curve.rewards)) * 1e-6
    for phase in phases:
        assert phase.first_step <= phase.last_step
        for level in (phase.first_level, phase.last_level):
            assert curve.rewards.min() - span <= level <= curve.rewards.max() + span


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [60, 300])
def test_each_phase_is_found_on_a_made_curve(seed: int, n: int) -> None:
    assert names(noisy(follow("sigmoid", n), seed)) == [SLOW, RISE, FLAT]
    assert names(noisy(follow("exponential", n), seed)) == [RISE, FLAT]
    assert names(noisy(np.linspace(0.2, 0.8, n), seed))[-1] is RISE
    assert names(noisy(np.interp(np.arange(n), np.linspace(0, n, 201)[:-1], FALLS), seed))[-1] is FALL


@pytest.mark.parametrize("seed", range(4))
def test_a_decline_begins_where_the_reward_was_last_high(seed: int) -> None:
    phases = find_phases(series(noisy(FALLS, seed)))
    assert phases[-1].name is FALL and 130 <= phases[-1].first_step <= 165
    assert phases[-1].first_level > 0.65 and phases[-1].last_level < 0.4


def test_a_run_that_dies_at_once_only_declines() -> None:
    dead = np.concatenate(([0.42, 0.42, 0.4], np.zeros(40)))
    assert names(dead)[-1] is FALL and find_phases(series(dead))[-1].first_step <= 4


def test_a_recovered_dip_is_no_decline() -> None:
    level = np.concatenate((np.linspace(0.2, 0.8, 60), np.linspace(0.3, 0.85, 40), np.full(60, 0.85)))
    assert FALL not in names(noisy(level, 0))


@pytest.mark.parametrize("n", [30, 120, 400])
def test_noise_alone_is_seldom_a_rise_or_a_decline(n: int) -> None:
    last = [names(noisy(np.full(n, 0.5), seed, 0.05))[-1] for seed in range(100)]
    assert last.count(SLOW) >= 80 and last.count(FALL) <= 12


@pytest.mark.parametrize("length", [1, 2, 7, 300])
def test_identical_values_are_one_slow_start(length: int) -> None:
    curve = series(np.full(length, 0.3))
    (phase,) = find_phases(curve)
    assert (phase.name, phase.first_step, phase.last_step) == (SLOW, 1, length)


def test_100_000_steps_have_phases() -> None:
    curve = series(noisy(follow("exponential", 100_000), 0))
    assert [phase.name for phase in find_phases(curve)] == [RISE, FLAT]
    check_whole(find_phases(curve), curve)


def test_a_jump_within_a_step_leaves_no_phase_without_steps() -> None:
    jump = np.concatenate((np.zeros(15), [-1.9], np.full(20, 0.95)))
    curve = series(jump + np.tile([0.3, -0.3], 18))
    check_whole(find_phases(curve), curve)


_NUMBER = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 0.5])


@settings(max_examples=150, deadline=None)
@given(rewards=st.lists(_NUMBER, min_size=1, max_size=60), gaps=st.lists(st.integers(1, 50), min_size=60, max_size=60))
def test_any_finite_curve_has_phases_without_gaps(rewards: list[float], gaps: list[int]) -> None:
    curve = series(rewards, np.cumsum(gaps)[: len(rewards)])
    check_whole(find_phases(curve), curve)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-64, 64), min_size=1, max_size=60), st.integers(-999, 999), st.integers(-20, 20))
def test_phases_know_neither_unit_nor_zero(rewards: list[int], shift: int, power: int) -> None:
    own = np.array(rewards) / 64
    first, other = (find_phases(series(curve)) for curve in (own, (own + shift) * 2.0**power))
    assert [(p.name, p.first_step) for p in first] == [(p.name, p.first_step) for p in other]


def test_centred_means_are_centred() -> None:
    assert centred(np.arange(9.0), 5)[2:-2] == pytest.approx(np.arange(9.0)[2:-2])
    assert centred(np.array([0.7]), 3).tolist() == [0.7] and not math.isnan(centred(np.ones(2), 9).sum())


def test_an_offset_costs_no_digits() -> None:
    level = noisy(follow("exponential", 300), 0)
    assert names(level + 1e6) == names(level) == [RISE, FLAT]
