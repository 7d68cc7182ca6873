"""The trainer's face: light, so that a study file can be checked without importing TRL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module

from rltune.space.constraints import Constraint
from rltune.trainers.base import Reporter, ScoreJob, Scores, TrainJob, unheard
from rltune.trainers.trl.batches import batch_constraints
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

    def constraints(self, hyperparameters: Mapping[str, Scalar], searched: Collection[str]) -> tuple[Constraint, ...]:
        """See `rltune.trainers.base.Constrained`."""
        return batch_constraints({*hyperparameters, *searched})

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        return import_module(_WORK).train_segment(job, reporter)

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        return import_module(_WORK).score_model(job, alive)
