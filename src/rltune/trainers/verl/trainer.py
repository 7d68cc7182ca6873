"""verl as a trainer: each segment is one run of `python -m verl.trainer.main_ppo`, in its own environment."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from rltune.errors import TrainerError
from rltune.space.constraints import Constraint
from rltune.tasks.build import build_task
from rltune.tasks.ood import TaskRef
from rltune.trainers.answers import keep_lines
from rltune.trainers.base import Reporter, Role, ScoreJob, Scores, Trainer, TrainJob, unheard
from rltune.trainers.external.program import Program
from rltune.trainers.resources import Footprint
from rltune.trainers.verl.advice import ACTING, advise, needs_critic, unacting
from rltune.trainers.verl.batches import batch_constraints
from rltune.trainers.verl.checkpoints import training_only
from rltune.trainers.verl.command import Command, Work, score_command, train_command
from rltune.trainers.verl.files import check_files, other_test_files
from rltune.trainers.verl.footprint import footprint
from rltune.trainers.verl.memory import levels_of
from rltune.trainers.verl.options import Options, parse_options
from rltune.trainers.verl.override import Override, overlay, setting
from rltune.trainers.verl.scoring import dumped_answers, score_model
from rltune.trainers.verl.segment import Segment, Shape
from rltune.trainers.verl.setup import Setup, set_up
from rltune.types import Scalar, StopReason


class VerlTrainer:
    """PPO, GRPO, DAPO, REINFORCE++ and RLOO by verl. An `ExternalTrainer`; `options`: its settings, once configured."""

    name = "verl"
    saves_anywhere = True

    def __init__(self, options: Options | None = None) -> None:
        self._options = options

    def configure(self, settings: Mapping[str, object]) -> Trainer:
        """See `ExternalTrainer.configure` and `rltune.trainers.verl.options.Options`."""
        return VerlTrainer(parse_options(settings))

    def preload(self) -> None:
        """Nothing: verl lives in a process and an environment of its own."""

    def dead(self, names: Iterable[str]) -> Mapping[str, str]:
        """See `ExternalTrainer.dead`."""
        return unacting(names, self._setup())

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        """See `Trainer.check`. The installed verl has to compose its config with them, and to find it valid."""
        setup = self._setup()
        setup.require_engine()
        overrides = _checkable(setup, hyperparameters)
        setup.installed.compose(overrides)
        setup.installed.validate(overrides)

    def constraints(self, hyperparameters: Mapping[str, Scalar], searched: Collection[str]) -> tuple[Constraint, ...]:
        """See `rltune.trainers.capabilities.Constrained`."""
        return batch_constraints(self._setup(), hyperparameters, searched)

    def notes(self, hyperparameters: Mapping[str, Scalar]) -> tuple[str, ...]:
        """What a person should know before the study starts: dead keys, own values that the study replaces, and what
        verl's own validation couldn't look at."""
        setup = self._setup()
        generated, overrides = setup.searched(hyperparameters), _checkable(setup, hyperparameters)
        config = setup.installed.compose(overrides, ACTING)
        unjudged = setup.installed.validate(overrides)
        return (
            *advise(setup.launch.overrides, generated, hyperparameters, setup.installed.dialect, config),
            *([f"verl's own validation of batches and workers was left out: {unjudged}"] if unjudged else []),
        )

    def memory_levels(self, hyperparameters: Mapping[str, Scalar], role: Role) -> tuple[str, ...]:
        """See `SavesMemory.memory_levels`; the same for all models, since micro-batches are those of a GPU."""
        del role
        return tuple(level.words for level in levels_of(self._setup(), hyperparameters))

    def foresee(self, parameters: float, hyperparameters: Mapping[str, Scalar]) -> Footprint:
        """See `Foresees.foresee`."""
        return footprint(parameters, self._setup(), hyperparameters)

    def gpus(self, model: str, role: Role) -> int | None:
        """See `NeedsGpus.gpus`. Several nodes, or a Ray that runs already, have their own."""
        setup = self._setup()
        count = setup.options.gpus_for(model, role)
        return count if setup.starts_ray else None

    def check_other_test(self, other: TaskRef) -> None:
        """See `ExternalTrainer.check_other_test`."""
        other_test_files(other, self._setup().options)

    def check_data(self, task: str, options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
        """See `ExternalTrainer.check_data`."""
        del task  # verl reads files
        check_files(self._setup(), options, hyperparameters)

    def program(self, job: TrainJob, folder: Path) -> Program:
        """See `ExternalTrainer.program`."""
        setup, work = self._setup(), Work(folder)
        return _program(_train_command(job, setup, work), setup, work)

    def versions(self) -> Mapping[str, str]:
        """See `ExternalTrainer.versions`."""
        return self._setup().installed.schema.packages

    def training_only(self, checkpoint: Path) -> frozenset[Path]:
        """See `rltune.trainers.capabilities.Strips`."""
        return training_only(checkpoint)

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        """See `Trainer.train`."""
        setup, work = self._setup(), Work(reporter.workspace())
        gpus = setup.options.gpus_for(job.model, job.role)
        command = _train_command(job, setup, work)
        values = setup.installed.compose(command.composable, ACTING)
        shape = Shape(gpus * setup.options.nodes, needs_critic(values))
        return Segment(job, _program(command, setup, work), work, reporter, shape).run()

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        """See `Trainer.score`: verl only validates."""
        setup = self._setup()
        gpus = setup.options.gpus_for(job.model, job.role)
        with tempfile.TemporaryDirectory(prefix="rltune-verl-") as scratch:
            work = Work(Path(scratch))
            command = score_command(job, setup, work, gpus, _response_length(job))
            setup.installed.compose(command.composable)
            scores = score_model(_program(command, setup, work), work, alive)
            if job.answers:
                keep_lines(Path(job.answers), dumped_answers(work))
            return scores

    def _setup(self) -> Setup:
        if self._options is None:
            raise TrainerError("the trainer verl has no settings", where="trainer.settings")
        return set_up(self._options)


def _train_command(job: TrainJob, setup: Setup, work: Work) -> Command:
    return train_command(job, setup, work, setup.options.gpus_for(job.model, job.role), _response_length(job))


def _program(command: Command, setup: Setup, work: Work) -> Program:
    folder = Path(setup.options.folder or ".").absolute()
    return Program(command.arguments, folder, work.console, command.environment)


def _response_length(job: TrainJob | ScoreJob) -> int:
    task = job.scored if isinstance(job, ScoreJob) else TaskRef(job.task, job.task_options)
    return build_task(task.name, task.options).max_response_length


def _checkable(setup: Setup, hyperparameters: Mapping[str, Scalar]) -> tuple[Override, ...]:
    """The overrides of a trial of the target, as far as they can be told without a job."""
    machines = (
        setting("trainer.n_gpus_per_node", setup.options.gpus_for("", "target")),
        setting("trainer.nnodes", setup.options.nodes),
    )
    return overlay(setup.launch.overrides, setup.searched(hyperparameters), machines)
