"""How many GPUs a trial of each model has to itself, and whether this machine has so many."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.config.load import StudyFile
from rltune.errors import ConfigError, suggest
from rltune.executors.local.gpus import visible_gpus
from rltune.trainers.base import ROLES, Role, Trainer
from rltune.trainers.resources import NeedsGpus


def gpu_shares(file: StudyFile, trainer: Trainer) -> dict[str, float]:
    """By model; empty if neither the study's executor nor its trainer says anything about it.

    Raises:
        ConfigError: if a name is none of the study's models, or the two say different numbers.
        TrainerError: if the trainer's settings lack a model.
    """
    models = file.config.models
    roles: dict[str, Role] = {models.target: "target", **dict.fromkeys(models.proxies, "proxy")}
    given = file.config.executor.gpus
    named: dict[str, float] = dict.fromkeys(ROLES, given) if isinstance(given, (int, float)) else dict(given or {})
    for name in named:
        if name not in (*ROLES, *roles):
            raise ConfigError(
                f"{name!r} is none of the study's models",
                where=file.where(f"executor.gpus.{name}"),
                hint=suggest(name, (*ROLES, *roles)),
            )
    shares: dict[str, float] = {}
    for model, role in roles.items():
        own = named.get(model, named.get(role))
        needed = trainer.gpus(model, role) if isinstance(trainer, NeedsGpus) else None
        if own is not None and needed is not None and own != needed:
            raise ConfigError(
                f"a trial of {model} gets {own} GPUs, but the trainer's settings say {needed}",
                where=file.where("executor.gpus"),
                hint="leave one of the two out",
            )
        if (found := needed if own is None else own) is not None:
            shares[model] = found
    # Some with a share and some without would meet on the same GPUs.
    return {model: shares.get(model, 1) for model in roles} if shares else {}


def check_gpus(file: StudyFile, shares: Mapping[str, float], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on GPUs, for a person.

    Raises:
        ConfigError: if a model needs more than this machine has. Where there is none at all, only a study that says
            itself what trials get (`executor.gpus`) is refused: others may be checked here and run elsewhere.
    """
    largest = max(shares, key=lambda model: shares[model], default=None)
    executor = file.config.executor
    if largest is None or executor.device == "cpu" or executor.name != "local":
        return ()  # a cluster is asked when the study runs
    there = len(visible_gpus(environment))
    if shares[largest] <= there:
        return ()
    if there == 0 and executor.gpus is None:
        return (f"this machine has no GPU: a trial of {largest} needs {shares[largest]} where the study runs",)
    raise ConfigError(
        f"a trial of {largest} needs {shares[largest]} GPUs, and this machine has {there}",
        where=file.where("trainer.settings.gpus" if executor.gpus is None else "executor.gpus"),
        hint="lower its number, show more of them through CUDA_VISIBLE_DEVICES, or run the study where they are",
    )
