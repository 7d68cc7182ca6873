"""What every rule must do, as `rltune.testing.rules` has it, and what only the tests of rltune's own rules add:
examples of each, curves of anything, other units of reward."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from rltune.stopping.base import Rule
from rltune.stopping.build import RULES
from rltune.stopping.combine import AllOf, AnyOf, Insist
from rltune.stopping.futility import Futility
from rltune.stopping.kl_runaway import KlRunaway
from rltune.stopping.plateau import Plateau
from rltune.stopping.reward_collapse import RewardCollapse
from rltune.testing.rules import (
    Row,
    check_description,
    check_fold,
    check_for_ever,
    check_missing,
    check_not_poisoned,
    check_stop_says_why,
    curve,
    deaths,
    decide,
    dying,
    healthy,
    idle,
    with_reward,
)
from rltune.types import METRIC_NAMES

__all__ = [
    "Row",
    "check_description",
    "check_fold",
    "check_for_ever",
    "check_missing",
    "check_not_poisoned",
    "check_stop_says_why",
    "curve",
    "deaths",
    "decide",
    "dying",
    "healthy",
    "idle",
    "with_reward",
]

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
