"""What a training by verl will take: passes over each token, bytes of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.trainers.resources import Footprint
from rltune.trainers.verl.algorithms import ALGORITHMS
from rltune.trainers.verl.dialect import ACTOR, ROLLOUT
from rltune.trainers.verl.setup import Setup
from rltune.types import Scalar

_FORWARD, _BOTH = 2, 6
_STATES = 3
"""Weights and the two moments of AdamW, all of the type that the weights are trained in."""
_TRAINED_IN, _EXPORTED = {"bf16": 2, "bfloat16": 2, "fp16": 2}, 2
_FLOAT32 = 4
_BATCH = 1024
"""verl's own data.train_batch_size."""


def footprint(parameters: float, setup: Setup, hyperparameters: Mapping[str, Scalar]) -> Footprint:
    """See `rltune.trainers.resources.Foresees`. Keys of verl that refer to others are taken for unset."""

    def number(name: str, key: str, default: int) -> int:
        given = hyperparameters.get(name, hyperparameters.get(key, setup.own(key)))
        try:
            return default if given is None else int(float(given))
        except ValueError:
            return default

    epochs = number("epochs_per_step", f"{ACTOR}.ppo_epochs", 1)
    models = 2 if _has_critic(setup, hyperparameters) else 1
    reference = _FORWARD if _has_reference(setup, hyperparameters) else 0
    trained_in = _TRAINED_IN.get(setup.own(f"{ACTOR}.fsdp_config.model_dtype") or "", _FLOAT32)
    adapters = number("", "actor_rollout_ref.model.lora_rank", 0) > 0
    exported = _EXPORTED if "hf_model" in (setup.own(f"{ACTOR}.checkpoint.save_contents") or "") else 0
    each = trained_in * (1 if adapters else _STATES) + exported
    return Footprint(
        completions=number("prompts_per_step", "data.train_batch_size", _BATCH) * number("rollouts", f"{ROLLOUT}.n", 1),
        response=setup.response(hyperparameters, None) if setup.own("data.max_response_length") else None,
        passes=models * (_FORWARD + _BOTH * epochs) + reference,
        checkpoint_bytes=round(models * parameters * each),
    )


def _has_critic(setup: Setup, hyperparameters: Mapping[str, Scalar]) -> bool:
    algorithm = ALGORITHMS.get(str(hyperparameters.get("algorithm")))
    return algorithm.critic if algorithm else setup.own("algorithm.adv_estimator") == "gae"


def _has_reference(setup: Setup, hyperparameters: Mapping[str, Scalar]) -> bool:
    if "kl_coef" in hyperparameters:
        return bool(hyperparameters["kl_coef"])
    keys = (f"{ACTOR}.use_kl_loss", "algorithm.use_kl_in_reward")
    return any((setup.own(key) or "").lower() == "true" for key in keys)
