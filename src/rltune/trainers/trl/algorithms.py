"""What the trainer can do with a model: TRL's algorithms, and in what they differ. Light: imports no trainer.

`grpo` and `rloo` generate answers and reward them: their step is a rollout step. `sft` and `dpo` learn from given
answers: their step is one optimizer step on a batch of `batch_size` rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rltune.errors import TrainerError, did_you_mean
from rltune.types import METRIC_NAMES, Scalar

SUPERVISED_METRICS: Mapping[str, str] = {
    "loss": "loss",
    "mean_token_accuracy": "token_accuracy",
    "rewards/accuracies": "preference_accuracy",
    "rewards/margins": "preference_margin",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
}
"""TRL's name -> canonical name. The entropy is left out: it says how sure the model is of answers that it didn't give,
so that rules on a policy's entropy would judge what it isn't."""

_MEASURED = ("tokens", "step_seconds")

_COMMON = ("learning_rate", "lr_scheduler", "warmup_steps", "grad_clip")
_ROLLOUTS = ("clip_ratio", "kl_coef", "rollouts", "prompts_per_step", "updates_per_step", "temperature")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm of TRL's.

    Attributes:
        config: name of its configuration's class. file: of that class, below trl.
        canonical: rltune's own hyperparameters that it knows. defaults: those that differ from rltune's.
        generates: whether it makes the answers that it learns from.
        metrics: canonical names that its runs report, at most.
        choices: fields whose values TRL checks only in the middle of training.
    """

    name: str
    config: str
    file: str
    canonical: tuple[str, ...]
    generates: bool
    metrics: frozenset[str]
    choices: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, Scalar] = field(default_factory=dict)


_OF_PAIRS = frozenset({"loss", "token_accuracy", "preference_accuracy", "preference_margin"})
_OF_ROLLOUTS = frozenset(METRIC_NAMES) - _OF_PAIRS
_OF_SFT = frozenset({"loss", "token_accuracy", "grad_norm", "learning_rate", *_MEASURED})

_ALGORITHMS = (
    Algorithm(
        name="grpo",
        config="GRPOConfig",
        file="trainer/grpo_config.py",
        canonical=(*_COMMON, *_ROLLOUTS),
        generates=True,
        metrics=_OF_ROLLOUTS,
        choices={
            "loss_type": ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo"),
            "importance_sampling_level": ("token", "sequence"),
            "scale_rewards": ("group", "batch", "none"),
            "multi_objective_aggregation": ("sum_then_normalize", "normalize_then_sum"),
        },
    ),
    Algorithm(
        name="rloo",
        config="RLOOConfig",
        file="trainer/rloo_config.py",
        canonical=(*_COMMON, *_ROLLOUTS),
        generates=True,
        metrics=_OF_ROLLOUTS,
        choices={},
    ),
    Algorithm(
        name="sft",
        config="SFTConfig",
        file="trainer/sft_config.py",
        canonical=(*_COMMON, "batch_size", "epochs"),
        generates=False,
        metrics=_OF_SFT,
        choices={"loss_type": ("nll", "dft"), "packing_strategy": ("bfd", "bfd_split", "wrapped")},
        defaults={"learning_rate": 2e-5},
    ),
    Algorithm(
        name="dpo",
        config="DPOConfig",
        file="trainer/dpo_config.py",
        canonical=(*_COMMON, "batch_size", "epochs"),
        generates=False,
        metrics=_OF_SFT | _OF_PAIRS,
        choices={
            "loss_type": (
                *("sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot"),
                *("aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm"),
            ),
            "f_divergence_type": ("reverse_kl", "forward_kl", "js_divergence", "alpha_divergence"),
        },
    ),
)

ALGORITHMS: Mapping[str, Algorithm] = {algorithm.name: algorithm for algorithm in _ALGORITHMS}


def algorithm_named(name: object) -> Algorithm:
    """The algorithm.

    Raises:
        TrainerError: if there is none of that name.
    """
    if not isinstance(name, str) or name not in ALGORITHMS:
        raise TrainerError(
            f"unknown algorithm {name!r}; the trainer trl knows {', '.join(ALGORITHMS)}",
            where="hyperparameter algorithm",
            hint=did_you_mean(str(name), ALGORITHMS),
        )
    return ALGORITHMS[name]
