"""Runs that have what they can get, and runs that still rise."""

from __future__ import annotations

import math
import random

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, first_stop
from rltune.stopping.guard import stop_reason
from rltune.stopping.plateau import Plateau
from rltune.types import StopKind

from .contract import curve

STEPS = 200


def rise(rate: float, noise: float = 0.01, seed: int = 0) -> list[float]:
    """200 rewards that rise from 0.2 towards 0.8."""
    source = random.Random(seed)
    return [0.8 - 0.6 * math.exp(-rate * t / STEPS) + source.gauss(0, noise) for t in range(STEPS)]


def lives(rule: Plateau, rewards: list[float]) -> bool:
    """Up to the last tenth, where next to nothing is left for any run."""
    return stop(rule, rewards[: STEPS * 9 // 10]) is None


def stop(rule: Plateau, rewards: list[float]) -> Decision | None:
    return first_stop(rule, curve([{"reward": reward} for reward in rewards]))


@pytest.mark.parametrize("seed", range(4))
def test_a_saturated_run_is_stopped_and_little_is_given_up(seed: int) -> None:
    rewards = rise(15.0, seed=seed)
    decision = stop(Plateau(worth=0.02, horizon=STEPS), rewards)
    assert decision is not None and 50 <= decision.step <= 150
    assert 0.8 - (0.8 - 0.6 * math.exp(-15.0 * decision.step / STEPS)) < 0.02
    assert decision.values["upper"] < decision.values["worth"] == 0.02
    assert decision.values["forecast"] == pytest.approx(0.8, abs=0.03)  # what an optimizer takes the run to be worth
    assert "the gain left until step 200 is" in decision.reason and "less than it is worth (0.02)" in decision.reason
    assert stop_reason(decision).kind is StopKind.PLATEAU


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_still_rises_lives(seed: int) -> None:
    rule = Plateau(worth=0.02, horizon=STEPS)
    assert lives(rule, rise(2.0, seed=seed))
    source = random.Random(seed)
    assert lives(rule, [0.2 + 0.003 * t + source.gauss(0, 0.02) for t in range(STEPS)])


def test_what_a_gain_is_worth_decides() -> None:
    steps = [d.step if (d := stop(Plateau(worth=worth, horizon=STEPS), rise(6.0))) else STEPS for worth in (0.02, 0.3)]
    assert steps[1] < steps[0]


def test_it_abstains_without_a_horizon_and_says_so() -> None:
    decision = Plateau().watch().update(curve([{"reward": 0.5}])[0])
    assert decision.abstained and decision.reason == "horizon not known"


def test_a_plateau_at_negative_rewards_of_any_size_is_one() -> None:
    rule = Plateau(worth=20.0, horizon=STEPS, low=-1000.0, high=0.0)
    assert stop(rule, [1000 * (reward - 1) for reward in rise(15.0)]) is not None
    assert lives(rule, [1000 * (reward - 1) for reward in rise(2.0)])


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"worth": 0.0}, "worth must be a finite number > 0"),
        ({"horizon": 2.5}, "horizon must be a whole number"),
        ({"low": 2.0, "high": 2.0}, "high must be a finite number > 2"),
    ],
)
def test_impossible_thresholds_are_refused(thresholds: dict[str, float], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        Plateau(**thresholds)  # pyright: ignore[reportArgumentType]
