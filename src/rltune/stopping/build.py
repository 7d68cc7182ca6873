"""From plain descriptions to rules, and the presets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rltune.errors import RuleError, suggest
from rltune.stopping.base import Rule
from rltune.stopping.combine import AllOf, AnyOf, Insist
from rltune.stopping.kl_growth import KlGrowth
from rltune.stopping.non_finite import NonFinite
from rltune.stopping.reward_drop import RewardDrop
from rltune.stopping.reward_zero import RewardZero

RULES: Mapping[str, type[Any]] = {
    "kl_growth": KlGrowth,
    "reward_drop": RewardDrop,
    "reward_zero": RewardZero,
    "non_finite": NonFinite,
    "any_of": AnyOf,
    "all_of": AllOf,
    "insist": Insist,
}

# Measured on three published full-scale runs (verl, 0.5B to 7B) and on 31 runs of embedded/xs over the whole space of
# its recipe: none is stopped. Three runs of embedded/s at a learning rate of 1.8e-3, dead from their second step, are
# stopped at step 8.
_DEFAULT: tuple[Rule, ...] = (
    NonFinite(),
    # Floor: KL of healthy runs grows from zero to 0.1 (7B, GRPO), 0.35 (0.5B, PPO) or 0.3 (embedded), by less than 15
    # % a step once it is above 0.1; a run-away doubles within five steps and goes on. Window: single steps jump
    # tenfold, for one step, in healthy runs too. Warm-up: the first steps multiply a KL that is next to nothing.
    KlGrowth(growth=0.15, patience=5, floor=0.2, window=3, warmup=10),
    # With 32 prompts a step the mean reward varies by 0.06 from step to step. At 3 standard errors 1 % of runs that
    # stand still are stopped within 40 steps and 2 % within 400 (simulated); a warm-up of 5 makes sigma known.
    RewardDrop(drop=0.1, patience=3, window=5, warmup=5, noise=3.0),
    # A model that is right once in a thousand samples sees ten silent steps of 256 samples by chance in 8 % of cases.
    RewardZero(patience=10),
)

_PAPER: tuple[Rule, ...] = (
    NonFinite(),
    KlGrowth(growth=0.15, patience=5),
    RewardDrop(drop=0.1),
    RewardZero(patience=5),
)

PRESETS: Mapping[str, tuple[Rule, ...]] = {"default": _DEFAULT, "paper": _PAPER, "off": ()}


def preset(name: str) -> list[dict[str, object]]:
    """The descriptions of a preset's rules: `default`, `paper` (arXiv 2606.03073 to the letter) or `off`.

    Raises:
        RuleError: if there is no such preset.
    """
    if name not in PRESETS:
        raise RuleError(f"unknown preset {name!r}", where="stopping.preset", hint=suggest(name, PRESETS))
    return [rule.describe() for rule in PRESETS[name]]


def describe_rules(name: str, more: Sequence[Mapping[str, object]] = ()) -> list[dict[str, object]]:
    """A preset's rules with `more` added; one of the same name replaces the preset's. Checked, all thresholds named.

    Raises:
        RuleError: for what `preset` and `build_rules` refuse.
    """
    added = [rule.describe() for rule in build_rules(more)]
    names = {description["rule"] for description in added}
    return [description for description in preset(name) if description["rule"] not in names] + added


def build_rules(descriptions: Sequence[Mapping[str, object]]) -> list[Rule]:
    """The rules of plain descriptions `{"rule": name, <threshold>: value}`; thresholds left out have their defaults.

    Raises:
        RuleError: for an unknown rule or threshold (with the known ones and the closest), or an impossible value.
    """
    return [_build(description, f"stopping.rules.{i}") for i, description in enumerate(descriptions)]


def _build(description: object, where: str) -> Rule:
    if not isinstance(description, Mapping) or not isinstance(description.get("rule"), str):
        raise RuleError(
            f"expected a mapping with the key 'rule', got {description!r}",
            where=where,
            hint=f"such as {{rule: kl_growth, floor: 0.2}}; known rules: {', '.join(RULES)}",
        )
    name = str(description["rule"])
    if name not in RULES:
        raise RuleError(f"unknown rule {name!r}", where=where, hint=suggest(name, RULES))
    fields = {field.name: field for field in dataclasses.fields(RULES[name])}
    thresholds: dict[str, Any] = {key: value for key, value in description.items() if key != "rule"}
    for key in thresholds:
        if key not in fields:
            raise RuleError(f"the rule {name} has no threshold {key!r}", where=where, hint=suggest(key, fields))
    for key, field in fields.items():
        if key not in thresholds and field.default is dataclasses.MISSING:
            raise RuleError(f"the rule {name} needs {key!r}", where=where, hint=f"add {key} to it")
    if "rules" in fields:
        thresholds["rules"] = _inner(thresholds["rules"], where)
    if "inner" in fields:
        thresholds["inner"] = _build(thresholds["inner"], f"{where}.inner")
    try:
        return RULES[name](**thresholds)
    except RuleError as error:
        raise RuleError(f"{name}: {error.message}", where=where, hint=error.hint) from None


def _inner(value: object, where: str) -> tuple[Rule, ...]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise RuleError(f"rules must be a list of rules, got {value!r}", where=where)
    return tuple(_build(inner, f"{where}.rules.{i}") for i, inner in enumerate(value))
