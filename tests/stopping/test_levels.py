"""What runs are compared with: medians, noise, early levels, and where a reward stands."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import RuleError
from rltune.stopping.checks import check_share
from rltune.stopping.levels import Early, Noise, RewardNoise, RunningMedian, SlowNoise, Smoothed, Standing


def standing(rewards: Sequence[float], window: int = 5, noise: float = 3.0) -> Standing:
    made = Standing(window, noise)
    for reward in rewards:
        made.add(reward)
    return made


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_the_running_median_is_the_median(values: list[float]) -> None:
    running = RunningMedian()
    for upto, value in enumerate(values, start=1):
        running.add(value)
        assert running.value == pytest.approx(statistics.median(values[:upto]))


def test_there_is_no_median_of_nothing() -> None:
    assert math.isnan(RunningMedian().value)


def test_smoothed_is_the_mean_of_the_last_values() -> None:
    smoothed = Smoothed(2)
    assert [smoothed.add(value) for value in (1.0, 2.0, 4.0)] == [1.0, 1.5, 3.0]
    assert smoothed.count == 2


def test_noise_is_the_standard_deviation_and_a_jump_is_none() -> None:
    source, noise = random.Random(0), Noise()
    assert noise.sigma == 0
    for t in range(4000):
        noise.add(source.gauss(0.0 if t < 2000 else 50.0, 0.2))
    assert noise.sigma == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("right", [0.5, 0.1, 0.02])
def test_the_noise_of_a_reward_is_seen_where_it_has_few_levels(right: float) -> None:
    source, noise = random.Random(0), RewardNoise()
    assert noise.sigma == 0
    for _ in range(4000):
        noise.add(sum(source.random() < right for _ in range(8)) / 8)
    truth = math.sqrt(right * (1 - right) / 8)
    assert 0.75 * truth < noise.sigma < 1.3 * truth


def test_the_noise_of_100_000_steps_is_kept_in_a_second() -> None:
    source, noise = random.Random(0), Noise()
    start = time.process_time()
    for _ in range(100_000):
        noise.add(source.random())
    assert time.process_time() - start < 1


def test_an_early_level_is_a_median_and_stays() -> None:
    early = Early(3)
    assert [early.add(value) for value in (5.0, 1.0, 2.0, 90.0, 90.0)] == [None, None, 2.0, 2.0, 2.0]


def test_a_rising_reward_is_neither_lost_nor_down() -> None:
    made = standing([0.1 * t for t in range(20)])
    assert not made.lost and not made.down
    assert made.start == pytest.approx(0.2) and made.peak == pytest.approx(1.7) and made.peak_seen == 20


def test_a_reward_that_lost_a_third_of_its_gain_is_not_lost_and_two_thirds_are() -> None:
    rise = [0.3] * 5 + [0.3 + 0.01 * t for t in range(60)] + [0.9] * 15
    assert standing(rise).peak == pytest.approx(0.9)
    third, two_thirds = standing([*rise, *[0.7] * 10]), standing([*rise, *[0.5] * 10])
    assert third.fallen and not third.lost and not third.down
    assert two_thirds.lost and two_thirds.down


def test_a_wandering_reward_is_noisier_than_its_steps_say() -> None:
    source = random.Random(5)
    white, wander, slow, fast = SlowNoise(10), SlowNoise(10), 0.0, Noise()
    for _ in range(600):
        white.add(source.gauss(0.5, 0.1))
        slow = 0.95 * slow + source.gauss(0, 0.01)
        wander.add(0.5 + slow)
        fast.add(0.5 + slow)
    assert white.sigma == pytest.approx(0.1, rel=0.35)
    assert wander.sigma > 3 * fast.sigma
    rising = SlowNoise(5)
    for t in range(100):
        rising.add(0.01 * t)
    assert rising.sigma == pytest.approx(0, abs=1e-12)


def test_a_reward_back_at_its_start_is_down_but_only_noise_makes_no_loss() -> None:
    source = random.Random(3)
    flat = [source.gauss(0.4, 0.06) for _ in range(400)]
    made, lost, down = Standing(5, 3.0), 0, 0
    for reward in flat:
        made.add(reward)
        lost, down = lost + made.lost, down + made.down
    assert lost <= 4 and 40 < down < 400


def test_before_the_first_reward_nothing_is_lost() -> None:
    made = Standing(5, 3.0)
    assert (made.seen, made.mean, made.fall, made.allowance, made.lost) == (0, 0.0, 0.0, 0.0, False)


@given(st.lists(st.integers(-64, 64), min_size=1, max_size=40), st.integers(-1000, 1000), st.integers(-30, 30))
def test_where_a_reward_stands_knows_neither_unit_nor_zero(rewards: list[int], shift: int, power: int) -> None:
    own = [reward / 64 for reward in rewards]
    other = standing([(reward + shift) * 2.0**power for reward in own], window=3)
    first = standing(own, window=3)
    assert (first.fallen, first.lost, first.down, first.peak_seen) == (
        other.fallen,
        other.lost,
        other.down,
        other.peak_seen,
    )


@pytest.mark.parametrize("value", [0, 1.01, -1, math.nan, "half", True])
def test_a_share_is_above_0_and_at_most_1(value: object) -> None:
    with pytest.raises(RuleError, match="share must be a number > 0 and <= 1"):
        check_share("some_rule", "share", value)


def test_one_failed_step_is_no_loss_even_while_it_is_in_the_mean() -> None:
    made = standing([0.79, 0.81] * 10 + [0.89, 0.91] * 10 + [0.0])
    assert made.lost
    made.add(0.9)
    assert made.fallen and not made.lost
