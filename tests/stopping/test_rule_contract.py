"""Every rule in the table against the contract, with its defaults and with as little patience as it takes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.stopping.base import Rule, first_stop
from rltune.stopping.build import PRESETS, RULES
from rltune.stopping.futility import Futility
from rltune.stopping.guard import watch_all
from rltune.stopping.plateau import Plateau
from rltune.types import METRIC_NAMES, StepMetrics

from . import contract

SUBJECTS = [
    *(rule for name in RULES for rule in (contract.example(name), contract.eager(contract.example(name)))),
    *contract.LOOKS_AHEAD,
]
SHIFT_FREE = [rule for rule in SUBJECTS if rule.name not in contract.KNOWS_ZERO]
FINITE = [rule for rule in SUBJECTS if rule.name != "non_finite"]

BARE = {rule.name for rule in contract.LOOKS_AHEAD}
TOLD = [rule for rule in SUBJECTS if rule.name not in BARE or rule in contract.LOOKS_AHEAD]

TO_THE_LETTER = {"kl_growth", "reward_drop"}
"""Rules of the paper whose own defaults stop healthy runs."""

every_rule = pytest.mark.parametrize("rule", SUBJECTS, ids=lambda rule: rule.name)
shift_free = pytest.mark.parametrize("rule", SHIFT_FREE, ids=lambda rule: rule.name)
finite = pytest.mark.parametrize("rule", FINITE, ids=lambda rule: rule.name)
quick = settings(max_examples=10, deadline=None)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_in_the_table_under_its_own_name(name: str) -> None:
    assert contract.example(name).name == name


@every_rule
def test_a_description_builds_an_equal_rule(rule: Rule) -> None:
    contract.check_description(rule)


@pytest.mark.parametrize("rule", TOLD, ids=lambda rule: rule.name)
def test_a_stop_is_given_on_a_dying_curve_and_says_why(rule: Rule) -> None:
    contract.check_stop_says_why(rule)


@pytest.mark.parametrize("name", [name for name in RULES if name not in TO_THE_LETTER])
def test_a_healthy_curve_lives(name: str) -> None:
    assert first_stop(contract.example(name), contract.curve(contract.healthy(300))) is None


@every_rule
def test_a_missing_metric_makes_it_abstain_and_is_named(rule: Rule) -> None:
    contract.check_missing(rule)


@quick
@every_rule
@given(head=contract.any_rows, tail=contract.any_rows)
def test_later_steps_never_withdraw_or_change_an_earlier_decision(rule: Rule, head: list, tail: list) -> None:
    contract.check_for_ever(rule, head, tail)


@quick
@every_rule
@given(rows=contract.any_rows | contract.exact_rows)
def test_the_fold_is_the_pure_function_on_every_prefix(rule: Rule, rows: list) -> None:
    contract.check_fold(rule, rows)


@every_rule
def test_the_fold_is_the_pure_function_on_every_prefix_of_a_dying_curve(rule: Rule) -> None:
    for rows in contract.deaths():
        contract.check_fold(rule, rows)


@finite
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_bad_numbers_are_left_out_and_hide_no_death(rule: Rule, bad: float) -> None:
    contract.check_not_poisoned(rule, bad)


@every_rule
@pytest.mark.parametrize("value", [0.5, -1.0, 1e300])
def test_a_curve_of_one_step_lives(rule: Rule, value: float) -> None:
    assert first_stop(contract.example(rule.name), contract.curve([dict.fromkeys(METRIC_NAMES, value)])) is None


@every_rule
def test_identical_values_are_no_surprise(rule: Rule) -> None:
    assert first_stop(rule, contract.curve(contract.healthy(1) * 300)) is None


@quick
@every_rule
@given(rows=contract.exact_rows, power=st.integers(-20, 20))
def test_the_unit_of_reward_changes_no_decision(rule: Rule, rows: list, power: int) -> None:
    contract.check_scale(rule, rows, power)


@quick
@shift_free
@given(rows=contract.exact_rows, shift=st.integers(-64, 64))
def test_the_zero_of_reward_changes_no_decision(rule: Rule, rows: list, shift: int) -> None:
    contract.check_shift(rule, rows, shift)


@shift_free
@pytest.mark.parametrize(("times", "plus"), [(1.0, -2.0), (1000.0, 0.0), (0.001, -7.0)])
def test_a_death_at_negative_or_large_rewards_is_seen_at_the_same_step(rule: Rule, times: float, plus: float) -> None:
    for rows in contract.deaths():
        stop = first_stop(rule, contract.curve(rows))
        told = contract.in_unit(rule, times=times, plus=plus)
        moved = first_stop(told, contract.curve(contract.with_reward(rows, times=times, plus=plus)))
        assert (stop and stop.step) == (moved and moved.step)


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.dictionaries(st.sampled_from(METRIC_NAMES), st.floats(-5, 5)), max_size=12),
    name=st.sampled_from([*METRIC_NAMES, "score/math"]),
    bad=st.sampled_from([math.nan, math.inf, -math.inf]),
)
@pytest.mark.parametrize("preset", ["default", "paper"])
def test_a_preset_stops_at_any_number_that_is_not_finite(preset: str, before: list, name: str, bad: float) -> None:
    guard = watch_all(PRESETS[preset])
    for metrics in contract.curve(before):
        guard.update(metrics)
    assert guard.update(StepMetrics(len(before) + 1, {name: bad})) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "rule",
    [
        *map(contract.example, RULES),
        Futility(best=0.9, horizon=100_000),
        Plateau(worth=1e-6, horizon=100_000, every=0.2),
    ],
    ids=lambda rule: rule.name,
)
def test_100_000_steps_work(rule: Rule) -> None:
    healthy = contract.healthy(100)
    watch = rule.watch()
    steps = [StepMetrics(t + 1, healthy[-1 - t % 2] if t > 99 else healthy[t]) for t in range(100_000)]
    decisions = [watch.update(metrics) for metrics in steps]
    assert decisions[-1].stop or decisions[-1].step == 100_000
