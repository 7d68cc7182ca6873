"""What the jobs of a study have in common: the user's settings, the launch that they stand for, the installed verl."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.errors import TrainerError
from rltune.trainers.verl.algorithms import ALGORITHMS
from rltune.trainers.verl.dialect import ACTOR, Dialect
from rltune.trainers.verl.hyperparameters import check_acts, parse
from rltune.trainers.verl.installed import Installed, installed_verl
from rltune.trainers.verl.keys import DEFAULT_RESPONSE, kl_place, overrides_of
from rltune.trainers.verl.options import Options
from rltune.trainers.verl.override import Override
from rltune.trainers.verl.script import Launch
from rltune.types import Scalar

_RESPONSE = "data.max_response_length"
_ESTIMATOR = "algorithm.adv_estimator"
_STRATEGY = f"{ACTOR}.strategy"
ENGINES = ("fsdp", "fsdp2")
RAY = "ray_kwargs.ray_init"
_OWN_RAY = "local"


@dataclass(frozen=True, slots=True)
class Setup:
    """See the module. `launch` are the user's own overrides and environment."""

    options: Options
    launch: Launch
    installed: Installed

    def own(self, key: str) -> str | None:
        """The value's text that the user's overrides give a key, or None."""
        found = next((o.value for o in reversed(self.launch.overrides) if o.key == key), None)
        return None if found is None else found.strip("'\"")

    @property
    def starts_ray(self) -> bool:
        """Whether each trial has a Ray of its own on this machine; else it joins a cluster that runs already."""
        told = {**os.environ, **self.launch.environment}.get("RAY_ADDRESS", _OWN_RAY)
        return self.options.nodes == 1 and (self.own(f"{RAY}.address") or told) == _OWN_RAY

    def response(self, hyperparameters: Mapping[str, Scalar], task: int | None = None) -> int:
        """The longest response in tokens: as the study sets it, else the user's overrides, else the task (or verl).

        Raises:
            TrainerError: if it is no whole number.
        """
        given = hyperparameters.get(_RESPONSE, self.own(_RESPONSE))
        if given is None:
            return task or DEFAULT_RESPONSE
        try:
            return int(given)
        except ValueError:
            raise TrainerError(f"{_RESPONSE} takes a whole number, got {given!r}", where="trainer verl") from None

    def require_engine(self) -> None:
        """Passes for the engines whose schedules and checkpoints are known.

        Raises:
            TrainerError: for another one, as Megatron.
        """
        if not self.installed.schema.has(_STRATEGY):
            return
        named = self.installed.compose(self.launch.overrides, (_STRATEGY,))[_STRATEGY]
        if named is not None and named not in ENGINES:
            raise TrainerError(
                f"expected one of the engines {', '.join(ENGINES)}, got {named}: rltune can't tell whether its "
                "checkpoints are complete, and its schedules have other names",
                where="trainer.settings",
                hint=f"set {_STRATEGY}=fsdp2, with verl's own ppo_trainer config",
            )

    def searched(self, hyperparameters: Mapping[str, Scalar], task: int | None = None) -> tuple[Override, ...]:
        """The overrides of hyperparameters. Without an algorithm it is GRPO, or what the user's overrides say.

        Raises:
            TrainerError: see `parse` and `overrides_of`.
        """
        response = self.response(hyperparameters, task)
        return overrides_beside(self.launch.overrides, hyperparameters, self.installed.dialect, response)


def overrides_beside(
    own: Sequence[Override], hyperparameters: Mapping[str, Scalar], dialect: Dialect, response: int | None
) -> tuple[Override, ...]:
    """The overrides of hyperparameters beside the user's own: GRPO, unless these or the study say otherwise; what an
    algorithm sets beside its estimator, only where these don't; the KL, for an algorithm of theirs, where they have it.

    Raises:
        TrainerError: see `parse` and `overrides_of`.
    """
    told = {o.key: (o.value or "").strip("'\"") for o in own}
    implied = {} if _ESTIMATOR in told else {"algorithm": "grpo"}
    settings = parse({**implied, **hyperparameters}, dialect)
    algorithm = ALGORITHMS.get(str(settings.values.get("algorithm")))
    if algorithm is None and (named := next((a for a in ALGORITHMS.values() if a.estimator == told[_ESTIMATOR]), None)):
        check_acts(named, settings.values)
    theirs = told.keys() & ((algorithm.settings if algorithm else {}).keys() - settings.native.keys())
    made = overrides_of(settings, dialect, kl_in=kl_place(own), response=response)
    return tuple(o for o in made if o.key not in theirs)


def set_up(options: Options) -> Setup:
    """From checked settings.

    Raises:
        TrainerError: if one can't be used. The installed verl is asked only when something of it is needed.
    """
    launch = options.launch(os.environ)
    installed = installed_verl(
        options.python,
        tuple(sorted(launch.environment.items())),
        launch.config or "ppo_trainer",
        launch.config_folder,
        options.folder,
    )
    return Setup(options, launch, installed)
