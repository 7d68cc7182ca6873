"""What settings are called elsewhere: trainers' own names of hyperparameters, as settings of a run have them.

The names are those of the trainers' own tables, so that an import and a study mean the same by them. A few follow from
several settings: verl's mini-batch size says the number of updates only beside the batch's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rltune.trainers.base import CANONICAL_HYPERPARAMETERS
from rltune.trainers.trl import owned as trl
from rltune.trainers.verl.dialect import ACTOR
from rltune.trainers.verl.hyperparameters import NAMES
from rltune.trainers.verl.owned import CANONICAL as VERL
from rltune.types import Scalar

KNOWN = frozenset(CANONICAL_HYPERPARAMETERS) | frozenset(NAMES) - {"algorithm"} | {"batch_size", "epochs"}
"""Names of hyperparameters that a study may have."""

_COMMON: Mapping[str, str] = {
    "lr": "learning_rate",
    "actor_learning_rate": "learning_rate",  # OpenRLHF
    "init_kl_coef": "kl_coef",
    "eps_clip": "clip_ratio",
    "n_samples_per_prompt": "rollouts",
    "rollout_batch_size": "prompts_per_step",
    "max_norm": "grad_clip",
    "clip_lower": "clip_ratio",  # open-instruct
    "clip_higher": "clip_ratio_high",
    "num_samples_per_prompt_rollout": "rollouts",
    "num_unique_prompts_rollout": "prompts_per_step",
    "group_size": "rollouts",
    "clip_range": "clip_ratio",
    "cliprange": "clip_ratio",
}
_ALONE_MEANINGLESS = frozenset(
    {f"{ACTOR}.use_kl_loss", f"{ACTOR}.kl_loss_coef", f"{ACTOR}.ppo_mini_batch_size", f"{ACTOR}.clip_ratio"}
    | {f"{ACTOR}.optim.lr_warmup_steps_ratio", "algorithm.use_kl_in_reward", "algorithm.kl_ctrl.kl_coef"}
    | {"algorithm.adv_estimator", "per_device_train_batch_size", "steps_per_generation", "generation_batch_size"}
)
"""Settings that say a hyperparameter only together with others (`_DERIVED`), or not at all."""
ALIASES: Mapping[str, str] = {
    alias: name
    for alias, name in {**_COMMON, **trl.CANONICAL, **trl.OF_ROLLOUTS, **VERL}.items()
    if alias not in _ALONE_MEANINGLESS
}
"""Name elsewhere -> hyperparameter, the value being the same."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A hyperparameter that follows from several settings, or None if they don't say it."""

    name: str
    of: tuple[str, ...]
    value: Callable[..., Scalar | None]


def _divided(whole: Scalar, part: Scalar) -> Scalar | None:
    """whole / part, if that is a whole number."""
    if not isinstance(whole, int) or not isinstance(part, int) or part < 1 or whole % part:
        return None
    return whole // part


DERIVED: tuple[Derived, ...] = (
    Derived("updates_per_step", ("data.train_batch_size", f"{ACTOR}.ppo_mini_batch_size"), _divided),
    Derived("kl_coef", (f"{ACTOR}.use_kl_loss", f"{ACTOR}.kl_loss_coef"), lambda use, coef: coef if use else 0.0),
    Derived("prompts_per_step", ("generation_batch_size", "num_generations"), _divided),
    Derived("updates_per_step", ("steps_per_generation", "gradient_accumulation_steps"), _divided),
)

PARTS = frozenset(name for derived in DERIVED for name in derived.of)
"""What these follow from."""


def settled(name: str, value: Scalar) -> Scalar:
    """A value as studies write it: transformers' `SchedulerType.COSINE` and `constant_with_warmup` are schedules."""
    if name == "lr_scheduler" and isinstance(value, str):
        word = value.rpartition(".")[2].lower()
        return "constant" if word == "constant_with_warmup" else word
    return value
