"""Groups all alike: a dead run, or a solved task?"""

from __future__ import annotations

import random

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, first_stop
from rltune.stopping.no_signal import NoSignal

from .contract import curve


def stop(rewards: list[float], **columns: list[float]) -> Decision | None:
    rows = [
        {"reward": reward, **{name: values[t] for name, values in columns.items()}} for t, reward in enumerate(rewards)
    ]
    return first_stop(NoSignal(), curve(rows))


def test_a_run_whose_reward_went_to_zero_with_all_groups_alike_is_stopped() -> None:
    # The beginning of an embedded run with a learning rate of 3e-3.
    rewards = [0.43, 0.20, 0.04, 0.01, 0.0] + [0.0] * 15
    alike = [0.0, 0.6, 0.97, 0.97] + [1.0] * 16
    decision = stop(rewards, zero_std_fraction=alike)
    assert decision is not None and decision.step == 14
    assert decision.values["alike"] == 1 and decision.values["peak"] == 0.43
    assert (
        "no learning signal" in decision.reason
        and "100.0% over 10 steps" in decision.reason
        and "at best 0.43" in decision.reason
    )


def test_one_group_in_a_hundred_that_differs_doesnt_save_a_lost_run() -> None:
    rewards = [0.4 + 0.01 * (t % 3) for t in range(40)] + [0.002] * 30
    decision = stop(rewards, zero_std_fraction=[0.3] * 40 + [0.99] * 30)
    assert decision is not None and decision.step == 50


def test_a_solved_task_lives_with_all_groups_alike() -> None:
    rewards = [0.2 + 0.04 * t for t in range(20)] + [1.0] * 300
    alike = [0.05 * t for t in range(20)] + [1.0] * 300
    assert stop(rewards, zero_std_fraction=alike) is None
    assert stop([reward - 9 for reward in rewards], zero_std_fraction=alike) is None
    assert stop(rewards, reward_std=[0.4] * 20 + [0.0] * 300) is None
    assert stop(rewards) is None


def test_a_solved_task_whose_reward_fails_for_a_few_steps_lives() -> None:
    rewards = [0.8 + 0.01 * t for t in range(20)] + [1.0] * 50 + [0.0] * 3 + [1.0] * 50 + [0.0] + [1.0] * 20
    assert stop(rewards, zero_std_fraction=[0.3] * 20 + [1.0] * 124) is None


def test_a_solved_task_with_a_dip_lives() -> None:
    rewards = [0.2 + 0.04 * t for t in range(20)] + [1.0] * 50 + [0.9] * 15 + [1.0] * 50
    assert stop(rewards, zero_std_fraction=[0.3] * 20 + [0.99] * 115) is None


def test_a_model_that_is_hardly_ever_right_at_first_lives() -> None:
    # 4 answers of 1,024 are right for 30 steps, in 2 % of the groups; then it learns (seen at 0.5B).
    source = random.Random(0)
    few = [source.choice([2, 3, 4, 5, 6]) / 1024 for _ in range(30)]
    rewards = few + [0.01 * t for t in range(1, 60)]
    assert stop(rewards, zero_std_fraction=[0.985] * 30 + [0.5] * 59) is None


def test_a_task_that_is_silent_most_of_the_time_lives_and_is_stopped_once_it_is_silent_for_long() -> None:
    # One step in five has an answer that is right, of 8: ten silent steps are nothing new then, 60 are.
    rewards = ([0.0] * 4 + [0.125]) * 8 + [0.0] * 15
    alike = [float(reward == 0) for reward in rewards]
    assert stop(rewards, zero_std_fraction=alike) is None
    decision = stop(rewards + [0.0] * 45, zero_std_fraction=alike + [1.0] * 45)
    assert decision is not None and 55 < decision.step <= 75


@pytest.mark.parametrize("reward", [0.0, -1.0, 0.5, 7.0])
def test_a_run_that_earns_the_same_for_everything_from_the_first_step_is_stopped(reward: float) -> None:
    assert (decision := stop([reward] * 12)) is not None and decision.step == 11
    assert (decision := stop([reward] * 12, reward_std=[0.0] * 12)) is not None and decision.step == 10
    assert (decision := stop([reward] * 12, zero_std_fraction=[1.0] * 12)) is not None and decision.step == 10


def test_rewards_that_cancel_to_a_constant_mean_are_a_signal() -> None:
    assert stop([0.0] * 50, reward_std=[1.0] * 50) is None
    assert stop([0.0] * 50, zero_std_fraction=[0.2] * 50) is None


def test_a_spread_of_rounding_is_none() -> None:
    decision = stop([0.4, 0.3] + [-1.0] * 12, reward_std=[0.5, 0.4] + [3e-8] * 12)
    assert decision is not None and decision.step == 12


def test_a_threshold_in_percent_is_refused() -> None:
    with pytest.raises(RuleError, match="threshold must be a number > 0 and <= 1, got 98"):
        NoSignal(threshold=98)
