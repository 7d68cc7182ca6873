"""Every error that rltune raises on purpose.

One root, one class per cause. An error says what was expected, what was got, where, and what to do: `message` holds
the first two, `where` the place (a file and line, a setting's path, a folder), `hint` the remedy. The command line
prints exactly these three and exits with status 2.
"""

from __future__ import annotations


class RltuneError(Exception):
    """Root of all errors that a user can cause and can mend.

    Args:
        message: what was expected and what was got, one sentence.
        where: the place: `study.yaml:7 budget`, a folder, a run.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{remedy}"


class ConfigError(RltuneError):
    """The study file, or a setting given in Python, can't be used."""


class SpaceError(RltuneError):
    """A search space is empty or contradictory, or a configuration lies outside of it."""


class ModelError(RltuneError):
    """A model can't be found or doesn't fit its role."""


class TaskError(RltuneError):
    """A task can't be found, or its data can't be used."""


class TrainerError(RltuneError):
    """A trainer can't be found, can't be set up, or was given a setting that it doesn't have."""


class CheckpointError(RltuneError):
    """A checkpoint is missing, incomplete or damaged."""


class StoreError(RltuneError):
    """The store can't be opened or written, or its contents contradict the request."""


class StudyError(RltuneError):
    """A study can't start, continue or be found."""


class ExecutorError(RltuneError):
    """The executor itself (not a trial) has failed."""


class OptimizerError(RltuneError):
    """An optimizer can't be built, or was asked for what it can't give."""


class RuleError(RltuneError):
    """A stopping rule can't be found or was given impossible thresholds."""


class ReportError(RltuneError):
    """A report or export can't be made from what the study holds."""
