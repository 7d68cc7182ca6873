"""Answers that grow for nothing, and answers that grow because they think."""

from __future__ import annotations

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, first_stop
from rltune.stopping.length_runaway import LengthRunaway

from .contract import curve

GROWS = [200.0] * 20 + [200.0 + 50 * t for t in range(60)]
SINKS = [0.4 + 0.02 * (-1) ** t for t in range(20)] + [0.4 - 0.01 * t for t in range(40)] + [0.0] * 20


def stop(rule: LengthRunaway, rewards: list[float], lengths: list[float], **cut: list[float]) -> Decision | None:
    rows = [{"reward": r, "response_length": n} for r, n in zip(rewards, lengths, strict=True)]
    return first_stop(rule, curve([row | {name: cut[name][t] for name in cut} for t, row in enumerate(rows)]))


def test_answers_may_grow_long_before_they_pay() -> None:
    waits = [0.3 + 0.01 * (t % 3) for t in range(len(GROWS))]
    assert stop(LengthRunaway(), waits, GROWS) is None


def test_answers_that_grow_while_the_reward_sinks_are_stopped() -> None:
    decision = stop(LengthRunaway(), SINKS, GROWS)
    assert decision is not None and decision.step == 48
    assert decision.values["early"] == 200 and decision.values["response_length"] > 600
    assert "from 200 to" in decision.reason and "10 consecutive steps" in decision.reason


def test_long_reasoning_lives() -> None:
    rewards = [0.3 + 0.005 * t + 0.02 * (-1) ** t for t in range(80)]
    assert stop(LengthRunaway(), rewards, [300.0 * 1.04**t for t in range(80)]) is None
    assert stop(LengthRunaway(limit=2048), rewards, [min(300 * 1.04**t, 2048.0) for t in range(80)]) is None


def test_longer_answers_at_the_best_reward_live() -> None:
    # As a published 7B run ends: three times its best length, half of the answers cut, the reward 2 % below its peak.
    rewards = [0.43 + 0.025 * t for t in range(20)] + [0.95, 0.93] * 30
    cut = [0.02] * 40 + [0.0125 * t for t in range(40)]
    assert stop(LengthRunaway(), rewards, GROWS, truncated_fraction=cut) is None


def test_one_step_of_endless_answers_lives() -> None:
    assert stop(LengthRunaway(), [0.4] * 60, [200.0] * 30 + [30_000.0] + [200.0] * 29) is None


def test_answers_that_fill_the_limit_are_stopped_sooner_where_it_is_known() -> None:
    lengths = [min(length, 512.0) for length in GROWS]
    assert stop(LengthRunaway(), SINKS, lengths) is None
    decision = stop(LengthRunaway(limit=512), SINKS, lengths)
    assert decision is not None and decision.step == 42 and "near the limit of 512" in decision.reason


def test_answers_that_begin_at_the_limit_dont_run_away() -> None:
    assert stop(LengthRunaway(limit=512), SINKS, [500.0] * 80) is None
    assert stop(LengthRunaway(), SINKS, [500.0] * 80, truncated_fraction=[0.8] * 80) is None


def test_without_a_limit_answers_that_are_cut_count() -> None:
    lengths = [min(length, 512.0) for length in GROWS]
    cut = [0.01] * 20 + [min(0.02 * t, 0.9) for t in range(60)]
    decision = stop(LengthRunaway(), SINKS, lengths, truncated_fraction=cut)
    assert decision is not None and "cut at the limit in" in decision.reason
    assert decision.values["truncated_fraction"] >= 0.5
    assert stop(LengthRunaway(limit=10_000), SINKS, lengths, truncated_fraction=cut) is None


def test_a_limit_is_a_whole_number_of_tokens() -> None:
    with pytest.raises(RuleError, match="limit must be a whole number >= 1"):
        LengthRunaway(limit=0)
