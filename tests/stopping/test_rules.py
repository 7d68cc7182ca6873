"""What each rule stops, what it lets live, and what it says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import RuleError
from rltune.stopping.base import Rule, first_stop
from rltune.stopping.build import PRESETS, build_rules, describe_rules, preset
from rltune.stopping.combine import AllOf, AnyOf, Insist
from rltune.stopping.guard import stop_reason, watch_all
from rltune.stopping.kl_growth import KlGrowth
from rltune.stopping.non_finite import NonFinite
from rltune.stopping.reward_drop import RewardDrop
from rltune.stopping.reward_zero import RewardZero
from rltune.types import StepMetrics, StopKind


def curve(**columns: Sequence[float]) -> list[StepMetrics]:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [StepMetrics(step, row) for step, row in enumerate(rows, start=1)]


def stopped_at(rule: Rule, **columns: Sequence[float]) -> int | None:
    decision = first_stop(rule, curve(**columns))
    return decision.step if decision else None


# --- KL growth ---------------------------------------------------------------------------------------------------


def test_kl_growth_to_the_letter() -> None:
    grows = [0.1 * 1.16**t for t in range(12)]
    assert stopped_at(KlGrowth(), kl=grows) == 6
    assert stopped_at(KlGrowth(), kl=[0.1 * 1.14**t for t in range(12)]) is None
    pause = [*grows[:4], grows[3], *grows[4:8]]
    assert stopped_at(KlGrowth(), kl=pause) is None


def test_the_paper_stops_a_run_whose_kl_leaves_zero_and_the_default_does_not() -> None:
    healthy = [0.0, 0.001, 0.004, 0.008, 0.013, 0.018, 0.024, 0.028, *[0.03] * 30]
    assert stopped_at(KlGrowth(), kl=healthy) == 6
    assert [stopped_at(rule, kl=healthy) for rule in PRESETS["default"]] == [None] * len(PRESETS["default"])


def test_the_window_smooths_kl() -> None:
    jumps = [0.1, 0.2, 0.1, 0.2, 0.1, 0.2]
    assert stopped_at(KlGrowth(patience=1), kl=jumps) == 2
    assert stopped_at(KlGrowth(patience=1, growth=0.6, window=2), kl=jumps) is None


def test_kl_estimates_below_zero_are_no_growth_and_growth_from_zero_is() -> None:
    assert stopped_at(KlGrowth(), kl=[-0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7]) is None
    assert stopped_at(KlGrowth(patience=1), kl=[-0.1, 0.0, 0.001]) == 3


# --- reward drop -------------------------------------------------------------------------------------------------


def test_reward_drop_to_the_letter() -> None:
    assert stopped_at(RewardDrop(), reward=[0.5, 0.6, 0.55, 0.53]) == 4
    assert stopped_at(RewardDrop(), reward=[0.5, 0.6, 0.55, 0.545]) is None


def test_reward_drop_knows_no_sign() -> None:
    assert stopped_at(RewardDrop(), reward=[-5.0, -1.0, -1.4]) is None
    assert stopped_at(RewardDrop(), reward=[-5.0, -1.0, -1.6]) == 3
    assert stopped_at(RewardDrop(), reward=[0.0] * 20) is None
    assert stopped_at(RewardDrop(), reward=[0.0, -0.1]) == 2


# --- no signal, no numbers ---------------------------------------------------------------------------------------


def test_silence_must_be_unbroken() -> None:
    assert stopped_at(RewardZero(patience=5), reward=[0.0] * 5) == 5
    assert stopped_at(RewardZero(patience=5), reward=[0.0] * 4 + [0.01] + [0.0] * 4) is None
    assert stopped_at(RewardZero(patience=5), reward=[-0.0, 0.0, -0.0, 0.0, 0.0]) == 5


def test_rewards_that_cancel_are_no_silence() -> None:
    assert stopped_at(RewardZero(patience=3), reward=[0.0] * 9, reward_std=[1.0] * 9) is None
    assert stopped_at(RewardZero(patience=3), reward=[0.0] * 9, reward_std=[0.0] * 9) == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_non_finite_number_is_a_divergence(bad: float) -> None:
    decision = first_stop(NonFinite(), curve(reward=[0.1, 0.2, 0.3], grad_norm=[1.0, bad, 1.0]))
    assert decision is not None and decision.step == 2 and "grad_norm" in decision.reason
    assert stop_reason(decision).kind is StopKind.DIVERGED
    assert first_stop(NonFinite(ignore=("grad_norm",)), curve(reward=[0.1], grad_norm=[bad])) is None


def test_a_rule_stop_becomes_a_record_of_a_rule_stop() -> None:
    decision = first_stop(RewardZero(), curve(reward=[0.0] * 9))
    assert decision is not None
    reason = stop_reason(decision)
    assert (reason.kind, reason.rule, reason.step) == (StopKind.RULE, "reward_zero", 5)
    assert reason.values["streak"] == 5


# --- combinations ------------------------------------------------------------------------------------------------


def test_any_of_tells_which_rule_it_was() -> None:
    rule = AnyOf((KlGrowth(), RewardZero(patience=2), NonFinite()))
    decision = first_stop(rule, curve(reward=[0.0, 0.0]))
    assert decision is not None and decision.rule == "reward_zero"
    diverged = first_stop(rule, curve(reward=[math.nan]))
    assert diverged is not None and diverged.kind is StopKind.DIVERGED


def test_all_of_means_at_the_same_step() -> None:
    rule = AllOf((KlGrowth(patience=1), RewardDrop(drop=0.1)))
    assert stopped_at(rule, kl=[0.1, 0.2, 0.2, 0.2], reward=[0.5, 0.5, 0.5, 0.1]) is None
    assert stopped_at(rule, kl=[0.1, 0.2, 0.2, 0.4], reward=[0.5, 0.5, 0.5, 0.1]) == 4
    assert first_stop(rule, curve(reward=[0.5, 0.1])) is None


def test_a_rule_that_must_insist() -> None:
    rule = Insist(RewardDrop(drop=0.1), patience=3)
    assert stopped_at(rule, reward=[0.5, 0.1, 0.1, 0.5, 0.1, 0.1]) is None
    assert stopped_at(rule, reward=[0.5, 0.1, 0.1, 0.1]) == 4


# --- all rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "blind"),
    [
        ("paper", {"kl_growth"}),
        (
            "default",
            {
                "kl_runaway",
                "entropy_collapse",
                "entropy_explosion",
                "length_runaway",
                "grad_explosion",
                "futility",
            },
        ),
    ],
)
def test_with_nothing_but_rewards_the_other_rules_abstain_and_the_reward_is_watched(name: str, blind: set[str]) -> None:
    guard = watch_all(PRESETS[name])
    decisions = [guard.update(metrics) for metrics in curve(reward=[0.3, 0.4] + [0.0] * 12)]
    assert guard.abstentions.keys() == blind
    assert guard.abstentions.get("kl_growth", "abstains: kl is not reported") == "abstains: kl is not reported"
    assert decisions[-1] is not None and decisions[-1].rule.startswith("reward_")


def test_a_guard_keeps_to_its_first_stop() -> None:
    guard = watch_all(PRESETS["paper"])
    decisions = [guard.update(m) for m in curve(reward=[0.5, 0.1, math.nan, 0.5])]
    assert decisions[0] is None and decisions[1] is not None
    assert decisions[1] == decisions[2] == decisions[3]


def test_steps_must_increase() -> None:
    guard = watch_all([RewardZero()])
    guard.update(StepMetrics(3, {"reward": 0.1}))
    with pytest.raises(ValueError, match="steps must increase"):
        guard.update(StepMetrics(3, {"reward": 0.1}))


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=60), st.integers(-20, 20))
def test_reward_drop_does_not_depend_on_the_scale_of_rewards(rewards: list[float], power: int) -> None:
    scale = 2.0**power  # exact, so that a tie stays a tie
    rule = RewardDrop(drop=0.1, window=2)
    first = stopped_at(rule, reward=rewards)
    scaled = stopped_at(rule, reward=[r * scale for r in rewards])
    assert first == scaled


# --- building ----------------------------------------------------------------------------------------------------


def test_presets() -> None:
    assert preset("off") == [] and build_rules(preset("default")) == list(PRESETS["default"])
    assert {
        "rule": "kl_growth",
        "growth": 0.15,
        "patience": 5,
        "window": 1,
    } in preset("paper")
    with pytest.raises(RuleError, match="did you mean 'default'"):
        preset("defualt")


def test_more_rules_add_to_a_preset_or_replace_its_own() -> None:
    described = describe_rules(
        "paper",
        [
            {"rule": "kl_growth", "growth": 0.5},
            {"rule": "insist", "inner": {"rule": "reward_zero"}, "patience": 2},
        ],
    )
    assert [d["rule"] for d in described] == [
        "non_finite",
        "reward_drop",
        "reward_zero",
        "kl_growth",
        "insist",
    ]
    assert described[3]["growth"] == 0.5
    assert describe_rules("off", [{"rule": "non_finite"}]) == [{"rule": "non_finite", "ignore": []}]


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ({"rule": "kl_grwoth"}, "did you mean 'kl_growth'"),
        ({"rule": "kl_growth", "pateince": 3}, "did you mean 'patience'"),
        ({"rule": "kl_growth", "growth": 0}, "growth must be a finite number > 0"),
        ({"rule": "kl_growth", "growth": math.nan}, "finite"),
        ({"rule": "kl_growth", "growth": "15%"}, "'15%'"),
        ({"rule": "kl_growth", "patience": 2.5}, "whole number"),
        ({"rule": "kl_growth", "floor": 0.2}, "no threshold 'floor'"),
        ({"rule": "kl_runaway", "floor": -1}, ">= 0"),
        ({"rule": "reward_drop", "window": 0}, "window must be a whole number >= 1"),
        ({"rule": "reward_zero", "patience": True}, "whole number"),
        ({"rule": "non_finite", "ignore": "kl"}, "list"),
        ({"rule": "any_of"}, "needs 'rules'"),
        ({"rule": "any_of", "rules": []}, "at least one"),
        ({"rule": "any_of", "rules": "kl_growth"}, "must be a list"),
        ({"rule": "insist", "inner": {"rule": "nope"}, "patience": 1}, "unknown rule 'nope'"),
        ({"floor": 1}, "the key 'rule'"),
    ],
)
def test_impossible_rules_are_named_with_the_remedy(description: dict[str, object], said: str) -> None:
    with pytest.raises(RuleError) as caught:
        build_rules([{"rule": "non_finite"}, description])
    assert said in str(caught.value) and "stopping.rules.1" in str(caught.value)
