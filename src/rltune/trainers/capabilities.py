"""Kinds of trainers, and what one may know beside the contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from rltune.space.constraints import Constraint
from rltune.tasks.ood import TaskRef
from rltune.trainers.base import Trainer, TrainJob
from rltune.trainers.external.program import Program
from rltune.types import Scalar


@runtime_checkable
class ExternalTrainer(Trainer, Protocol):
    """A trainer that runs somebody else's program.

    Its `trainer.settings` in the study file are no hyperparameters: they say which program is run, and how. They may
    hold anything that YAML can, and are given to `configure` before anything but `preload` is called.
    """

    @property
    def saves_anywhere(self) -> bool:
        """Whether it saves a checkpoint at any step at which it is told to stop. If not, a run that a rule or a
        request ends keeps the checkpoints that it had, and steps after the last one are trained again on a resume."""
        ...

    def configure(self, settings: Mapping[str, object]) -> Trainer:
        """The same trainer with these settings. Light: starts nothing.

        Raises:
            TrainerError: for an unknown setting or an impossible value; `where` is `trainer.settings...`.
        """
        ...

    def dead(self, names: Iterable[str]) -> Mapping[str, str]:
        """Those hyperparameters among `names` that change nothing about a run, each with the reason. To search one of
        them would spend the whole budget on equal runs."""
        ...

    def notes(self, hyperparameters: Mapping[str, Scalar]) -> Sequence[str]:
        """What a person should know before a study with these hyperparameters starts, in sentences."""
        ...

    def check_other_test(self, other: TaskRef) -> None:
        """Raises TrainerError if models can't be scored on the test split of another task (`ScoreJob.other`). Light:
        a study is told before it starts, not at its end."""
        ...

    def check_data(self, task: str, options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
        """Raises TrainerError if the program has no data for a split, or is validated on its test. Light."""
        ...

    def program(self, job: TrainJob, folder: Path) -> Program:
        """What a segment would launch, with its files under `folder`: to be shown, or run by somebody else. Starts
        nothing and makes no folder.

        Raises:
            TrainerError: if the job can't be set up.
        """
        ...

    def versions(self) -> Mapping[str, str]:
        """The program's own packages with their versions, as far as they are known: kept with the study's facts."""
        ...


@runtime_checkable
class FrameworkTrainer(Trainer, Protocol):
    """A trainer that knows the settings of its framework, and runs several algorithms of it.

    Its `trainer.settings` in the study file are hyperparameters under the framework's own names (`fields`), but for
    those that say how a trial is launched, which are given to `configure` before anything but `preload` is called.
    """

    @property
    def launching(self) -> frozenset[str]:
        """Names of the settings that say how a trial is launched."""
        ...

    def fields(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """Those of the settings that are hyperparameters, by their own names; values aren't checked.

        Raises:
            TrainerError: for a setting that can't be one; `where` is `trainer.settings...`.
        """
        ...

    def configure(self, settings: Mapping[str, object]) -> Trainer:
        """The same trainer with these settings; those that are `fields` are passed over. Light: starts nothing.

        Raises:
            TrainerError: for an impossible value; `where` is `trainer.settings...`.
        """
        ...

    def reports(self, hyperparameters: Mapping[str, Scalar]) -> frozenset[str]:
        """Canonical metrics that a run with these hyperparameters may report. A stopping rule that needs another one
        is switched off: it would never be able to judge."""
        ...

    def check_data(self, task: str, options: Mapping[str, object], hyperparameters: Mapping[str, Scalar]) -> None:
        """Raises TaskError if the task has nothing that a run with these hyperparameters could learn from. Reads the
        data: a study is told before it starts."""
        ...


@runtime_checkable
class Strips(Protocol):
    """A trainer that knows which files of its checkpoints a scoring doesn't need, so that a run that is over can keep
    its weights in less room."""

    def training_only(self, checkpoint: Path) -> frozenset[Path]:
        """Files of a published checkpoint that only a resume needs, relative to its folder; none if the checkpoint is
        laid out in a way that it can't tell apart. `score` works without them. Light."""
        ...


@runtime_checkable
class Constrained(Protocol):
    """A trainer that knows which combinations of hyperparameters are impossible (a batch that can't be divided), so
    that none of them is proposed."""

    def constraints(self, hyperparameters: Mapping[str, Scalar], searched: Collection[str]) -> Sequence[Constraint]:
        """What the hyperparameters must meet together, each with its reason. Light, as `Trainer.check`.

        Args:
            hyperparameters: the recipe with what the study fixes. searched: names whose values vary. A constraint names
                what is in one of the two; for all else it holds the trainer's own default.

        Raises:
            TrainerError: if no run can have these hyperparameters.
        """
        ...
