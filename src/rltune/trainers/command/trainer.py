"""The trainer's face: light, so that a study file can be checked without starting anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from rltune.errors import TrainerError
from rltune.space.constraints import Constraint
from rltune.tasks.ood import TaskRef
from rltune.trainers.base import Reporter, Role, ScoreJob, Scores, Scoring, TrainJob, unheard
from rltune.trainers.command.divisions import division_constraints
from rltune.trainers.command.launch import check_templates, leg_folder, program_for
from rltune.trainers.command.presets.build import with_preset
from rltune.trainers.command.run import Segment, score_published
from rltune.trainers.command.settings import ScoreProgram, Settings, parse
from rltune.trainers.command.variables import gpus_for
from rltune.trainers.external.checkpoints import MODEL, training_only
from rltune.trainers.external.program import Program
from rltune.types import Scalar, StopReason

_ARGUMENTS = ("command", "arguments", "prefix", "env.")
"""The settings whose templates each run's program is given."""
ELSEWHERE = ("srun", "sbatch", "salloc", "ssh", "kubectl", "ray")
"""Launch prefixes whose GPUs aren't this machine's."""


class CommandTrainer:
    """Any program that can be started by an argument list: an `ExternalTrainer`."""

    name = "command"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._given = settings

    @cached_property
    def settings(self) -> Settings:
        """The checked settings. Raises TrainerError as `configure`."""
        if self._given is None:
            raise TrainerError(
                "expected the settings of the program to run, got none",
                where="trainer.settings",
                hint="see docs/bring-your-own-trainer.md",
            )
        return parse(with_preset(self._given))

    @property
    def saves_anywhere(self) -> bool:
        return self._given is not None and self.settings.saves_on_term

    def preload(self) -> None:
        """Needs nothing: the program loads what it needs."""

    def configure(self, settings: Mapping[str, object]) -> CommandTrainer:
        configured = CommandTrainer(settings)
        return configured if configured.settings else self

    def dead(self, names: Iterable[str]) -> Mapping[str, str]:
        used = self.settings.names_in(*_ARGUMENTS)
        return {name: f"no argument of the program holds {{{name}}}" for name in names if name not in used}

    def notes(self, hyperparameters: Mapping[str, Scalar]) -> tuple[str, ...]:
        del hyperparameters  # of a program that rltune doesn't know, there is nothing to say
        return ()

    def check_other_test(self, other: TaskRef) -> None:
        if isinstance(self.settings.score, ScoreProgram) and "task" not in self.settings.names_in("score.command"):
            raise TrainerError(
                f"the scoring program isn't told that it is to score on {other.name}",
                where="trainer.settings.score.command",
                hint="let its arguments hold {task}, or leave test_ood out",
            )

    def check_data(self, task: str, options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
        """Passes: the program's data are its own."""

    def program(self, job: TrainJob, folder: Path) -> Program:
        """See `ExternalTrainer.program`."""
        return program_for(self.settings, job, leg_folder(folder, job))

    def versions(self) -> Mapping[str, str]:
        """None: of a program that rltune doesn't know, nothing is known."""
        return {}

    def memory_levels(self, hyperparameters: Mapping[str, Scalar], role: Role) -> tuple[str, ...]:
        del hyperparameters, role
        return ("as the arguments say", *(" ".join(arguments) for arguments in self.settings.memory))

    def gpus(self, model: str, role: Role) -> int | None:
        """Only where the settings say it, and the program isn't handed to a scheduler or to another machine."""
        del model
        launcher = Path(self.settings.prefix[0]).name if self.settings.prefix else ""
        here = "gpus" in self.settings.model_fields_set and launcher not in ELSEWHERE
        return gpus_for(self.settings, role) if here else None

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        check_templates(self.settings, _sample_job(hyperparameters))

    def constraints(self, hyperparameters: Mapping[str, Scalar], searched: Collection[str]) -> tuple[Constraint, ...]:
        """See `rltune.trainers.capabilities.Constrained`."""
        del searched  # all that has a value is among the hyperparameters
        return division_constraints(self.settings.templates_in(*_ARGUMENTS), hyperparameters)

    def training_only(self, checkpoint: Path) -> frozenset[Path]:
        """See `rltune.trainers.capabilities.Strips`. A scoring program of the user's own may read anything that lies
        beside the weights."""
        alone = (checkpoint / MODEL).is_dir()
        return training_only(checkpoint) if alone or not isinstance(self.settings.score, ScoreProgram) else frozenset()

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        return Segment(self.settings, job, reporter).train()

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        return score_published(self.settings, job, alive)


def _sample_job(hyperparameters: Mapping[str, Scalar]) -> TrainJob:
    return TrainJob(
        model="model",
        task="task",
        hyperparameters=hyperparameters,
        horizon=100,
        stop_step=100,
        seed=0,
        validation=Scoring(prompts=1, samples=1),
        validate_at=(100,),
    )
