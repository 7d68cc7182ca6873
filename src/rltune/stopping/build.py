"""From plain descriptions to rules, and the presets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rltune.errors import RuleError, suggest
from rltune.own_code import is_address
from rltune.stopping.base import Rule
from rltune.stopping.combine import AllOf, AnyOf, Insist
from rltune.stopping.entropy_collapse import EntropyCollapse
from rltune.stopping.entropy_explosion import EntropyExplosion
from rltune.stopping.futility import Futility
from rltune.stopping.grad_explosion import GradExplosion
from rltune.stopping.kl_growth import KlGrowth
from rltune.stopping.kl_runaway import KlRunaway
from rltune.stopping.length_runaway import LengthRunaway
from rltune.stopping.no_signal import NoSignal
from rltune.stopping.non_finite import NonFinite
from rltune.stopping.own import check_own, import_rule
from rltune.stopping.plateau import Plateau
from rltune.stopping.reward_collapse import RewardCollapse
from rltune.stopping.reward_drop import RewardDrop
from rltune.stopping.reward_zero import RewardZero

RULES: Mapping[str, type[Any]] = {
    "kl_growth": KlGrowth,
    "kl_runaway": KlRunaway,
    "reward_drop": RewardDrop,
    "reward_collapse": RewardCollapse,
    "reward_zero": RewardZero,
    "no_signal": NoSignal,
    "entropy_collapse": EntropyCollapse,
    "entropy_explosion": EntropyExplosion,
    "length_runaway": LengthRunaway,
    "grad_explosion": GradExplosion,
    "futility": Futility,
    "plateau": Plateau,
    "non_finite": NonFinite,
    "any_of": AnyOf,
    "all_of": AllOf,
    "insist": Insist,
}

# Thresholds were chosen on the recorded runs of configurations 0 to 127 (bench/data); docs/stopping.md has error rates
# on the others, and on published full-scale runs. Each rule's own file says what healthy runs show.
_DEFAULT: tuple[Rule, ...] = (
    NonFinite(),
    KlRunaway(),
    RewardCollapse(),
    NoSignal(),
    EntropyCollapse(),
    EntropyExplosion(),
    LengthRunaway(),
    GradExplosion(),
    # Abstains until it is told what the best run has, and how long this one is: see `with_context`.
    Futility(),
)

_PAPER: tuple[Rule, ...] = (
    NonFinite(),
    KlGrowth(growth=0.15, patience=5),
    RewardDrop(drop=0.1),
    RewardZero(patience=5),
)

LOOKING_AHEAD = frozenset({"futility", "plateau"})
"""Rules that forecast; what they need to know beside the curve is told by `with_context`."""

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


def with_context(
    descriptions: Sequence[Mapping[str, object]], *, horizon: int, best: float | None
) -> list[dict[str, object]]:
    """The descriptions, with what no curve tells filled in for rules that look ahead, where they leave it open; also
    within rules made of rules.

    Args:
        descriptions: with all thresholds named, as `describe` gives them.
        horizon: the run's planned last step. best: mean reward over the last tenth of the best run of the same model,
            task and horizon; None: there is none yet.
    """
    known = {"horizon": horizon, "best": best}
    return [_told(description, known) for description in descriptions]


def _told(description: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, object]:
    told = {**description, **{name: known[name] for name in known if name in description and description[name] is None}}
    if "rules" in told:
        told["rules"] = [_told(inner, known) for inner in description["rules"]]
    if "inner" in told:
        told["inner"] = _told(description["inner"], known)
    return told


def without_metrics(
    descriptions: Sequence[Mapping[str, object]], reported: frozenset[str]
) -> tuple[tuple[Mapping[str, object], ...], tuple[str, ...]]:
    """The descriptions whose rules can judge runs that report these metrics; and the names of the other ones.

    A combination stays as long as one of its rules can judge.

    Raises:
        RuleError: as `build_rules`.
    """
    rules = build_rules(descriptions)
    able = [_can_judge(rule, reported) for rule in rules]
    kept = tuple(d for d, can in zip(descriptions, able, strict=True) if can)
    return kept, tuple(rule.name for rule, can in zip(rules, able, strict=True) if not can)


def _can_judge(rule: Rule, reported: frozenset[str]) -> bool:
    if isinstance(rule, AnyOf):
        return any(_can_judge(inner, reported) for inner in rule.rules)
    return all(name in reported or name.startswith("score/") for name in rule.needs)


def build_rules(descriptions: Sequence[Mapping[str, object]]) -> list[Rule]:
    """The rules of plain descriptions `{"rule": name, <threshold>: value}`; thresholds left out have their defaults.

    A name is one of `RULES`, or the address of a class of the user's own: `file.py:Class`, `package.module:Class`.

    Raises:
        RuleError: for an unknown rule or threshold (with the known ones and the closest), an impossible value, or a
            class that can't be imported or is no rule.
    """
    return [_build(description, f"stopping.rules.{i}") for i, description in enumerate(descriptions)]


def _build(description: object, where: str) -> Rule:
    if not isinstance(description, Mapping) or not isinstance(description.get("rule"), str):
        raise RuleError(
            f"expected a mapping with the key 'rule', got {description!r}",
            where=where,
            hint=f"such as {{rule: kl_runaway, floor: 0.5}}; known rules: {', '.join(RULES)}",
        )
    name = str(description["rule"])
    if name not in RULES and not is_address(name):
        raise RuleError(f"unknown rule {name!r}", where=where, hint=suggest(name, RULES))
    kind = RULES[name] if name in RULES else import_rule(name, where)
    thresholds = _thresholds(kind, name, description, where)
    try:
        rule = kind(**thresholds)
    except RuleError as error:
        raise RuleError(f"{name}: {error.message}", where=where, hint=error.hint) from None
    if name not in RULES:
        check_own(rule, name, RULES, where)
    return rule


def _thresholds(kind: type[Any], name: str, description: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What the class is made with: the description's values, rules within it built."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    thresholds: dict[str, Any] = {key: value for key, value in description.items() if key != "rule"}
    for key in thresholds:
        if key not in fields:
            raise RuleError(f"the rule {name} has no threshold {key!r}", where=where, hint=suggest(key, fields))
    for key, field in fields.items():
        left_open = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if key not in thresholds and left_open:
            raise RuleError(f"the rule {name} needs {key!r}", where=where, hint=f"add {key} to it")
    if "rules" in fields:
        thresholds["rules"] = _inner(thresholds["rules"], where)
    if "inner" in fields:
        thresholds["inner"] = _build(thresholds["inner"], f"{where}.inner")
    return thresholds


def _inner(value: object, where: str) -> tuple[Rule, ...]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise RuleError(f"rules must be a list of rules, got {value!r}", where=where)
    return tuple(_build(inner, f"{where}.rules.{i}") for i, inner in enumerate(value))
