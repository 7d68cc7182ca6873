"""From settings to `trl.GRPOConfig`."""

from __future__ import annotations

from pathlib import Path

from trl.trainer.grpo_config import GRPOConfig

from rltune.errors import TrainerError
from rltune.trainers.base import TrainJob
from rltune.trainers.trl.settings import Settings


def build_config(settings: Settings, job: TrainJob, *, output: Path, max_response: int, cpu: bool) -> GRPOConfig:
    """The configuration of one segment; `output` is a scratch folder.

    Raises:
        TrainerError: if GRPOConfig refuses the values.
    """
    # What rltune decides by default and a user may set by name.
    chosen: dict[str, object] = {
        "activation_checkpointing": False,
        "max_completion_length": max_response,
        # TRL turns on bf16 by itself; on a CPU it is slow and not reproducible between machines.
        **({"bf16": False} if cpu else {}),
        **settings.native,
    }
    try:
        return GRPOConfig(
            output_dir=str(output),
            learning_rate=settings.learning_rate,
            lr_scheduler_type=_scheduler(settings),
            warmup_steps=settings.warmup_steps * settings.updates,
            epsilon=settings.clip_ratio,
            max_grad_norm=settings.grad_clip,
            beta=settings.kl_coef,
            num_generations=settings.rollouts,
            temperature=settings.temperature,
            per_device_train_batch_size=settings.completions // (settings.updates_per_step * settings.accumulation),
            steps_per_generation=settings.updates_per_step * settings.accumulation,
            # Always the whole horizon: the schedule of a run that is stopped early is that of the full run.
            max_steps=job.horizon * settings.updates,
            shuffle_dataset=False,
            remove_unused_columns=False,
            seed=job.seed,
            use_cpu=cpu,
            use_cache=True,  # goes into the configuration of saved models
            dataloader_pin_memory=False,
            save_strategy="no",
            logging_strategy="steps",
            logging_steps=1,
            logging_nan_inf_filter=False,
            report_to="none",
            disable_tqdm=True,
            log_level="warning",
            **chosen,  # pyright: ignore[reportArgumentType]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise TrainerError(f"GRPOConfig refuses these hyperparameters: {error}", where="hyperparameters") from error


def _scheduler(settings: Settings) -> str:
    # transformers' own "constant" ignores the warm-up.
    if settings.lr_scheduler == "constant" and settings.warmup_steps:
        return "constant_with_warmup"
    return settings.lr_scheduler
