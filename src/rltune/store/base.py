"""The contract of a study's store; what it holds are the records of `rltune.store.records`, named here too.

rltune's own tables are the source of truth. Every method that writes is one transaction: after it returns, a
`kill -9` or a power cut loses nothing of it; one that raises has changed nothing. One controller writes, fenced by its
lease (`rltune.store.lock`); any number of observers read meanwhile. Whoever else writes a study, as those who ask
something of it do (`add_request`), waits its turn.
Every method may raise StoreError.

Tables: study, controller (who runs it), configuration, run (configuration, model, seed), segment (run, from_step,
to_step, state, ...), metric (run, step, name, value), checkpoint (run, step, path, bytes, state, pinned, tier),
evaluation (run, step), score (tests and base models), decision (ledger), event, request (what people ask of it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from rltune.store.records import (
    Begun,
    CheckpointRecord,
    CheckpointState,
    CheckpointTier,
    DecisionRecord,
    EventRecord,
    Mark,
    News,
    Outline,
    Paired,
    RequestRecord,
    RequestState,
    RunRecord,
    ScoreRecord,
    SegmentRecord,
    SegmentState,
    StudyRecord,
    StudyState,
    Totals,
    TrialRecord,
)
from rltune.types import Configuration, Cost, Evaluation, History, Proposal, StepMetrics, StopReason

__all__ = [
    "Begun",
    "CheckpointRecord",
    "CheckpointState",
    "CheckpointTier",
    "DecisionRecord",
    "EventRecord",
    "Mark",
    "News",
    "Outline",
    "Paired",
    "RequestRecord",
    "RequestState",
    "RunRecord",
    "ScoreRecord",
    "SegmentRecord",
    "SegmentState",
    "StudyRecord",
    "StudyState",
    "StudyStore",
    "Totals",
    "TrialRecord",
]


class StudyStore(Protocol):
    """One study's records."""

    def fence(self, token: int) -> None:
        """From now on each transaction that writes makes sure that `token`, of a lease, is the study's newest, and
        raises StoreError if another controller has taken over; nothing is written then.

        With a lease, a transaction whose connection breaks is tried again for some minutes, and happens exactly once.
        """
        ...

    # --- the study -----------------------------------------------------------------------------------
    def study(self) -> StudyRecord: ...

    def set_state(self, state: StudyState, phase: str | None = None) -> None: ...

    def add_seconds(self, seconds: float, facts: Mapping[str, object] = MappingProxyType({})) -> None:
        """Adds wall-clock seconds to what the study has spent, and keeps facts (as `set_fact`) together with that."""
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

    def add_all_steps(self, steps: Mapping[str, Sequence[StepMetrics]]) -> None:
        """As `add_steps` for several segments, by their ids, in one transaction."""
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
        worker: str = "",
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

    def delete_checkpoint(self, run_id: str, step: int, reason: str, inputs: Mapping[str, object]) -> bool:
        """Notes that a checkpoint is being deleted, with its line in the ledger. False, and nothing is changed, if it
        is pinned: somebody may have done that since it was chosen."""
        ...

    def strip_checkpoint(self, run_id: str, step: int, size: int) -> None:
        """Notes that a checkpoint holds the weights only, in `size` bytes."""
        ...

    def pin_checkpoint(self, run_id: str, step: int, pinned: bool) -> None:
        """A pinned checkpoint is never deleted by retention."""
        ...

    # --- scores, ledger, events ----------------------------------------------------------------------
    def add_score(self, score: ScoreRecord) -> None:
        """Keeps a score; the same (model, run, step, split) replaces an older one."""
        ...

    def add_decision(self, kind: str, subject: str, reason: str, values: Mapping[str, object]) -> None: ...

    def add_event(self, level: str, message: str) -> None: ...

    # --- requests ------------------------------------------------------------------------------------
    def add_request(self, kind: str, values: Mapping[str, object], by: str) -> RequestRecord:
        """Leaves a request, WAITING, for whoever runs the study. For processes without a lease, too."""
        ...

    def requests(self, state: RequestState | None = None) -> list[RequestRecord]:
        """Those in this state, or all, in the order of their asking."""
        ...

    def answer_request(
        self,
        request_id: int,
        state: RequestState,
        answer: str,
        *,
        subject: str = "study",
        facts: Mapping[str, object] = MappingProxyType({}),
    ) -> bool:
        """Answers a request: together with its line in the ledger (the request's kind, the answer as the reason) and
        the facts that carry it out. False, and nothing is changed, if it was answered already.

        Args:
            subject: of the ledger's line.

        Raises:
            StoreError: if there is no such request.
            ValueError: if the state isn't an answer.
        """
        ...

    # --- reading -------------------------------------------------------------------------------------
    def history(self) -> History:
        """Evaluations of the search and confirm phases in the order of their commit; `pending` from RUNNING segments
        of these phases; `base_scores` from the scores of base models on the validation split."""
        ...

    def evaluations(self, model: str | None = None) -> list[tuple[str, Evaluation]]:
        """(run id, evaluation), all phases, of all models or one, in the order of their commit."""
        ...

    def paired(self, target: str, horizon: int) -> Paired:
        """Configurations that were evaluated on the target, trained to step `horizon` at most, and elsewhere too."""
        ...

    def outline(self, target: str | None, horizon: int | None, configurations: Sequence[Configuration] = ()) -> Outline:
        """What tells where the study stands, however much it holds; `target` is trained to step `horizon` at most."""
        ...

    def news(self, mark: Mark) -> News:
        """Segments and evaluations since a mark; all of them since `Mark()`. For the one controller that writes."""
        ...

    def runs(self) -> list[RunRecord]: ...

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]: ...

    def curve(self, run_id: str) -> list[StepMetrics]:
        """All metrics of a run by step. After a crash it may reach beyond the checkpoint that the run continues from;
        those steps are replaced as they are trained again."""
        ...

    def curves(self) -> dict[str, list[StepMetrics]]:
        """`curve` of every run that has one, by run id."""
        ...

    def metric_total(self, name: str) -> float | None:
        """The sum of a metric's finite values over all steps of all runs; None if no run has it."""
        ...

    def scores(self) -> list[ScoreRecord]: ...

    def decisions(self) -> list[DecisionRecord]: ...

    def events(self) -> list[EventRecord]: ...

    def close(self) -> None: ...
