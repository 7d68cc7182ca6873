"""The winner as a YAML file for `trl grpo --config`, or rloo, sft, dpo: fields of TRL's configuration."""

from __future__ import annotations

import yaml

from rltune.report.export.winner import Winner
from rltune.trainers.trl.lora import NAMES as LORA
from rltune.trainers.trl.memory import at_level
from rltune.trainers.trl.options import parse_accelerate, processes_of
from rltune.trainers.trl.settings import Settings, parse
from rltune.trainers.trl.trainer import TrlTrainer


def export_trl(winner: Winner) -> str:
    """The YAML text, provenance in comments.

    Raises:
        TrainerError: if a hyperparameter isn't one of TRL's.
    """
    settings = _as_trained(parse(winner.hyperparameters), winner)
    step = "A rollout step" if settings.kind.generates else "A step"
    notes = (
        f"# For `trl {settings.algorithm} --config`, or {settings.kind.config}(**fields).\n"
        f"# {step} makes {settings.updates} optimizer update(s); TRL's max_steps and warmup_steps count updates.\n"
        "# Batch sizes are for one process: with N processes divide per_device_train_batch_size by N.\n"
        f"# {_model_note(winner, settings)}\n"
    )
    return winner.comment() + notes + yaml.safe_dump(config_values(settings, winner), sort_keys=False)


def config_values(settings: Settings, winner: Winner) -> dict[str, object]:
    """Fields of TRL's configuration: the same as the study's own trainer set, without what only a study needs.

    With an adapter those of TRL's ModelConfig too, which `trl --config` reads beside it.
    """
    # transformers' own "constant" ignores the warm-up.
    warm = settings.lr_scheduler == "constant" and settings.warmup_steps > 0
    return {
        "output_dir": f"{winner.provenance['study']}-winner",
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if warm else settings.lr_scheduler,
        "warmup_steps": settings.warmup_steps * settings.updates,
        "max_grad_norm": settings.grad_clip,
        **(_rollouts(settings, winner) if settings.kind.generates else {}),
        "per_device_train_batch_size": settings.share,
        "max_steps": winner.horizon * settings.updates,
        "seed": winner.seed,
        "logging_steps": 1,
        **settings.native,
        **_adapter(settings, winner),
    }


def _as_trained(settings: Settings, winner: Winner) -> Settings:
    """With what the study's own trainer did to save memory; another trainer's levels are its own."""
    if winner.trainer != TrlTrainer.name:
        return settings
    processes = processes_of(parse_accelerate(winner.settings), "target")
    return at_level(settings, winner.memory_level, processes)


def _rollouts(settings: Settings, winner: Winner) -> dict[str, object]:
    length = {} if winner.response_length is None else {"max_completion_length": winner.response_length}
    return {
        "epsilon": settings.clip_ratio,
        "beta": settings.kl_coef,
        "num_generations": settings.rollouts,
        "temperature": settings.temperature,
        "steps_per_generation": settings.updates_per_step * settings.accumulation,
        **length,
    }


def _adapter(settings: Settings, winner: Winner) -> dict[str, object]:
    if settings.lora is None:
        return {}
    told = {name: winner.hyperparameters[name] for name in LORA if name in winner.hyperparameters}
    lists = {
        "lora_target_modules": list(settings.lora.targets) or ["all-linear"],
        "lora_modules_to_save": list(settings.lora.modules_to_save),
    }
    return {**told, **{name: value for name, value in lists.items() if value}}


def _model_note(winner: Winner, settings: Settings) -> str:
    model = "a model that is embedded in rltune" if winner.embedded else " ".join(winner.target.split())
    data = "dataset_name and reward_funcs" if settings.kind.generates else "dataset_name"
    return f"The study trained {model}; add model_name_or_path, {data}."
