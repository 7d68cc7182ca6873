"""Which fields of TRL's configurations rltune sets itself, and why."""

from __future__ import annotations

from rltune.trainers.trl.algorithms import ALGORITHMS

CANONICAL = {
    "lr_scheduler_type": "lr_scheduler",
    "max_grad_norm": "grad_clip",
}

OF_ROLLOUTS = {
    "epsilon": "clip_ratio",
    "beta": "kl_coef",
    "num_generations": "rollouts",
    "per_device_train_batch_size": "prompts_per_step and updates_per_step",
    "steps_per_generation": "updates_per_step",
    "generation_batch_size": "prompts_per_step",
}

OF_ROWS = {
    "per_device_train_batch_size": "batch_size",
}
"""TRL's field -> the hyperparameter that sets it: of all algorithms, of those that generate answers, of the others."""

_REASONS = {
    "output_dir": "the executor decides where a run's files lie",
    "max_steps": "schedules always span the study's horizon; runs are stopped before it",
    "num_train_epochs": "the study's steps say how long a run is",
    "seed": "the study gives each run its seed",
    "data_seed": "the study gives each run its seed",
    "shuffle_dataset": "the data order is fixed beforehand, so that a resumed run sees the same prompts",
    "train_sampling_strategy": "the data order is fixed beforehand, so that a resumed run sees the same prompts",
    "ignore_data_skip": "a resumed run must see the same prompts",
    "resume_from_checkpoint": "the registry decides from which checkpoint a run continues",
    "restore_callback_states_from_checkpoint": "a resumed run must not inherit the stop of its last segment",
    "enable_jit_checkpoint": "runs are stopped at step boundaries, where a checkpoint is complete",
    "sync_ref_model": "the moving reference model is not in TRL's checkpoints, so a resumed run would differ",
    "ref_model_sync_steps": "sync_ref_model can't be used",
    "ref_model_mixup_alpha": "sync_ref_model can't be used",
    "auto_find_batch_size": "a batch that changes by itself makes runs incomparable",
    "use_cpu": "the study's `device` says where a run trains",
    "remove_unused_columns": "the reward needs the answers",
    "load_best_model_at_end": "the study keeps the checkpoints it needs",
    "report_to": "the study writes the metrics of its runs",
    "run_name": "the study names its runs",
    "project": "the study names its runs",
    "disable_tqdm": "a run's progress goes to the study",
    "trackio_space_id": "the study writes the metrics of its runs",
    "num_generations_eval": "validation is set by the study",
    "per_device_eval_batch_size": "validation is set by the study",
    "reward_weights": "the task gives one reward",
    "use_cache": "generation always uses the cache",
    "model_init_kwargs": "the model is loaded in float32 by rltune",
    "trust_remote_code": "code from a model's repository is not run",
    "log_level": "a run's log holds warnings and errors",
    "log_level_replica": "a run's log holds warnings and errors",
    "deepspeed": "processes are the launcher's: `trainer.settings.accelerate`",
    "parallelism_config": "processes are the launcher's: `trainer.settings.accelerate`",
    "local_rank": "processes are the launcher's: `trainer.settings.accelerate`",
    "accelerator_config": "processes are the launcher's: `trainer.settings.accelerate`",
    "reward_clip_range": "a pair can't be given as one value; clip in the reward function",
    "loss_weights": "a list can't be given as one value",
    "dataset_text_field": "the data's columns are set by the study",
    "dataset_kwargs": "the data is prepared by TRL, in the order that the study fixes",
    "chat_template_path": "prompts are plain text, as the task scores them",
    "assistant_only_loss": "prompts are plain text; the loss is on the answer unless completion_only_loss is false",
    "truncation_mode": "TRL supports only its default",
    "pad_token": "the tokenizer's own is used",
}

_DEAD = (
    "label_names",
    "label_smoothing_factor",
    "length_column_name",
    "include_for_metrics",
    "batch_eval_metrics",
    "prediction_loss_only",
    "metric_for_best_model",
    "greater_is_better",
    "include_num_input_tokens_seen",
    "skip_memory_metrics",
    "chat_template_kwargs",
    "max_tool_calling_iterations",
    "average_tokens_across_devices",
    "bf16_full_eval",
    "fp16_full_eval",
)
"""Accepted by TRL, but without any effect in a run of rltune's."""

_ALIVE = {"sft": ("label_smoothing_factor",)}
"""Those of them that have one in an algorithm."""

_PREFIXES = {
    "save_": "checkpoints are saved at the study's steps",
    "eval_": "validation is set by the study",
    "logging_": "one line of metrics is written each step",
    "log_": "one line of metrics is written each step",
    "hub_": "a trial writes to its own folder only",
    "push_": "a trial writes to its own folder only",
    "do_": "a run trains; validation and test are the study's",
    "dataloader_": "data is read in the run's own process, in a fixed order",
    "ddp_": "processes are the launcher's: `trainer.settings.accelerate`",
    "fsdp": "processes are the launcher's: `trainer.settings.accelerate`",
    "trackio_": "the study writes the metrics of its runs",
}


def why_owned(name: str, algorithm: str = "grpo") -> str | None:
    """Why a field of an algorithm's configuration can't be set by the user, or None if it can."""
    canonical = CANONICAL | (OF_ROLLOUTS if ALGORITHMS[algorithm].generates else OF_ROWS)
    if name in canonical:
        return f"set {canonical[name]} instead"
    if name in _REASONS:
        return _REASONS[name]
    if name in _DEAD and name not in _ALIVE.get(algorithm, ()):
        return "it would have no effect"
    return next((reason for prefix, reason in _PREFIXES.items() if name.startswith(prefix)), None)
