"""From a trainer's name to the trainer. The module that holds it is imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from rltune.errors import TrainerError, did_you_mean
from rltune.trainers.base import Trainer
from rltune.trainers.capabilities import ExternalTrainer, FrameworkTrainer

TRAINERS: Mapping[str, str] = {
    "trl": "rltune.trainers.trl.trainer:TrlTrainer",
    "verl": "rltune.trainers.verl.trainer:VerlTrainer",
    "command": "rltune.trainers.command.trainer:CommandTrainer",
}
"""Name -> "module:Class". A trainer of your own is one more line here."""


def trainer_names() -> tuple[str, ...]:
    """The names that `build_trainer` knows."""
    return tuple(TRAINERS)


def build_trainer(name: str, settings: Mapping[str, object] | None = None) -> Trainer:
    """A new trainer.

    Args:
        name: one of `trainer_names()`, or "module:Class" for a trainer of your own.
        settings: for an `ExternalTrainer`, which without (None) is good for nothing but `preload`, or a
            `FrameworkTrainer`. Those of any other trainer are hyperparameters, and don't belong here.

    Raises:
        TrainerError: for an unknown name (with the known ones and the closest), if it can't be imported, or if it
            can't take the settings.
    """
    target = name if ":" in name else TRAINERS.get(name)
    if target is None:
        raise TrainerError(
            f"unknown trainer {name!r}; the known trainers are {', '.join(TRAINERS)}",
            where="trainer",
            hint=did_you_mean(name, TRAINERS),
        )
    module, _, attribute = target.partition(":")
    try:
        factory = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise TrainerError(
            f"the trainer {name!r} can't be loaded: {error}",
            where="trainer",
            hint=f"it has to be {attribute} in {module}",
        ) from error
    trainer = cast(Trainer, factory())
    configurable = isinstance(trainer, ExternalTrainer | FrameworkTrainer)
    return trainer.configure(settings) if settings is not None and configurable else trainer
