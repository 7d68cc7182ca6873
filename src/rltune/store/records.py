"""What the store holds, as plain frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from rltune.types import Configuration, Cost, Evaluation, Phase, Proposal, StepMetrics, StopReason

FAILURE = "failure"
"""The fact with the reason why a study failed."""


class StudyState(StrEnum):
    """Where a study stands."""

    CREATED = "created"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # stopped on request; can be resumed
    FAILED = "failed"  # can't go on until the cause is mended; can be resumed then
    FINISHED = "finished"


class SegmentState(StrEnum):
    """Whether a segment is in flight."""

    RUNNING = "running"
    ENDED = "ended"


class CheckpointState(StrEnum):
    """What has become of a checkpoint."""

    COMPLETE = "complete"
    DAMAGED = "damaged"  # seen to be truncated or changed; never used again
    DELETED = "deleted"


class CheckpointTier(StrEnum):
    """How much of a checkpoint is left."""

    FULL = "full"  # all that an exact resume needs
    WEIGHTS = "weights"  # what scoring needs; nothing to resume from


class RequestState(StrEnum):
    """What became of a request."""

    WAITING = "waiting"  # nobody has looked at it yet
    DONE = "done"  # carried out, or taken on: `answer` says which
    REFUSED = "refused"  # `answer` says why


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """The study itself: `config` is its whole resolved configuration, `seconds` the wall clock spent so far over all
    sittings, `phase` where its loop is, `facts` small results (winner, plan, measured step times) by name."""

    name: str
    state: StudyState
    config: Mapping[str, object]
    created: float
    seconds: float
    phase: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def target(self) -> str | None:
        """The target model's name, once the loop has written it down."""
        value = self.facts.get("target")
        return value if isinstance(value, str) else None

    @property
    def horizon(self) -> int | None:
        """r_max in rollout steps: the last rung."""
        rungs = self.facts.get("rungs")
        return int(rungs[-1]) if isinstance(rungs, (list, tuple)) and rungs else None

    @property
    def failure(self) -> str | None:
        """Why the study failed; None unless that is its state."""
        reason = self.facts.get(FAILURE)
        return str(reason) if self.state is StudyState.FAILED and reason else None

    def limit(self, name: str) -> float | None:
        """A limit of the budget in force (`time` in seconds, `gpu_hours`, `trials`); None: there is none."""
        for budget in (self.facts.get("budget"), self.config.get("budget")):
            if isinstance(budget, Mapping):
                value = budget.get(name)
                return float(value) if isinstance(value, (int, float)) else None
        return None

    @property
    def paused(self) -> bool:
        """Whether whoever runs it was told to wait."""
        return self.facts.get("paused") is True

    def fact(self, name: str) -> Mapping[str, object]:
        """A fact that is a mapping; empty if it isn't there yet."""
        value = self.facts.get(name)
        return value if isinstance(value, Mapping) else {}

    def number(self, name: str) -> float | None:
        """A fact that is a number; None if it isn't there yet."""
        value = self.facts.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One configuration on one model with one seed. `number` counts runs of the study from 1."""

    id: str
    number: int
    configuration: Configuration
    model: str
    seed: int
    last_step: int  # steps that a complete, undamaged checkpoint holds
    stop: StopReason | None  # why its newest ended segment ended


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """The part of a run executed in one go. `retrained` are the steps that an earlier segment had trained already
    (lost with a crash or a damaged checkpoint). `worker`: the machine that it ran on; empty: it didn't say."""

    id: str
    run_id: str
    from_step: int
    to_step: int
    phase: Phase
    reason: str
    state: SegmentState
    folder: Path
    pid: int | None
    pid_started: float | None
    started: float
    ended: float | None
    stop: StopReason | None
    cost: Cost
    retrained: int
    log_tail: str
    worker: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """One checkpoint: where it lies, how many `bytes` it takes; a `pinned` one is never deleted."""

    run_id: str
    step: int
    path: Path
    bytes: int
    state: CheckpointState
    pinned: bool
    tier: CheckpointTier = CheckpointTier.FULL


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """A score outside of training: of a base model (`run_id` None) or of a run's checkpoint, on a split.

    `split`: one of the study's own task, or `test/<task>`, the test split of another one (`rltune.tasks.ood`).
    """

    model: str
    run_id: str | None
    step: int
    split: str
    values: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One line of the ledger: who decided what, from which inputs. `kind`: proposal, stop, promotion, winner, ...;
    `time`: seconds since 1970."""

    time: float
    kind: str
    subject: str
    reason: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened and that a person may want to know: `level` is info, warning or error; `time`: seconds
    since 1970."""

    time: float
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What somebody asks of a study, numbered from 1 in each.

    Attributes:
        time: of the asking, seconds since the epoch. kind: see `rltune.study.steering`. values: what it needs.
        by: who asks: `cli`, `page`, `api`, or a name. answered: when it was answered; None: it waits.
    """

    id: int
    time: float
    kind: str
    values: Mapping[str, object]
    by: str
    state: RequestState
    answer: str = ""
    answered: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a study was read: keys of the newest segment and evaluation, and of segments that were running then."""

    segment: int = 0
    evaluation: int = 0
    running: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Begun:
    """A segment, the number of its run, and the proposal that it was begun for."""

    segment: SegmentRecord
    run_number: int
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class News:
    """What has come since a mark, each in the order of its commit.

    Attributes:
        mark: for the next time. begun: segments that are new. ended: those that have ended, of new and older ones.
        evaluations: (number, run id, evaluation), numbered in the order of their commit. One that was given before may
            come again; with another number or other contents, the same (run, step) replaces it as the newest.
    """

    mark: Mark
    begun: tuple[Begun, ...]
    ended: tuple[SegmentRecord, ...]
    evaluations: tuple[tuple[int, str, Evaluation], ...]


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A segment and its run, as much of them as a line about it says. `stop` is None while it runs."""

    run_id: str
    run_number: int
    configuration: str
    model: str
    phase: Phase
    from_step: int
    to_step: int
    stop: StopReason | None
    log_tail: str
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a study's records add up to, over all phases; however many there are, this is little.

    Attributes:
        configurations: distinct configurations that were run.
        moved_up: (configuration, model) pairs where another model was trained with it too, the first one left out.
        evaluations: (model, step) -> how many.
        promotions: segments that continued a run because it earned more steps; `promotions_exact` those of them that
            trained no step twice, `steps_saved` the steps that all of them did not begin with.
        recoveries: segments that continued a run after an interruption or a loss.
        steps_trained: by segments that have ended, repeated steps included. steps_retrained: by all of them.
        steps_retrained_for_room: of those, the ones whose checkpoint had been deleted to make room.
        checkpoints_deleted: to make room, or because nobody could need them any more.
        trials: ended segments of the search, interrupted and lost ones left out.
        search_seconds: of all ended segments of the search. full_runs: seconds of each run of the target to its end;
            what was trained twice isn't counted twice.
        train_seconds, validate_seconds, start_seconds: of all segments.
    """

    configurations: int
    moved_up: int
    evaluations: Mapping[tuple[str, int], int]
    promotions: int
    promotions_exact: int
    steps_saved: int
    recoveries: int
    steps_trained: int
    steps_retrained: int
    steps_retrained_for_room: int
    checkpoints_deleted: int
    trials: int
    search_seconds: float
    full_runs: tuple[float, ...]
    train_seconds: float
    validate_seconds: float
    start_seconds: float


@dataclass(frozen=True, slots=True)
class Outline:
    """What tells where a study stands, from one view of it; what is merely counted is in `totals`.

    Attributes:
        trials: those that run, and those that ended before the step that they were asked for, in the order of their
            start.
        evaluations: (run id, evaluation) in the order of their commit: all of the configurations that were asked for,
            and of each model those with the best finite score, final runs left out.
        scores: all. runs: those that a score belongs to.
        curves: by run id, of the runs in flight.
    """

    totals: Totals
    trials: tuple[TrialRecord, ...]
    evaluations: tuple[tuple[str, Evaluation], ...]
    scores: tuple[ScoreRecord, ...]
    runs: tuple[RunRecord, ...]
    curves: Mapping[str, tuple[StepMetrics, ...]]


@dataclass(frozen=True, slots=True)
class Paired:
    """What transfer is told from.

    Attributes:
        evaluations: (run id, evaluation) in the order of their commit, of the configurations that were evaluated both
            on the target and on another model.
        scored: how many configurations have a finite score at the target's last step. Final runs are left out.
    """

    evaluations: tuple[tuple[str, Evaluation], ...]
    scored: int
