"""From a study's hyperparameters to checked ones: canonical names, this trainer's own, and keys of verl's config.

A name with a dot is a key of verl's config; whether it exists only the installed verl knows
(`rltune.trainers.verl.schema`). What isn't given stays as the user's own overrides, or verl, have it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.verl.algorithms import ALGORITHMS, Algorithm
from rltune.trainers.verl.dialect import Dialect
from rltune.trainers.verl.owned import CANONICAL, OWNED
from rltune.types import Scalar


class Known(NamedTuple):
    """A name: its type, its least value (`above`: which is itself too small), its choices."""

    kind: type
    meaning: str
    least: float = -math.inf
    above: bool = False
    choices: tuple[str, ...] = ()


NAMES: Mapping[str, Known] = {
    "algorithm": Known(str, "which algorithm", choices=tuple(ALGORITHMS)),
    "learning_rate": Known(float, "peak learning rate of the policy", 0),
    "critic_learning_rate": Known(float, "peak learning rate of the value model (ppo)", 0),
    "lr_scheduler": Known(str, "schedule of the policy's learning rate", choices=("constant", "cosine")),
    "warmup_steps": Known(int, "steps of linear warm-up", 0),
    "clip_ratio": Known(float, "clip range of the policy ratio; the lower one if clip_ratio_high is given", 0, True),
    "clip_ratio_high": Known(float, "upper clip range (DAPO's clip-higher)", 0, True),
    "grad_clip": Known(float, "largest gradient norm of the policy", 0, True),
    "kl_coef": Known(float, "coefficient of the KL to the reference model; 0: none", 0),
    "kl_in": Known(str, "where the KL acts: in the loss or in the reward", choices=("loss", "reward")),
    "entropy_coef": Known(float, "coefficient of the entropy bonus"),
    "rollouts": Known(int, "sampled answers a prompt", 1),
    "prompts_per_step": Known(int, "prompts a step", 1),
    "updates_per_step": Known(int, "mini-batches a step and epoch", 1),
    "epochs_per_step": Known(int, "passes over the answers of a step", 1),
    "gamma": Known(float, "discount a token (ppo, reinforce_plus_plus)", 0, True),
    "gae_lambda": Known(float, "decay of the generalized advantage estimate (ppo)", 0),
    "value_clip": Known(float, "clip range of the value model's predictions (ppo)", 0, True),
    "temperature": Known(float, "sampling temperature of the rollouts", 0, True),
    "filter_groups": Known(bool, "DAPO's dynamic sampling: groups without a spread of rewards are drawn anew"),
    "overlong_share": Known(float, "DAPO: last share of the longest response that is punished; 0: none", 0),
    "overlong_penalty": Known(float, "DAPO: penalty at the full length", 0),
}
"""Hyperparameters by name. `rltune.trainers.base.CANONICAL_HYPERPARAMETERS` are among them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked hyperparameters: `values` by the names of `NAMES`, `native` by keys of verl's config."""

    values: Mapping[str, Scalar] = field(default_factory=dict)
    native: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("values", "native"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def parse(hyperparameters: Mapping[str, Scalar], dialect: Dialect) -> Settings:
    """Checked settings.

    Raises:
        TrainerError: for an unknown name, a key that is set otherwise or does nothing, a value of the wrong type or out
            of range, or a combination that no run can have.
    """
    values: dict[str, Scalar] = {}
    native: dict[str, Scalar] = {}
    for name, value in hyperparameters.items():
        if "." in name:
            _check_key(name, dialect)
            native[name] = value
        elif name in NAMES:
            values[name] = _checked(name, value)
        else:
            raise TrainerError(
                f"unknown hyperparameter {name!r}; expected {', '.join(NAMES)} or a key of verl's config",
                where=f"hyperparameter {name}",
                hint=did_you_mean(name, NAMES) or "a key of verl's config is written in full, with its dots",
            )
    _check_together(values)
    return Settings(values, native)


def _check_key(key: str, dialect: Dialect) -> None:
    instead = dialect.dead_keys().get(key)
    if key in CANONICAL:
        raise TrainerError(
            f"{key} goes by the name {CANONICAL[key]} in a study",
            where=f"hyperparameter {key}",
            hint=f"write {CANONICAL[key]}, which sets all keys that act",
        )
    if instead is not None:
        raise TrainerError(
            f"{key} changes nothing in verl {dialect.version}: every trial would be the same",
            where=f"hyperparameter {key}",
            hint=f"set {instead}",
        )
    if key in OWNED:
        raise TrainerError(f"{key} can't be set in a study", where=f"hyperparameter {key}", hint=OWNED[key])


def _checked(name: str, value: Scalar) -> Scalar:
    known = NAMES[name]
    where = f"hyperparameter {name}"
    if known.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if known.kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not known.kind or (isinstance(value, float) and not math.isfinite(value)):
        raise TrainerError(f"expected a value of type {known.kind.__name__}, got {value!r}", where=where)
    if known.choices and value not in known.choices:
        hint = did_you_mean(str(value), known.choices)
        if value == "linear":
            hint = "verl's FSDP engine has no linear schedule"
        raise TrainerError(f"expected one of {', '.join(known.choices)}, got {value!r}", where=where, hint=hint)
    if isinstance(value, (int, float)) and (value < known.least or (known.above and value == known.least)):
        bound = "more than" if known.above else "at least"
        raise TrainerError(f"expected {bound} {known.least:g}, got {value}", where=where)
    return value


def check_acts(algorithm: Algorithm, values: Mapping[str, Scalar]) -> None:
    """Passes if each of the values changes something.

    Raises:
        TrainerError: naming one that doesn't.
    """
    groups = (
        (algorithm.critic, ("critic_learning_rate", "gae_lambda", "value_clip"), "has no value model"),
        (algorithm.discounts, ("gamma",), "doesn't discount"),
    )
    for acts, names, why in groups:
        dead = next((name for name in names if name in values), None)
        if not acts and dead is not None:
            able = [a.name for a in ALGORITHMS.values() if (a.discounts if names == ("gamma",) else a.critic)]
            raise TrainerError(
                f"{algorithm.name} {why}: {dead} would change nothing",
                where=f"hyperparameter {dead}",
                hint=f"leave it out, or make it conditional (`when: {{algorithm: [{', '.join(able)}]}}`)",
            )


def _check_together(values: Mapping[str, Scalar]) -> None:
    algorithm = ALGORITHMS.get(str(values.get("algorithm")))
    prompts, updates = values.get("prompts_per_step"), values.get("updates_per_step")
    if updates is not None and prompts is None:
        raise TrainerError("updates_per_step needs prompts_per_step beside it", where="hyperparameter updates_per_step")
    if isinstance(prompts, int) and isinstance(updates, int) and prompts % updates:
        raise TrainerError(
            f"prompts_per_step ({prompts}) must be divisible by updates_per_step ({updates})",
            where="hyperparameter updates_per_step",
            hint="each update takes an equal share of the step's prompts",
        )
    if algorithm is not None and algorithm.groups and values.get("rollouts", 2) == 1:
        raise TrainerError(
            f"{algorithm.name} compares answers to the same prompt: expected at least 2 rollouts, got 1",
            where="hyperparameter rollouts",
        )
    if algorithm is not None:
        check_acts(algorithm, values)
    if values.get("overlong_share", 0.0) >= 1:  # pyright: ignore[reportOperatorIssue]
        raise TrainerError("expected a share below 1", where="hyperparameter overlong_share")
    if "overlong_penalty" in values and not values.get("overlong_share"):
        raise TrainerError(
            "overlong_penalty changes nothing without overlong_share",
            where="hyperparameter overlong_penalty",
            hint="set overlong_share, such as 0.2",
        )
