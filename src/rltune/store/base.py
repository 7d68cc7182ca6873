"""What the store holds, as plain records, and the contract of a study's store.

rltune's own tables are the source of truth. Every method that writes is one transaction: after it returns, a
`kill -9` or a power cut loses nothing of it; one that raises has changed nothing. One controller writes; any number
of observers read meanwhile. Every method may raise StoreError.

Tables: study, configuration, run (configuration, model, seed), segment (run, from_step, to_step, state, ...), metric
(run, step, name, value), checkpoint (run, step, path, bytes, state, pinned), evaluation (run, step), score (tests and
base models), decision (ledger), event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from rltune.types import Configuration, Cost, Evaluation, History, Phase, Proposal, StepMetrics, StopReason


class StudyState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # stopped on request; can be resumed
    FAILED = "failed"  # can't go on until the cause is mended; can be resumed then
    FINISHED = "finished"


class SegmentState(StrEnum):
    RUNNING = "running"
    ENDED = "ended"


class CheckpointState(StrEnum):
    COMPLETE = "complete"
    DAMAGED = "damaged"  # seen to be truncated or changed; never used again
    DELETED = "deleted"


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
    (lost with a crash or a damaged checkpoint)."""

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


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    run_id: str
    step: int
    path: Path
    bytes: int
    state: CheckpointState
    pinned: bool


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
    """One line of the ledger: who decided what, from which inputs. `kind`: proposal, stop, promotion, winner, ..."""

    time: float
    kind: str
    subject: str
    reason: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened and that a person may want to know: `level` is info, warning or error."""

    time: float
    level: str
    message: str


class StudyStore(Protocol):
    """One study's records."""

    # --- the study -----------------------------------------------------------------------------------
    def study(self) -> StudyRecord: ...

    def set_state(self, state: StudyState, phase: str | None = None) -> None: ...

    def add_seconds(self, seconds: float) -> None:
        """Adds wall-clock seconds to what the study has spent."""
        ...

    def set_fact(self, name: str, value: object) -> None:
        """Keeps a small JSON value under a name, replacing an older one."""
        ...

    # --- work ----------------------------------------------------------------------------------------
    def run(self, configuration: Configuration, model: str, seed: int) -> RunRecord:
        """The run of these three, made if it is new. The same three always give the same run."""
        ...

    def begin_segment(self, proposal: Proposal, run_id: str, from_step: int, folder: Path) -> SegmentRecord:
        """Records the proposal in the ledger and a RUNNING segment, in one transaction.

        The ledger's kind is `proposal` for a run's first segment, `promotion` if it continues after a result, and
        `retry` if its newest segment was cut short (interrupted, lost or failed). Segment ids are
        `<run id>-s<number>`, numbered from 1 in each run.

        Raises:
            StoreError: if the run has a RUNNING segment already, or `from_step` isn't before the proposal's end.
        """
        ...

    def set_process(self, segment_id: str, pid: int, pid_started: float) -> None: ...

    def add_steps(self, segment_id: str, steps: Sequence[StepMetrics]) -> None:
        """Adds metrics. A step that the run has already is replaced by the newer line (it was retrained)."""
        ...

    def finish_segment(
        self,
        segment_id: str,
        stop: StopReason,
        cost: Cost,
        steps: Sequence[StepMetrics],
        checkpoints: Sequence[tuple[int, Path, int]],
        evaluations: Sequence[Evaluation],
        log_tail: str = "",
    ) -> bool:
        """Ends a segment, all in one transaction: metrics, checkpoints (step, path, bytes), evaluations and, when a
        rule stopped it, a `stop` line in the ledger. Returns False, and changes nothing, if the segment has ended
        already; so finishing twice can't double an evaluation. `evaluations`: one for each rung that it passed and
        one for its end; none for the end of a segment that says nothing about its configuration (interrupted, lost).
        """
        ...

    def add_evaluation(self, evaluation: Evaluation, run_id: str) -> None:
        """An evaluation that needed no new training (the run had passed this step already).

        Here and in `finish_segment`, a (run, step) has one evaluation: an older one with a score stays, one without
        (a failure that was tried again) gives way, and the new one counts as the newest.

        Raises:
            StoreError: if the evaluation is of another configuration, model or seed than the run.
        """
        ...

    # --- checkpoints ---------------------------------------------------------------------------------
    def checkpoints(
        self, run_id: str | None = None, *, state: CheckpointState = CheckpointState.COMPLETE
    ) -> list[CheckpointRecord]:
        """Those in this state, of one run or of all, by run and step."""
        ...

    def set_checkpoint_state(self, run_id: str, step: int, state: CheckpointState) -> None: ...

    def pin_checkpoint(self, run_id: str, step: int, pinned: bool) -> None:
        """A pinned checkpoint is never deleted by retention."""
        ...

    # --- scores, ledger, events ----------------------------------------------------------------------
    def add_score(self, score: ScoreRecord) -> None:
        """Keeps a score; the same (model, run, step, split) replaces an older one."""
        ...

    def add_decision(self, kind: str, subject: str, reason: str, values: Mapping[str, object]) -> None: ...

    def add_event(self, level: str, message: str) -> None: ...

    # --- reading -------------------------------------------------------------------------------------
    def history(self) -> History:
        """Evaluations of the search and confirm phases in the order of their commit; `pending` from RUNNING segments
        of these phases; `base_scores` from the scores of base models on the validation split."""
        ...

    def evaluations(self) -> list[tuple[str, Evaluation]]:
        """(run id, evaluation), all phases, in the order of their commit."""
        ...

    def runs(self) -> list[RunRecord]: ...

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]: ...

    def curve(self, run_id: str) -> list[StepMetrics]:
        """All metrics of a run by step. After a crash it may reach beyond the checkpoint that the run continues from;
        those steps are replaced as they are trained again."""
        ...

    def scores(self) -> list[ScoreRecord]: ...

    def decisions(self) -> list[DecisionRecord]: ...

    def events(self) -> list[EventRecord]: ...

    def close(self) -> None: ...
