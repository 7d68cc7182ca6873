"""The contract between rltune and an experiment tracker.

A tracker is a mirror of the store, never a source: whatever it holds can be written again from the store at any time.
So it may be slow, unreachable or absent without a study noticing.

There are two kinds. For most (`RunTracker`) each run of a study (configuration, model, seed) is one tracked run, whose
key is the same in every sitting and in every export; it grows while the run does. For one of finished results
(`EvaluationTracker`) each evaluation is an entry, whole from the beginning.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from rltune.space.parameters import Parameter
from rltune.types import Configuration, Phase, Scalar, StopReason

PREFIX = "rltune/"
"""What the names of rltune's own facts begin with, so that none is taken for a hyperparameter or a metric."""


class Status(StrEnum):
    """Where a run stands, as trackers know it."""

    RUNNING = "running"
    FINISHED = "finished"  # its newest segment ended with a result: reached its step, or a rule ended it
    FAILED = "failed"  # crashed, ran out of memory or diverged
    KILLED = "killed"  # interrupted or lost, and will go on with the study; or stopped by somebody, and will not


@dataclass(frozen=True, slots=True)
class TrackedStudy:
    """What the tracked runs of a study have in common. `key` tells studies of one name apart."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """Everything about a run but its curve.

    Attributes:
        key: letters, digits and hyphens; unique in all the world, and the same whenever it is asked for.
        name: for people. kind: the phase that it was last trained for.
        config: hyperparameters by their own names, and `rltune/...`: model, seed, what never changes.
        facts: texts that change: stop reason, rungs reached, phase. numbers: such as scores and costs (may be NaN).
        started, ended: seconds since the epoch; `ended` is None while it runs. last_step: that it was trained to.
    """

    key: str
    name: str
    kind: str
    config: Mapping[str, Scalar]
    facts: Mapping[str, str]
    numbers: Mapping[str, float]
    tags: tuple[str, ...]
    status: Status
    started: float
    ended: float | None
    last_step: int

    @property
    def digest(self) -> str:
        """A fingerprint; of a run that has ended, two equal ones have equal curves too."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Point:
    """The metrics of rollout step `step` (1, 2, ...) by canonical name, with the time (seconds since the epoch) at
    which it ended. Values may be NaN or infinite."""

    step: int
    time: float
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackedEvaluation:
    """A finished evaluation: all that is known at (run, steps).

    Attributes:
        key: unique in its study, and the same whenever it is asked for.
        parameters: of the study's space, wide enough for the recipe too. Those of a study are the same in all.
        steps: rollout steps that were asked for. steps_trained: that it got to.
        score: None if it never got there; `stop` says why. earlier: step -> score, of the run's lower rungs.
        last_score: the newest validation score of a run that never got there.
        full: whether it is of the target at r_max.
        seconds: that the run had cost by then. started, ended: of this part of it, seconds since the epoch.
    """

    key: str
    run: str
    configuration: Configuration
    parameters: Mapping[str, Parameter]
    model: str
    steps: int
    steps_trained: int
    seed: int
    phase: Phase
    score: float | None
    earlier: Mapping[int, float]
    last_score: float | None
    full: bool
    seconds: float
    stop: StopReason
    started: float
    ended: float

    @property
    def digest(self) -> str:
        """A fingerprint. Times and `parameters` aren't in it: they tell nothing of the result."""
        told = [getattr(self, name) for name in _RESULT] + [self.configuration.json(), asdict(self.stop)]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


_RESULT = (
    "key",
    "model",
    "steps",
    "steps_trained",
    "seed",
    "phase",
    "score",
    "earlier",
    "last_score",
    "full",
    "seconds",
)


class Tracker(Protocol):
    """One destination. Made from its options and the study's folder; `open` comes first and `close` last, all from
    one thread. Any method may raise anything its library does: whoever calls it deals with that, and calls again."""

    name: str

    @property
    def place(self) -> str:
        """Where a person finds what was written: a folder, an address, a command."""
        ...

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        """Connects. Returns key -> digest of what is there as it was written last, and complete.

        After an error it may be called again.
        """
        ...

    def close(self) -> None:
        """Frees what is open, after everything was sent. Idempotent."""
        ...


class RunTracker(Tracker, Protocol):
    """A tracker in which each run is a run."""

    def write(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        """Makes the tracked run equal to `run` with its whole `curve` so far, whatever of it was there before.

        Writing the same again changes nothing, also after a write that was killed half-way, in another process. A run
        is written often while it is RUNNING, with a growing curve, and at least once more when it isn't.
        """
        ...


@runtime_checkable
class EvaluationTracker(Tracker, Protocol):
    """A tracker in which each evaluation is an entry that can't be changed once it is there."""

    def settle(self, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """Told before each pass what is to be there: key -> digest. Removes what contradicts it (an entry with another
        digest, one that isn't wanted, one that is there twice), and others with it if need be.

        Returns what of `wanted` is there and complete; all else is written next.
        """
        ...

    def describe(self, about: Mapping[str, object], digest: str) -> None:
        """Writes what the evaluations have in common, JSON values by name, in the place of what was there before."""
        ...

    def write(self, evaluation: TrackedEvaluation) -> None:
        """Adds an evaluation that isn't there, or is only in part. After an error, and after a kill at any moment, the
        next `settle` finds what of it has arrived."""
        ...
