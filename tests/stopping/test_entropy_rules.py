"""Entropy that collapses or explodes, and what looks like it in health."""

from __future__ import annotations

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, Rule, first_stop
from rltune.stopping.entropy_collapse import EntropyCollapse
from rltune.stopping.entropy_explosion import EntropyExplosion

from .contract import curve


def stop(rule: Rule, rewards: list[float], entropies: list[float]) -> Decision | None:
    return first_stop(rule, curve([{"reward": r, "entropy": h} for r, h in zip(rewards, entropies, strict=True)]))


LEARNS = [0.3 + 0.02 * t for t in range(30)]
FALLS = [0.88 - 0.1 * t for t in range(1, 9)] + [0.05] * 12
DECLINES = [0.5 * 0.9**t for t in range(30)]  # to 0.02 nats


def test_an_entropy_that_collapsed_with_the_reward_is_stopped() -> None:
    decision = stop(EntropyCollapse(), LEARNS + FALLS, [0.5] * 30 + [0.01] * 20)
    assert decision is not None and decision.step == 39
    assert decision.values["early"] == 0.5 and decision.values["entropy"] == pytest.approx(0.01)
    assert "collapsed from 0.5 to 0.01 nats per token (2%" in decision.reason and "reward fell" in decision.reason


def test_an_entropy_that_collapsed_in_success_lives() -> None:
    best = [0.88 + 0.02 * (-1) ** t for t in range(500)]
    assert stop(EntropyCollapse(), LEARNS + best, DECLINES + [0.01] * 500) is None


def test_a_fall_of_the_reward_without_a_collapse_is_another_rules_business() -> None:
    assert stop(EntropyCollapse(), LEARNS + FALLS, [0.5] * 50) is None
    assert stop(EntropyCollapse(), LEARNS + FALLS, [0.09] * 50) is None  # it never was higher
    assert stop(EntropyCollapse(), LEARNS + FALLS, [2.0] * 30 + [0.2] * 20) is None  # not low yet


def test_an_entropy_reported_with_the_wrong_sign_never_collapses() -> None:
    assert stop(EntropyCollapse(), LEARNS + FALLS, [-0.5] * 30 + [-3.0] * 20) is None


def test_an_entropy_that_exploded_under_a_low_reward_is_stopped() -> None:
    rewards = [0.45, 0.4, 0.1, 0.02, 0.0] + [0.0] * 30
    entropies = [0.44, 0.6, 0.9, 0.6, 0.8] + [0.8 + 0.2 * t for t in range(30)]
    decision = stop(EntropyExplosion(), rewards, entropies)
    assert decision is not None and decision.step == 15
    assert decision.values["early"] == 0.6 and decision.values["entropy"] > 1.6
    assert "exploded from 0.6 to" in decision.reason and "5 consecutive steps above 2 times" in decision.reason


def test_an_entropy_that_grows_with_the_reward_lives() -> None:
    assert stop(EntropyExplosion(), LEARNS, [0.4 + 0.1 * t for t in range(30)]) is None


def test_an_outage_of_the_reward_in_a_run_of_low_entropy_lives() -> None:
    best = [0.88 if t not in (30, 90, 91) else 0.0 for t in range(150)]
    assert stop(EntropyCollapse(), [0.8] * 30 + best, DECLINES + [0.01] * 150) is None


def test_a_burst_of_entropy_lives() -> None:
    assert stop(EntropyExplosion(), [0.3] * 40, [0.4] * 20 + [4.0] + [0.4] * 19) is None


def test_thresholds_that_could_never_matter_are_refused() -> None:
    with pytest.raises(RuleError, match="share must be a number > 0 and <= 1"):
        EntropyCollapse(share=25)
    with pytest.raises(RuleError, match="ratio must be a finite number > 1"):
        EntropyExplosion(ratio=0.5)
