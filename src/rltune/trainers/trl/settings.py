"""From canonical hyperparameters and TRL's own fields to checked settings. Light: imports no trainer.

A step is one rollout step: `prompts_per_step` x `rollouts` completions are generated, and `updates_per_step` times
`num_iterations` optimizer updates are made from them. TRL counts updates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.trl.fields import config_fields
from rltune.trainers.trl.owned import CHOICES, why_owned
from rltune.types import Scalar

SCHEDULERS = ("constant", "linear", "cosine")


@dataclass(frozen=True, slots=True)
class Settings:
    """Canonical hyperparameters with this trainer's defaults, and `native`: fields of GRPOConfig by their own names."""

    learning_rate: float = 1e-6
    lr_scheduler: str = "constant"
    warmup_steps: int = 0
    clip_ratio: float = 0.2
    grad_clip: float = 1.0
    kl_coef: float = 0.0
    rollouts: int = 8
    prompts_per_step: int = 32
    updates_per_step: int = 1
    temperature: float = 1.0
    native: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def completions(self) -> int:
        """Completions generated in one step."""
        return self.prompts_per_step * self.rollouts

    @property
    def accumulation(self) -> int:
        """Forward and backward passes that make one update (saves memory, changes no result but by rounding)."""
        return int(self.native.get("gradient_accumulation_steps", 1))

    def max_response(self, task_length: int) -> int:
        """The longest completion in tokens: the task's own length unless `max_completion_length` was given."""
        return int(self.native.get("max_completion_length", task_length))

    @property
    def updates(self) -> int:
        """Optimizer updates in one step: how far TRL's counter moves."""
        return self.updates_per_step * int(self.native.get("num_iterations", 1))


def parse(hyperparameters: Mapping[str, Scalar]) -> Settings:
    """Checked settings.

    Raises:
        TrainerError: for an unknown name, a field that rltune sets itself, a value of the wrong type or out of range,
            or a batch that can't be divided.
    """
    canonical = {f.name: f.type for f in fields(Settings) if f.name != "native"}
    values: dict[str, Scalar] = {}
    native: dict[str, Scalar] = {}
    for name, value in hyperparameters.items():
        if name in canonical:
            values[name] = _typed(name, value, {str(canonical[name])})
        else:
            native[name] = _native(name, value, tuple(canonical))
    settings = Settings(**values, native=MappingProxyType(native))  # pyright: ignore[reportArgumentType]
    _check_ranges(settings)
    _check_batch(settings)
    return settings


def _native(name: str, value: Scalar, canonical: tuple[str, ...]) -> Scalar:
    known = config_fields()
    if name not in known:
        offered = [n for n in known if why_owned(n) is None]
        raise TrainerError(
            f"unknown hyperparameter {name!r}; expected {', '.join(canonical)} or a field of trl.GRPOConfig",
            where=f"hyperparameter {name}",
            hint=did_you_mean(name, [*canonical, *offered]),
        )
    reason = why_owned(name)
    if reason is not None:
        raise TrainerError(
            f"{name!r} can't be set in a study",
            where=f"hyperparameter {name}",
            hint=reason,
        )
    value = _typed(name, value, known[name])
    choices = CHOICES.get(name)
    if choices is not None and value not in choices:
        raise TrainerError(
            f"expected one of {', '.join(map(str, choices))}, got {value!r}", where=f"hyperparameter {name}"
        )
    if name in ("num_iterations", "gradient_accumulation_steps") and value < 1:  # pyright: ignore[reportOperatorIssue]
        raise TrainerError(f"expected at least 1, got {value}", where=f"hyperparameter {name}")
    return value


def _typed(name: str, value: Scalar, types: frozenset[str] | set[str]) -> Scalar:
    """`value` if one of `types` takes it; a whole number is taken where a float is wanted, and 1.0 for an int."""
    if isinstance(value, bool):
        accepted = "bool" in types
    elif isinstance(value, str):
        accepted = bool(types - {"int", "float", "bool", "None"})  # enums and dicts are given as text
    elif isinstance(value, float) and "float" not in types:
        accepted = "int" in types and value.is_integer()
        value = int(value) if accepted else value
    else:
        accepted = bool(types & {"int", "float"})
    if not accepted or (isinstance(value, float) and not math.isfinite(value)):
        wanted = " or ".join(sorted(types - {"None"}))
        raise TrainerError(
            f"expected a value of type {wanted}, got {value!r} ({type(value).__name__})",
            where=f"hyperparameter {name}",
        )
    return float(value) if types == {"float"} else value


def _check_ranges(settings: Settings) -> None:
    if settings.lr_scheduler not in SCHEDULERS:
        raise TrainerError(
            f"expected one of {', '.join(SCHEDULERS)}, got {settings.lr_scheduler!r}",
            where="hyperparameter lr_scheduler",
            hint=did_you_mean(settings.lr_scheduler, SCHEDULERS),
        )
    for name, least in (
        ("rollouts", 2),
        ("prompts_per_step", 1),
        ("updates_per_step", 1),
        ("warmup_steps", 0),
    ):
        if getattr(settings, name) < least:
            raise TrainerError(
                f"expected at least {least}, got {getattr(settings, name)}", where=f"hyperparameter {name}"
            )
    for name in ("learning_rate", "kl_coef"):
        if getattr(settings, name) < 0:
            raise TrainerError(f"expected 0 or more, got {getattr(settings, name)}", where=f"hyperparameter {name}")
    for name in ("clip_ratio", "grad_clip", "temperature"):
        if getattr(settings, name) <= 0:
            raise TrainerError(f"expected more than 0, got {getattr(settings, name)}", where=f"hyperparameter {name}")


def _check_batch(settings: Settings) -> None:
    parts = settings.updates_per_step * settings.accumulation
    if settings.prompts_per_step % settings.updates_per_step:
        raise TrainerError(
            f"prompts_per_step ({settings.prompts_per_step}) must be divisible by updates_per_step "
            f"({settings.updates_per_step})",
            where="hyperparameter updates_per_step",
            hint="each update takes an equal share of the step's prompts",
        )
    if settings.completions % parts:
        raise TrainerError(
            f"prompts_per_step x rollouts ({settings.completions}) must be divisible by updates_per_step x "
            f"gradient_accumulation_steps ({parts})",
            where="hyperparameter gradient_accumulation_steps",
        )
