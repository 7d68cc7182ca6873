"""What every rule must do, whatever it looks at: checks that take a rule, and the curves that they are shown."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from rltune.stopping.base import Decision, Rule, first_stop
from rltune.stopping.build import RULES, build_rules
from rltune.stopping.combine import AllOf, AnyOf, Insist
from rltune.stopping.futility import Futility
from rltune.stopping.kl_runaway import KlRunaway
from rltune.stopping.plateau import Plateau
from rltune.stopping.reward_collapse import RewardCollapse
from rltune.types import METRIC_NAMES, StepMetrics

Row = Mapping[str, float]

KNOWS_ZERO = frozenset({"reward_drop", "reward_zero"})
"""Rules for which a shifted reward is another reward: zero means something to them."""

_MADE_OF_RULES: Mapping[str, Rule] = {
    "any_of": AnyOf((KlRunaway(), Insist(RewardCollapse(patience=2), patience=4))),
    "all_of": AllOf((KlRunaway(patience=2), RewardCollapse(patience=2))),
    "insist": Insist(KlRunaway(patience=1), patience=2),
}

LOOKS_AHEAD: Sequence[Rule] = (
    Futility(best=1.5, horizon=60, every=0.1, patience=2, low=-2, high=2),
    Plateau(worth=0.5, horizon=60, begin=0.3, every=0.1, low=-2, high=2),
)
"""Rules that abstain until they are told what no curve tells, told it."""

_EAGER = {"patience": 2, "warmup": 0, "early": 2, "window": 2}


def example(name: str) -> Rule:
    """A rule of this name with its own defaults."""
    return _MADE_OF_RULES.get(name) or RULES[name]()


def eager(rule: Any) -> Rule:
    """The same rule with as little patience as it takes, so that short curves stop it too."""
    if rule.name in _MADE_OF_RULES:
        return rule
    names = {field.name for field in dataclasses.fields(rule)}
    return dataclasses.replace(rule, **{name: value for name, value in _EAGER.items() if name in names})


def curve(rows: Sequence[Row]) -> list[StepMetrics]:
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


_WHOLE = st.integers(-128, 128).map(lambda n: n / 64)
_POSITIVE = st.integers(0, 4096).map(lambda n: n / 64)
_REWARDS = {"reward": _WHOLE, "reward_std": st.integers(0, 3).map(lambda n: n / 8)}

exact_rows = st.lists(
    st.fixed_dictionaries({name: _REWARDS.get(name, _POSITIVE) for name in METRIC_NAMES}), max_size=25
)
"""Short curves of numbers that whole shifts and scales of powers of two leave exact, so that a tie stays a tie."""

_ANY = st.floats(-2, 2) | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-300, 1e300, -1e300])
any_rows = st.lists(st.dictionaries(st.sampled_from(METRIC_NAMES), _ANY), max_size=15)
"""Short curves of anything that a trainer might print, or leave out."""


def with_reward(rows: Sequence[Row], *, times: float = 1.0, plus: float = 0.0) -> list[dict[str, float]]:
    """The same curve in another unit of reward."""
    return [{**row, "reward": row["reward"] * times + plus, "reward_std": row["reward_std"] * times} for row in rows]


# --- checks ------------------------------------------------------------------------------------------------------


def check_description(rule: Rule) -> None:
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
    stops = [stop for rows in deaths() if (stop := first_stop(rule, curve(rows)))]
    assert stops, f"{rule.name} stops none of the dying curves"
    for stop in stops:
        assert stop.values and re.search(r"\d|inf", stop.reason), stop.reason


def check_missing(rule: Rule) -> None:
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


def in_unit(rule: Any, *, times: float = 1.0, plus: float = 0.0) -> Rule:
    """The rule with what it was told about rewards in that unit too."""
    if rule.name not in {ahead.name for ahead in LOOKS_AHEAD}:
        return rule
    told = {name: getattr(rule, name, None) for name in ("best", "low", "high")}
    moved = {name: value * times + plus for name, value in told.items() if value is not None}
    return dataclasses.replace(rule, **moved, **({"worth": rule.worth * times} if rule.name == "plateau" else {}))


def check_scale(rule: Rule, rows: Sequence[Row], power: int) -> None:
    scaled = decide(in_unit(rule, times=2.0**power), with_reward(rows, times=2.0**power))
    assert [d.stop for d in decide(rule, rows)] == [d.stop for d in scaled]


def check_shift(rule: Rule, rows: Sequence[Row], shift: int) -> None:
    shifted = decide(in_unit(rule, plus=float(shift)), with_reward(rows, plus=float(shift)))
    assert [d.stop for d in decide(rule, rows)] == [d.stop for d in shifted]
