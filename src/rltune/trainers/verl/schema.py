"""What the installed verl's config takes: its keys, with types and closed lists of values.

Hydra itself refuses unknown keys only: `adv_estimator=foo` and `train_batch_size=abc` compose, and fail after a minute
of starting up, or do nothing. The types are those of verl's own config classes, else of the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.verl.override import Override

_OPTIONAL = re.compile(r"Optional\[(.*)\]|(.*?)\s*\|\s*None")
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d[\d_]*")

_UNTYPED: Mapping[str, str] = {
    "trainer.total_training_steps": "Optional[int]",
    "data.seed": "Optional[int]",
    "data.gen_batch_size": "Optional[int]",
    "data.val_batch_size": "Optional[int]",
    "trainer.max_actor_ckpt_to_keep": "Optional[int]",
    "trainer.max_critic_ckpt_to_keep": "Optional[int]",
    "trainer.resume_from_path": "Optional[str]",
    "trainer.default_hdfs_dir": "Optional[str]",
    "ray_kwargs.ray_init.num_cpus": "Optional[int]",
    "actor_rollout_ref.ref.log_prob_micro_batch_size": "Optional[int]",
    "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu": "Optional[int]",
}
"""Types of keys that belong to no config class and are null by default."""

_OPEN = (
    "reward.reward_kwargs",
    "reward_model.reward_kwargs",
    "reward.custom_reward_function.reward_kwargs",
    "custom_reward_function.reward_kwargs",
)
"""Sections that verl reads though neither its config nor its classes have them."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the config.

    Attributes:
        types: its annotation in verl's config class, or None. default: as the config has it.
        append: it is a field of the class that the config doesn't list: Hydra wants it with a `+`.
        closed: it is a section whose class takes no other fields. choices: the values it may have; empty: any.
    """

    types: str | None = None
    default: object = None
    append: bool = False
    closed: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The config of one installed version. `packages`: it, and what it runs on, with their versions."""

    version: str
    keys: Mapping[str, Key]
    packages: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, answer: Mapping[str, object]) -> Schema:
        """From the inspector's answer."""
        keys, packages, version = answer["keys"], answer["packages"], str(answer["version"])
        assert isinstance(keys, Mapping) and isinstance(packages, Mapping)
        return cls(version, {name: _key(facts) for name, facts in keys.items()}, {"verl": version, **packages})

    def has(self, key: str) -> bool:
        """Whether `key=value` would be taken without a `+`."""
        return key in self.keys and not self.keys[key].append

    def check(self, override: Override, where: str = "trainer verl") -> None:
        """Passes if the override can be composed and its value is of the right type.

        Raises:
            TrainerError: naming the key, with the nearest known one.
        """
        key = override.key
        if "@" in key or "/" in key or override.sign == "~":
            return  # a config group, or a deletion: Hydra's own check is enough
        known = self.keys.get(key)
        if known is None:
            self._check_unknown(override, where)
            return
        if known.append and override.sign == "":
            raise TrainerError(
                f"verl {self.version} has {key}, but its config doesn't list it",
                where=where,
                hint=f"append it: +{override.text}",
            )
        self._check_value(override, known, where)

    def _check_unknown(self, override: Override, where: str) -> None:
        key = override.key
        parent = key.rpartition(".")[0]
        if override.sign and self._is_open(parent):
            return
        raise TrainerError(
            f"verl {self.version} has no key {key}",
            where=where,
            hint=self.nearest(key) or "see verl's own ppo_trainer.yaml",
        )

    def _is_open(self, parent: str) -> bool:
        """Whether keys may be appended below `parent`: to a section without a class, at any depth."""
        while parent:
            if parent in _OPEN:
                return True
            if parent in self.keys:
                return not self.keys[parent].closed
            parent = parent.rpartition(".")[0]
        return False

    def nearest(self, key: str) -> str | None:
        """`did you mean ...?`: a sister first, since most slips are in the last part."""
        parent, _, last = key.rpartition(".")
        sisters = {name.rpartition(".")[2]: name for name in self.keys if name.rpartition(".")[0] == parent}
        found = did_you_mean(last, sisters)
        if found is not None:
            return did_you_mean(sisters[found.split("'")[1]], self.keys)
        same = [name for name in self.keys if name.rpartition(".")[2] == last]
        return did_you_mean(key, same, similarity=0.3) or did_you_mean(key, self.keys, similarity=0.75)

    def _check_value(self, override: Override, known: Key, where: str) -> None:
        value = override.value or ""
        got = kind_of(value)
        wanted, optional = _wanted(override.key, known)
        if not _fits(got, wanted, optional):
            raise TrainerError(
                f"{override.key} takes {_named(wanted, optional)}, got {value!r}",
                where=where,
                hint=_default_hint(known),
            )
        plain = value.strip("'\"")
        if known.choices and got == "str" and plain not in known.choices:
            raise TrainerError(
                f"{override.key} takes one of {', '.join(known.choices)}, got {plain!r}",
                where=where,
                hint=did_you_mean(plain, known.choices),
            )


def _key(facts: Mapping[str, Any]) -> Key:
    return Key(
        types=facts["types"],
        default=facts["default"],
        append=facts.get("append", False),
        closed=facts.get("closed", False),
        choices=tuple(facts.get("choices", ())),
    )


def kind_of(text: str) -> str:
    """What Hydra makes of a value's text: "bool", "int", "float", "str", "list", "dict", "null", or "any" where only
    composing can tell."""
    text = text.strip()
    lower = text.lower()
    if lower in ("true", "false"):
        return "bool"
    if lower in ("null", ""):
        return "null" if lower else "str"
    if lower in ("nan", "inf", "+inf", "-inf"):
        return "float"
    if _WHOLE.fullmatch(text):
        return "int"
    if _NUMBER.fullmatch(text):
        return "float"
    if "${" in text:
        return "any"
    if text[0] in "[{":
        return "list" if text[0] == "[" else "dict"
    return "str"


def _wanted(key: str, known: Key) -> tuple[str, bool]:
    """The kind that a key wants ("any" if nothing is known), and whether null will do."""
    types, default = known.types or _UNTYPED.get(key), known.default
    if types is not None:
        found = _OPTIONAL.fullmatch(types)
        inner = (found[1] or found[2]) if found else types
        head = inner.split("[")[0]
        head = {"tuple": "list", "List": "list", "Dict": "dict", "Literal": "str"}.get(head, head)
        if "|" in inner or "Union" in inner or head in ("Any", "object"):
            return "any", True
        kind = head if head in ("bool", "int", "float", "str", "list", "dict") else "dict"
        return kind, found is not None or default is None
    if default is None or (isinstance(default, str) and ("${" in default or default == "???")):
        return "any", True
    if isinstance(default, str):
        return "text", True
    return type(default).__name__, False


def _fits(got: str, wanted: str, optional: bool) -> bool:
    if "any" in (got, wanted) or (got == "null" and optional):
        return True
    takes = {
        "float": ("float", "int"),
        "str": ("str", "int", "float"),
        "text": ("str", "int", "float", "list"),  # a path by default, where verl also takes several
        "list": ("list",),
        "dict": ("dict",),
    }
    return got in takes.get(wanted, (wanted,))


def _named(wanted: str, optional: bool) -> str:
    names = {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a number",
        "list": "a list",
        "dict": "a section",
    }
    return names.get(wanted, "text") + (" or null" if optional and wanted != "text" else "")


def _default_hint(known: Key) -> str | None:
    return None if known.default is None or "${" in str(known.default) else f"its default is {known.default}"
