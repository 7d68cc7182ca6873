"""What a study would launch first: the commands of a trainer that runs somebody else's program. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rltune.errors import StudyError
from rltune.executors.records import SegmentFiles, checkpoint_folder
from rltune.store.base import CheckpointRecord, CheckpointState, RunRecord
from rltune.study.assembly import make_workshop
from rltune.study.blueprint import Blueprint
from rltune.study.orders import Workshop
from rltune.trainers.base import TrainJob
from rltune.trainers.build import build_trainer
from rltune.trainers.capabilities import ExternalTrainer
from rltune.trainers.external.program import Program
from rltune.types import Fidelity, Phase, Proposal


@dataclass(frozen=True, slots=True)
class Preview:
    """One launch: the recipe on a model, from after `start_step` (0: the base model) to `stop_step`."""

    model: str
    start_step: int
    stop_step: int
    program: Program


def first_launches(blueprint: Blueprint) -> tuple[Preview, ...]:
    """The recipe's first segment on each model, and the one that continues it where there is a second rung.

    Raises:
        StudyError: if the trainer runs inside of rltune.
        TrainerError: if a job can't be set up.
    """
    name = blueprint.config.trainer.name
    trainer = build_trainer(name, blueprint.config.trainer.settings)
    if not isinstance(trainer, ExternalTrainer):
        raise StudyError(
            f"the trainer {name} runs inside of rltune: there is no command to show",
            where="trainer",
            hint="after the study, `rltune export` writes the winner's settings for it",
        )
    workshop = make_workshop(blueprint, blueprint.folder)
    return tuple(
        _preview(trainer, workshop, run, start, stop)
        for run in _runs(blueprint)
        for start, stop in pairwise((0, *workshop.rungs[:2]))
    )


def _runs(blueprint: Blueprint) -> list[RunRecord]:
    seed, recipe = blueprint.config.seed, blueprint.recipe
    return [
        RunRecord(f"r{number:04d}", number, recipe, model, seed, 0, None)
        for number, model in enumerate(blueprint.models, start=1)
    ]


def _preview(trainer: ExternalTrainer, workshop: Workshop, run: RunRecord, start: int, stop: int) -> Preview:
    folder = workshop.segment_folder(run, 2 if start else 1)
    proposal = Proposal(run.configuration, Fidelity(run.model, stop), run.seed, Phase.SEARCH, "")
    path = checkpoint_folder(workshop.run_folder(run) / "checkpoints", start)
    resume = CheckpointRecord(run.id, start, path, 0, CheckpointState.COMPLETE, pinned=False) if start else None
    order = workshop.train_order(f"{run.id}-s1", folder, run, proposal, resume, ())
    assert isinstance(order.job, TrainJob)
    return Preview(run.model, start, stop, trainer.program(order.job, SegmentFiles(folder).workspace))
