"""The trainer's face: light, so that a study file can be checked without importing TRL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from rltune.trainers.base import Reporter, ScoreJob, Scores, TrainJob, unheard
from rltune.trainers.resources import Footprint
from rltune.trainers.trl.footprint import footprint
from rltune.trainers.trl.memory import levels_of
from rltune.trainers.trl.settings import parse
from rltune.types import Scalar, StopReason

_WORK = "rltune.trainers.trl.run"


class TrlTrainer:
    """GRPO by TRL's `GRPOTrainer`."""

    name = "trl"

    def preload(self) -> None:
        import_module("rltune.trainers.trl.preload").preload()

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        parse(hyperparameters)

    def memory_levels(self, hyperparameters: Mapping[str, Scalar]) -> tuple[str, ...]:
        return tuple(level.words for level in levels_of(parse(hyperparameters)))

    def foresee(self, parameters: float, hyperparameters: Mapping[str, Scalar]) -> Footprint:
        return footprint(parameters, parse(hyperparameters))

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        return import_module(_WORK).train_segment(job, reporter)

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        return import_module(_WORK).score_model(job, alive)
