"""The winner as a YAML file of GRPOConfig's fields, for `trl grpo --config` or `GRPOConfig(**fields)`."""

from __future__ import annotations

import yaml

from rltune.report.export.winner import Winner
from rltune.trainers.trl.settings import Settings, parse


def export_trl(winner: Winner) -> str:
    """The YAML text, provenance in comments.

    Raises:
        TrainerError: if a hyperparameter isn't one of TRL's.
    """
    settings = parse(winner.hyperparameters)
    notes = (
        "# A rollout step makes "
        f"{settings.updates} optimizer update(s); TRL's max_steps and warmup_steps count updates.\n"
        "# Batch sizes are for one process: with N processes divide per_device_train_batch_size by N.\n"
        f"# {_model_note(winner)}\n"
    )
    return winner.comment() + notes + yaml.safe_dump(config_values(settings, winner), sort_keys=False)


def config_values(settings: Settings, winner: Winner) -> dict[str, object]:
    """Fields of GRPOConfig: the same as the study's own trainer set, without what only a study needs."""
    parts = settings.updates_per_step * settings.accumulation
    # transformers' own "constant" ignores the warm-up.
    warm = settings.lr_scheduler == "constant" and settings.warmup_steps > 0
    length = {} if winner.response_length is None else {"max_completion_length": winner.response_length}
    return {
        "output_dir": f"{winner.provenance['study']}-winner",
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if warm else settings.lr_scheduler,
        "warmup_steps": settings.warmup_steps * settings.updates,
        "epsilon": settings.clip_ratio,
        "max_grad_norm": settings.grad_clip,
        "beta": settings.kl_coef,
        "num_generations": settings.rollouts,
        "temperature": settings.temperature,
        "per_device_train_batch_size": settings.completions // parts,
        "steps_per_generation": parts,
        "max_steps": winner.horizon * settings.updates,
        "seed": winner.seed,
        "logging_steps": 1,
        **length,
        **settings.native,
    }


def _model_note(winner: Winner) -> str:
    model = "a model that is embedded in rltune" if winner.embedded else " ".join(winner.target.split())
    return f"The study trained {model}; add model_name_or_path, dataset_name and reward_funcs."
