"""Runs that can't become the best, runs that still could, and a rule that wasn't told enough."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest

from rltune.errors import RuleError
from rltune.stopping.base import Decision, Rule, first_stop
from rltune.stopping.build import PRESETS, build_rules, preset, with_context
from rltune.stopping.futility import Futility
from rltune.stopping.guard import stop_reason
from rltune.types import StopKind

from .contract import curve

STEPS = 100
TOLD = Futility(best=0.9, horizon=STEPS)


def run(end: float, rate: float = 5.0, noise: float = 0.02, seed: int = 0) -> list[float]:
    """100 rewards that rise from 0.3 towards `end`."""
    source = random.Random(seed)
    return [0.3 + (end - 0.3) * (1 - math.exp(-rate * t / STEPS)) + source.gauss(0, noise) for t in range(STEPS)]


def stop(rule: Rule, rewards: list[float]) -> Decision | None:
    return first_stop(rule, curve([{"reward": reward} for reward in rewards]))


def test_a_run_far_below_another_is_stopped_with_its_numbers() -> None:
    decision = stop(TOLD, run(0.4))
    assert decision is not None and 40 <= decision.step <= 60
    assert decision.values["upper"] < decision.values["bar"] < decision.values["best"] == 0.9
    assert decision.values["forecast"] == pytest.approx(0.4, abs=0.05) and decision.values["streak"] == 3
    assert "the forecast for step 100 is" in decision.reason and "another run already has 0.9" in decision.reason
    assert stop_reason(decision).kind is StopKind.FUTILE


@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_could_still_come_close_lives(seed: int) -> None:
    assert stop(TOLD, run(0.85, seed=seed)) is None
    assert stop(TOLD, run(0.95, rate=2.0, seed=seed)) is None
    late = [0.3] * 35 + [min(0.3 + 0.02 * t, 0.9) for t in range(65)]
    assert stop(TOLD, [reward + noise for reward, noise in zip(late, run(0.3, seed=seed), strict=True)]) is None


@pytest.mark.parametrize(("schedule", "least"), [("constant", 40), ("cosine", 65), ("warm-up", 40), ("unknown", 40)])
def test_while_the_learning_rate_falls_a_run_is_given_time(schedule: str, least: int) -> None:
    rates = {
        "constant": lambda t: 1e-4,
        "cosine": lambda t: 5e-5 * (1 + math.cos(math.pi * t / STEPS)),
        "warm-up": lambda t: min(1e-4, 1e-5 * (t + 1)),
        "unknown": lambda t: math.nan,
    }
    steps = [{"reward": reward, "learning_rate": rates[schedule](t)} for t, reward in enumerate(run(0.4))]
    decision = first_stop(TOLD, curve(steps))
    assert decision is not None and least <= decision.step <= least + 20


def test_without_slack_a_run_ends_as_soon_as_it_cannot_be_the_best() -> None:
    good = run(0.75)
    assert stop(TOLD, good) is None
    assert stop(dataclasses.replace(TOLD, slack=0.0), good) is not None


def test_a_bar_below_the_runs_own_start_stops_nothing() -> None:
    assert stop(Futility(best=0.1, horizon=STEPS), run(0.3)) is None


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        (Futility(), "best and horizon"),
        (Futility(horizon=STEPS), "best"),
        (Futility(best=0.9), "horizon"),
    ],
)
def test_it_abstains_until_it_is_told_and_says_what(rule: Futility, missing: str) -> None:
    decisions = [rule.watch().update(metrics) for metrics in curve([{"reward": r} for r in run(0.4)])]
    assert all(d.abstained and not d.stop and d.reason == f"{missing} not known" for d in decisions)


def test_a_collapsed_run_and_a_flat_one_are_other_rules_business() -> None:
    assert stop(TOLD, run(0.6)[:25] + [0.0] * 75) is None
    assert stop(TOLD, [0.3] * STEPS) is None


def test_steps_without_a_number_are_left_out_and_steps_past_the_horizon_too() -> None:
    slow = run(0.4)
    spoilt = [math.nan if t % 7 == 0 else reward for t, reward in enumerate(slow)]
    assert stop(TOLD, spoilt) is not None
    assert stop(Futility(best=0.9, horizon=20), [0.3 + 0.3 * t / 5 for t in range(5)] + slow) is None


def test_rewards_outside_of_the_stated_range_widen_it() -> None:
    rule = dataclasses.replace(TOLD, low=0.0, high=0.35)
    assert stop(rule, run(0.4)) is not None and stop(rule, run(0.9)) is None


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"best": math.nan}, "best must be a finite number, got nan"),
        ({"best": "high"}, "best must be a finite number"),
        ({"horizon": 0}, "horizon must be a whole number >= 1"),
        ({"begin": 30}, "begin must be a number > 0 and <= 1"),
        ({"low": 0.0}, "high must be a finite number > 0, got None"),
        ({"high": 1.0}, "low must be a finite number, got None"),
        ({"low": 1.0, "high": 0.0}, "high must be a finite number > 1, got 0.0"),
    ],
)
def test_impossible_thresholds_are_refused(thresholds: dict[str, object], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        build_rules([{"rule": "futility", **thresholds}])


def test_the_context_fills_only_what_was_left_open() -> None:
    described = [*preset("default"), {"rule": "futility", "best": 0.5, "horizon": None}, {"rule": "plateau"}]
    filled = with_context(described, horizon=64, best=0.8)
    assert filled[:-3] == described[:-3]
    assert filled[-3] == described[-3] | {"horizon": 64, "best": 0.8}
    assert filled[-2] == {"rule": "futility", "best": 0.5, "horizon": 64}
    assert filled[-1] == {"rule": "plateau"}
    assert with_context(preset("default"), horizon=64, best=None)[-1]["best"] is None
    assert build_rules(filled[:-2])[-1] == Futility(best=0.8, horizon=64)
    assert with_context(preset("off"), horizon=64, best=0.8) == []


def test_rules_made_of_rules_are_told_the_context_too() -> None:
    inner = {"rule": "insist", "inner": {"rule": "futility"}, "patience": 2}
    (whole,) = build_rules([{"rule": "any_of", "rules": [inner, {"rule": "plateau", "horizon": 9}]}])
    (told,) = build_rules(with_context([whole.describe()], horizon=64, best=0.8))
    (insist, plateau) = told.describe()["rules"]  # type: ignore[misc]
    assert (insist["inner"]["horizon"], insist["inner"]["best"], plateau["horizon"]) == (64, 0.8, 9)


def test_the_default_preset_told_the_context_stops_the_slow_run_only() -> None:
    (slow, good) = (curve([{"reward": r} for r in run(end)]) for end in (0.4, 0.88))
    rules = build_rules(with_context(preset("default"), horizon=STEPS, best=0.9))
    stops = [[d.rule for rule in rules if (d := first_stop(rule, run))] for run in (slow, good)]
    assert stops == [["futility"], []]
    assert not any(first_stop(rule, slow) for rule in PRESETS["default"])
