"""Every error that rltune raises on purpose.

One root, one class per cause. An error says what was expected, what was got, where, and what to do: `message` holds
the first two, `where` the place (a file and line, a setting's path, a folder), `hint` the remedy. The command line
prints exactly these three and exits with status 2. For a misspelt name the remedy comes from `did_you_mean` or, where
the message doesn't list the known names, from `suggest`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CLOSE = 0.6
"""From this similarity (0 to 1, `difflib`'s ratio) on a known name is taken for what was meant."""


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


class OutOfMemoryError(RltuneError):
    """A training or scoring needs more memory than there is, of a GPU or of the machine."""


class KilledError(RltuneError):
    """A program that a trial runs was killed by SIGKILL: by the kernel for lack of memory, or by somebody."""


class CheckpointError(RltuneError):
    """A checkpoint is missing, incomplete or damaged."""


class StorageError(RltuneError):
    """Object storage can't be used, reached or written."""


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


class LogError(RltuneError):
    """A training log can't be read, or holds no curve."""


class CurveError(RltuneError):
    """A curve can't be used: its arrays don't fit together, or a law's range is impossible."""


class PriorError(RltuneError):
    """A prior file, or an earlier study, can't be read as prior knowledge."""


class TrackerError(RltuneError):
    """An experiment tracker can't be found, lacks its package or its secret, or can't be written."""


class ReportError(RltuneError):
    """A report or export can't be made from what the study holds."""


def did_you_mean(word: str, known: Iterable[str], *, similarity: float = _CLOSE) -> str | None:
    """`did you mean 'models'?` for the known name closest to `word`, or None if none is as close as `similarity`."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=similarity)
    return f"did you mean {close[0]!r}?" if close else None


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'models'? known: models, name, ...`: the closest known name, if one is close, then all of them."""
    names = sorted(known)
    listed = f"known: {', '.join(names)}" if names else None
    return " ".join(part for part in (did_you_mean(word, names), listed) if part)
