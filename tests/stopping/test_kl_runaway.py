"""KL that runs away, and KL that grows while the run learns."""

from __future__ import annotations

import math
import random

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, first_stop
from rltune.stopping.kl_runaway import KlRunaway

from .contract import curve

LEARNS = [0.3 + 0.02 * t for t in range(30)]
FALLS = [0.88 - 0.15 * t for t in range(1, 6)] + [0.1] * 15
CALM = [0.02 + 0.002 * t for t in range(30)]
AWAY = [0.08 * 1.5**t for t in range(20)]


def stop(kls: list[float], rewards: list[float] | None = None, rule: KlRunaway | None = None) -> Decision | None:
    rows = [{"kl": kl} if rewards is None else {"kl": kl, "reward": rewards[t]} for t, kl in enumerate(kls)]
    return first_stop(rule or KlRunaway(), curve(rows))


def test_a_run_away_that_takes_the_reward_along_is_stopped_with_its_numbers() -> None:
    decision = stop(CALM + AWAY, LEARNS + FALLS)
    assert decision is not None and 37 <= decision.step <= 42
    assert decision.values["kl"] > 1 and decision.values["kl"] > 2 * decision.values["before"]
    assert decision.values["streak"] == 3 and decision.values["reward"] < 0.6
    assert f"is {decision.values['kl']:.3g} nats a token" in decision.reason
    assert "times that of 10 steps before, for 3 consecutive steps, while the reward" in decision.reason


def test_a_policy_that_moves_far_and_earns_more_lives() -> None:
    assert stop(CALM + AWAY, [0.3 + 0.01 * t for t in range(50)]) is None


def test_where_no_reward_is_reported_the_kl_alone_decides() -> None:
    decision = stop(CALM + AWAY)
    assert decision is not None and "reward" not in decision.reason and "reward" not in decision.values


def test_below_the_floor_nothing_is_a_run_away() -> None:
    # The published failure: KL leaves zero by factors, at 0.01 to 0.03.
    assert stop([0.0, *(0.001 * 1.5**t for t in range(9)), *[0.03] * 30], [0.4] * 40) is None
    assert stop([0.9 * kl / AWAY[-1] for kl in CALM + AWAY], LEARNS + FALLS) is None
    low = KlRunaway(floor=0.02)
    assert stop([0.9 * kl / AWAY[-1] for kl in CALM + AWAY], LEARNS + FALLS, low) is not None


def test_a_high_kl_that_no_longer_grows_lives() -> None:
    assert stop([1.5 + 0.2 * (-1) ** t for t in range(60)], [0.3 + 0.01 * (-1) ** t for t in range(60)]) is None


def test_growth_within_a_jittery_kl_lives() -> None:
    source = random.Random(0)
    jitter = [source.lognormvariate(math.log(1.2), 1.0) for _ in range(400)]
    rewards = [source.gauss(0.3, 0.05) for _ in range(400)]
    assert stop(jitter, rewards) is None
    assert stop(jitter, rewards, KlRunaway(noise=0.0)) is not None


def test_one_spike_of_kl_lives() -> None:
    assert stop(CALM + [40.0] + CALM, [0.3] * 61) is None


def test_kl_estimates_of_zero_and_below_are_read() -> None:
    assert stop([-0.01, 0.0, -0.002] * 20) is None
    assert stop([-0.01, 0.0, 0.01] * 4 + AWAY) is not None


def test_a_ratio_that_is_no_growth_is_refused() -> None:
    with pytest.raises(RuleError, match="ratio must be a finite number > 1"):
        KlRunaway(ratio=1.0)
