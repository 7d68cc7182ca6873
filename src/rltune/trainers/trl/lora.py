"""LoRA adapters as hyperparameters, by the names that TRL's own command line has for them. Light: imports no peft."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from rltune.errors import TrainerError, did_you_mean
from rltune.types import Scalar

ALL_LINEAR = "all-linear"

SECTION: Mapping[str, str] = {
    "r": "lora_r",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "targets": "lora_target_modules",
    "modules_to_save": "lora_modules_to_save",
    "rslora": "use_rslora",
    "dora": "use_dora",
}
"""Key of the section `peft` in `trainer.settings` -> hyperparameter."""

_SWITCH = "use_peft"
NAMES = (_SWITCH, *SECTION.values())


@dataclass(frozen=True, slots=True)
class Lora:
    """What is trained instead of all weights: low-rank updates (arXiv 2106.09685) of some modules.

    Attributes:
        r: rank. alpha: the update is scaled by alpha / r, or by alpha / sqrt(r) with `rslora`. dropout: on its input.
        targets: names of the adapted modules; empty: all linear ones but the output layer.
        modules_to_save: modules that are trained as a whole, and saved beside the adapter.
        dora: magnitude and direction apart (arXiv 2402.09353).
    """

    r: int = 16
    alpha: int = 32
    dropout: float = 0.05
    targets: tuple[str, ...] = ()
    modules_to_save: tuple[str, ...] = ()
    rslora: bool = False
    dora: bool = False


def from_section(section: object) -> dict[str, Scalar]:
    """The hyperparameters that the section `peft` of a trainer's settings stands for.

    Raises:
        TrainerError: if it is no mapping, or has an unknown key or a value that is neither single nor a list of names.
    """
    if not isinstance(section, Mapping):
        raise TrainerError(
            f"expected a mapping, got {section!r:.80}",
            where="trainer.settings.peft",
            hint="such as {r: 16, alpha: 32, targets: [q_proj, v_proj]}",
        )
    found: dict[str, Scalar] = {_SWITCH: True}
    for key, value in section.items():
        where = f"trainer.settings.peft.{key}"
        if key not in SECTION:
            raise TrainerError(
                f"unknown key {key!r}; expected {', '.join(SECTION)}",
                where=where,
                hint=did_you_mean(str(key), SECTION),
            )
        if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
            value = ",".join(value)
        if not isinstance(value, Scalar):
            raise TrainerError(f"expected one value or a list of names, got {value!r:.80}", where=where)
        found[SECTION[key]] = value
    return found


def parse_lora(given: Mapping[str, Scalar]) -> Lora | None:
    """The adapter that these hyperparameters ask for, all of `NAMES`; None: all weights are trained.

    Raises:
        TrainerError: for a value of the wrong type or out of range, for values without `use_peft`, or without peft.
    """
    if not given.get(_SWITCH, False):
        if names := [name for name in given if name != _SWITCH]:
            raise TrainerError(
                f"{names[0]} has no effect without an adapter",
                where=f"hyperparameter {names[0]}",
                hint="switch it on: `trainer: {name: trl, settings: {peft: {r: 16}}}`, or use_peft: true",
            )
        return None
    if find_spec("peft") is None:
        raise TrainerError(
            "an adapter needs the package peft, which is not installed",
            where=f"hyperparameter {_SWITCH}",
            hint="pip install 'rltune[trl]'",
        )
    _flag(_SWITCH, given[_SWITCH])
    return Lora(**{key: _READ[key](name, given[name]) for key, name in SECTION.items() if name in given})  # pyright: ignore[reportArgumentType]


def _count(name: str, value: Scalar) -> int:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
    if not whole or value < 1:  # pyright: ignore[reportOperatorIssue]
        raise _wrong(name, "a whole number from 1", value)
    return int(value)


def _share(name: str, value: Scalar) -> float:
    if isinstance(value, bool | str) or not (math.isfinite(value) and 0 <= value < 1):
        raise _wrong(name, "a number from 0 to below 1", value)
    return float(value)


def _flag(name: str, value: Scalar) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def _names(name: str, value: Scalar) -> tuple[str, ...]:
    """Names in a text, apart by commas or spaces."""
    if not isinstance(value, str):
        raise _wrong(name, "names of modules", value)
    return () if value == ALL_LINEAR else tuple(value.replace(",", " ").split())


def _wrong(name: str, wanted: str, value: Scalar) -> TrainerError:
    return TrainerError(f"expected {wanted}, got {value!r}", where=f"hyperparameter {name}")


_READ = {
    "r": _count,
    "alpha": _count,
    "dropout": _share,
    "targets": _names,
    "modules_to_save": _names,
    "rslora": _flag,
    "dora": _flag,
}
