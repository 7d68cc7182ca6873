"""From settings to TRL's configuration of an algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trl.trainer.dpo_config import DPOConfig
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.rloo_config import RLOOConfig
from trl.trainer.sft_config import SFTConfig

from rltune.errors import TrainerError
from rltune.trainers.base import TrainJob
from rltune.trainers.trl.settings import Settings, check_processes

Config = GRPOConfig | RLOOConfig | SFTConfig | DPOConfig

_CONFIGS: Mapping[str, type[Any]] = {"grpo": GRPOConfig, "rloo": RLOOConfig, "sft": SFTConfig, "dpo": DPOConfig}

_RENAMED = {
    "gradient_checkpointing": "activation_checkpointing",
    "gradient_checkpointing_kwargs": "activation_checkpointing_kwargs",
}
"""Names that transformers ignores if their new ones are set, and rltune sets these."""


def build_config(
    settings: Settings, job: TrainJob, *, output: Path, max_response: int, cpu: bool, processes: int = 1
) -> Config:
    """The configuration of one segment; `output` is a scratch folder.

    Args:
        processes: that train together and share each batch.

    Raises:
        TrainerError: if the batch can't be shared, or TRL refuses the values.
    """
    check_processes(settings, processes)
    own = _of_rollouts(settings, max_response) if settings.kind.generates else _of_rows(settings)
    common: dict[str, object] = {
        "output_dir": str(output),
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": schedule(settings),
        "warmup_steps": settings.warmup_steps * settings.updates,
        "max_grad_norm": settings.grad_clip,
        "per_device_train_batch_size": settings.share // processes,
        # Always the whole horizon: the schedule of a run that is stopped early is that of the full run.
        "max_steps": job.horizon * settings.updates,
        "seed": job.seed,
        "use_cpu": cpu,
        "use_cache": True,  # goes into the configuration of saved models
        "dataloader_pin_memory": False,
        "save_strategy": "no",
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "warning",
        # What rltune decides by default and a user may set by name.
        "activation_checkpointing": False,
        # TRL turns on bf16 by itself; on a CPU it is slow and not reproducible between machines.
        **({"bf16": False} if cpu else {}),
    }
    native = {_RENAMED.get(name, name): value for name, value in settings.native.items()}
    config = _CONFIGS[settings.algorithm]
    try:
        return config(**{**common, **own, **native})
    except (ValueError, TypeError, KeyError) as error:
        raise TrainerError(
            f"{config.__name__} refuses these hyperparameters: {error}", where="hyperparameters"
        ) from error


def _of_rollouts(settings: Settings, max_response: int) -> dict[str, object]:
    return {
        "epsilon": settings.clip_ratio,
        "beta": settings.kl_coef,
        "num_generations": settings.rollouts,
        "temperature": settings.temperature,
        "steps_per_generation": settings.updates_per_step * settings.accumulation,
        "shuffle_dataset": False,
        "remove_unused_columns": False,
        "max_completion_length": max_response,
    }


def _of_rows(settings: Settings) -> dict[str, object]:
    # The rows lie in the order in which they are to be seen.
    return {"train_sampling_strategy": "sequential"}


def schedule(settings: Settings) -> str:
    """transformers' name of the schedule; its own "constant" ignores the warm-up."""
    if settings.lr_scheduler == "constant" and settings.warmup_steps:
        return "constant_with_warmup"
    return settings.lr_scheduler
