"""Rewards that collapse, dip, jitter, or are simply negative."""

from __future__ import annotations

import random

import pytest

from rltune.stopping.base import Decision, first_stop
from rltune.stopping.reward_collapse import RewardCollapse

from .contract import curve

RISES = [0.4 + 0.02 * t for t in range(20)]
FALLS = [0.78 - 0.1 * t for t in range(1, 8)] + [0.05] * 10


def stop(rewards: list[float]) -> Decision | None:
    return first_stop(RewardCollapse(), curve([{"reward": reward} for reward in rewards]))


def step_of(rewards: list[float]) -> int | None:
    decision = stop(rewards)
    return decision.step if decision else None


def jitter(rewards: list[float], size: float, seed: int = 0) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(reward, size) for reward in rewards]


def test_a_collapse_from_the_peak_is_stopped_with_its_numbers() -> None:
    decision = stop(RISES + FALLS)
    assert decision is not None and 25 <= decision.step <= 29
    assert decision.values["peak"] == pytest.approx(0.74) and decision.values["reward"] < 0.4
    assert decision.values["streak"] == 4 and decision.values["allowance"] < 0.2
    assert "fell from 0.74 at step 20 to" in decision.reason and "for 4 consecutive steps" in decision.reason


def test_a_run_that_dies_in_its_first_step_is_stopped() -> None:
    # An embedded run with a learning rate of 1.8e-3: the jump itself must not pass for noise.
    decision = stop([0.42, 0.04, 0.01, 0.01, 0.03, 0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.01])
    assert decision is not None and decision.step == 9 and decision.values["peak"] == 0.42


def test_a_dip_that_recovers_within_the_patience_lives() -> None:
    assert stop(RISES + [0.1] * 3 + [0.8] * 30) is None
    assert stop(jitter(RISES + [0.8] * 10 + [0.1] * 2 + [0.8] * 10 + [0.1] * 3 + [0.8] * 40, 0.02)) is None


def test_a_loss_of_less_than_half_of_the_gain_lives() -> None:
    assert stop(jitter(RISES + [0.8] * 20 + [0.65] * 100, 0.02)) is None
    assert stop(jitter(RISES + [0.8] * 20 + [0.5] * 100, 0.02)) is not None


def test_rewards_below_zero_collapse_too() -> None:
    below = [reward - 5 for reward in RISES + FALLS]
    assert step_of(below) == step_of(RISES + FALLS)
    assert stop([-5 + 0.1 * t for t in range(40)]) is None


@pytest.mark.parametrize(("times", "plus"), [(1.0, 1e6), (1.0, -1e6), (1e-6, 0.0), (1e6, 0.0)])
def test_offsets_and_units_change_nothing(times: float, plus: float) -> None:
    for rewards in (jitter(RISES + FALLS, 0.02), jitter([0.5] * 200, 0.05), jitter(RISES * 3, 0.1)):
        assert step_of([reward * times + plus for reward in rewards]) == step_of(rewards)


def test_noise_alone_is_hardly_ever_stopped() -> None:
    assert sum(stop(jitter([0.43] * 400, 0.06, seed)) is not None for seed in range(100)) <= 2


@pytest.mark.parametrize("right", [0.5, 0.02])
def test_eight_samples_a_step_are_hardly_ever_stopped(right: float) -> None:
    runs = 0
    for seed in range(40):
        source = random.Random(seed)
        runs += step_of([sum(source.random() < right for _ in range(8)) / 8 for _ in range(200)]) is not None
    assert runs <= 1


def test_a_noisy_run_that_learns_is_hardly_ever_stopped() -> None:
    slope = [0.3 + 0.4 * t / 200 for t in range(200)] + [0.7] * 100
    assert sum(stop(jitter(slope, 0.08, seed)) is not None for seed in range(100)) <= 2


def test_a_noisy_collapse_is_nearly_always_stopped_soon() -> None:
    level = RISES + [0.8] * 20 + FALLS + [0.05] * 20
    steps = [step_of(jitter(level, 0.06, seed)) for seed in range(50)]
    assert sum(step is not None and 40 < step <= 55 for step in steps) >= 49
