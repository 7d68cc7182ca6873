"""What every stopping rule must do, whatever it looks at: checks for the tests of a rule, yours too.

    from rltune.testing.rules import check_rule

    def test_my_rule() -> None:
        check_rule(MyRule())

Each check raises AssertionError. The curves that a rule is shown are made up: one that learns, one that dies of
everything at once, one that stands still.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

from rltune.stopping.base import Decision, Rule, first_stop
from rltune.stopping.build import build_rules
from rltune.types import StepMetrics

Row = Mapping[str, float]
"""Metrics of a step, by canonical name."""


def curve(rows: Sequence[Row]) -> list[StepMetrics]:
    """The steps of a run, counted from 1."""
    return [StepMetrics(step, row) for step, row in enumerate(rows, start=1)]


def decide(rule: Rule, rows: Sequence[Row]) -> list[Decision]:
    """The decision after each step."""
    watch = rule.watch()
    return [watch.update(metrics) for metrics in curve(rows)]


# --- curves ------------------------------------------------------------------------------------------------------


def healthy(steps: int) -> list[dict[str, float]]:
    """A run that learns, with a wobble: reward 0.3 to 0.8, entropy 0.6 to 0.1 nats per token, KL up to 0.1."""
    rows = []
    for t in range(steps):
        done, wobble = 1 - math.exp(-t / 20), (-1) ** t / 64
        rows.append(
            {
                "reward": 0.3 + 0.5 * done + wobble,
                "reward_std": 0.4,
                "zero_std_fraction": 0.1 + 0.5 * done,
                "kl": 0.1 * done + wobble / 100,
                "policy_kl": 0.001,
                "entropy": 0.6 - 0.5 * done + wobble,
                "grad_norm": 1.0 + 4 * wobble,
                "clip_fraction": 0.01,
                "response_length": 200.0 + 10 * done + 100 * wobble,
                "truncated_fraction": 0.01,
                "learning_rate": 1e-6,
                "tokens": 50_000.0,
                "step_seconds": 10.0,
            }
        )
    return rows


def dying(entropy: float) -> list[dict[str, float]]:
    """The healthy run for 30 steps; then all goes wrong at once, with the entropy on its way to `entropy`."""
    rows = healthy(30)
    for t in range(1, 31):
        rows.append(
            healthy(1)[0]
            | {
                "reward": max(0.65 - 0.2 * t, 0.0),
                "reward_std": 0.0,
                "zero_std_fraction": 1.0,
                "kl": 0.08 * 1.4**t,
                "entropy": entropy,
                "grad_norm": 500.0,
                "response_length": 200.0 + 100 * t,
                "truncated_fraction": min(0.1 * t, 1.0),
            }
        )
    return rows


def idle() -> list[dict[str, float]]:
    """60 steps of a run that stands still at a reward of 0.3, and is well but for that."""
    return [row | {"reward": 0.3 + (-1) ** t / 64} for t, row in enumerate(healthy(60))]


def deaths() -> list[list[dict[str, float]]]:
    """Curves of which each rule must stop at least one."""
    return [dying(0.001), dying(5.0), idle(), [*healthy(5), healthy(1)[0] | {"grad_norm": math.inf}]]


def with_reward(rows: Sequence[Row], *, times: float = 1.0, plus: float = 0.0) -> list[dict[str, float]]:
    """The same curve in another unit of reward."""
    return [{**row, "reward": row["reward"] * times + plus, "reward_std": row["reward_std"] * times} for row in rows]


def check_rule(rule: Rule) -> None:
    """All that any rule must do, whatever it looks at.

    Raises:
        AssertionError: it isn't built from its own description, stops a run that learns, stops none that dies, gives
            no reason with a number, takes a stop back, decides differently when it is shown the curve anew, doesn't
            abstain where a metric of its `needs` is missing, or is misled by NaN and infinity.
    """
    check_description(rule)
    assert first_stop(rule, curve(healthy(300))) is None, f"{rule.name} stops a healthy run"
    check_stop_says_why(rule)
    for rows in deaths():
        check_fold(rule, rows)
        check_for_ever(rule, rows[:20], rows[20:])
    check_missing(rule)
    if rule.name != "non_finite":
        for bad in (math.nan, math.inf, -math.inf):
            check_not_poisoned(rule, bad)


def check_description(rule: Rule) -> None:
    """Its description, also after a way through JSON, builds an equal rule."""
    assert build_rules([json.loads(json.dumps(rule.describe()))]) == [rule]
    assert build_rules([{"rule": rule.name, **rule.describe()}])[0].describe() == rule.describe()


def check_for_ever(rule: Rule, head: Sequence[Row], tail: Sequence[Row]) -> None:
    """Later steps change nothing that was said before, and a stop stays, with its step."""
    alone, longer = decide(rule, head), decide(rule, [*head, *tail])
    assert repr(alone) == repr(longer[: len(head)])
    if alone and alone[-1].stop:
        assert all(repr(later) == repr(alone[-1]) for later in longer[len(head) :])


def check_fold(rule: Rule, rows: Sequence[Row]) -> None:
    """The fold says stop at exactly the prefixes that the pure function stops; what it says has step and reason."""
    for upto, decision in enumerate(decide(rule, rows), start=1):
        stopped = first_stop(rule, curve(rows[:upto]))
        assert decision.stop == (stopped is not None)
        assert decision.step == (stopped.step if stopped else upto)
        assert decision.reason and not (decision.stop and decision.abstained)


def check_stop_says_why(rule: Rule) -> None:
    """It stops at least one of the dying curves, with values and a number in its reason."""
    stops = [stop for rows in deaths() if (stop := first_stop(rule, curve(rows)))]
    assert stops, f"{rule.name} stops none of the dying curves"
    for stop in stops:
        assert stop.values and re.search(r"\d|inf", stop.reason), stop.reason


def check_missing(rule: Rule) -> None:
    """Without a metric that it needs it abstains, and names it."""
    for name in rule.needs:
        rows = [{n: v for n, v in row.items() if n != name} for row in healthy(20)]
        for decision in decide(rule, rows):
            assert decision.abstained and not decision.stop and name in decision.reason


def check_not_poisoned(rule: Rule, bad: float) -> None:
    """Steps with a bad number count as if they hadn't been shown."""
    for rows in deaths()[:3]:
        steps, hurt = curve(rows), {4, 13, 26}
        spoilt = [StepMetrics(m.step, dict.fromkeys(m.values, bad)) if m.step in hurt else m for m in steps]
        without = [metrics for metrics in steps if metrics.step not in hurt]
        assert repr(first_stop(rule, spoilt)) == repr(first_stop(rule, without))
