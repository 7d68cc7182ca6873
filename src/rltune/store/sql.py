"""A study's store on SQLite or PostgreSQL: each method is one transaction, each reading one view of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from sqlalchemy import Connection, Engine, update
from sqlalchemy.pool import StaticPool

from rltune.clock import Clock, SystemClock
from rltune.store import metrics, reading, requests, writing
from rltune.store import schema as t
from rltune.store.base import (
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
    StudyRecord,
    StudyState,
)
from rltune.store.engine import without_secrets
from rltune.store.news import news
from rltune.store.outage import PATIENCE_SECONDS
from rltune.store.outline import outline
from rltune.store.pairs import paired
from rltune.store.scope import Scope
from rltune.store.transactions import Transactions
from rltune.types import Configuration, Cost, Evaluation, History, Proposal, StepMetrics, StopReason

R = TypeVar("R")


class SqlStudyStore:
    """Implements `rltune.store.base.StudyStore`; made by `rltune.store.open`.

    Every method may raise StoreError: the database failed, was opened for reading only, or contradicts the request. A
    method that raises has changed nothing.

    Args:
        patience: seconds to wait for a server that went away; a reader doesn't wait.
    """

    def __init__(
        self,
        engine: Engine,
        scope: Scope,
        *,
        read_only: bool = False,
        clock: Clock | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._engine = engine
        self._scope = scope
        self._clock = clock or SystemClock()
        self._transactions = Transactions(engine, scope, read_only, self._clock, patience)
        self._read, self._write = self._transactions.read, self._transactions.write

    def fence(self, token: int) -> None:
        self._transactions.fence(token)

    @property
    def is_copy(self) -> bool:
        """Whether this reads a copy in memory of a store of an earlier version, which doesn't change any more."""
        return isinstance(self._engine.pool, StaticPool)

    # --- the study ---------------------------------------------------------------------------------------
    def study(self) -> StudyRecord:
        return self._read(lambda connection: reading.study(connection, self._scope))

    def set_state(self, state: StudyState, phase: str | None = None) -> None:
        values: dict[str, object] = {"state": state.value}
        if phase is not None:
            values["phase"] = phase

        def change(connection: Connection) -> None:
            connection.execute(update(t.study).where(t.study.c.pk == self._scope.study).values(**values))

        self._write(change)

    def add_seconds(self, seconds: float, facts: Mapping[str, object] = MappingProxyType({})) -> None:
        def change(connection: Connection) -> None:
            this = update(t.study).where(t.study.c.pk == self._scope.study)
            connection.execute(this.values(seconds=t.study.c.seconds + seconds))
            for name, value in facts.items():
                writing.fact(connection, self._scope, name, without_secrets(value))

        self._write(change)

    def set_fact(self, name: str, value: object) -> None:
        self._write(lambda connection: writing.fact(connection, self._scope, name, without_secrets(value)))

    # --- work --------------------------------------------------------------------------------------------
    def run(self, configuration: Configuration, model: str, seed: int) -> RunRecord:
        def change(connection: Connection) -> RunRecord:
            key = writing.run(connection, self._scope, configuration, model, seed)
            return reading.runs(connection, self._scope, t.run.c.pk == key)[0]

        return self._write(change)

    def begin_segment(self, proposal: Proposal, run_id: str, from_step: int, folder: Path) -> SegmentRecord:
        now = self._clock.now()

        def change(connection: Connection) -> SegmentRecord:
            segment_id = writing.begin_segment(connection, self._scope, proposal, run_id, from_step, folder, now)
            row = reading.segment_row(connection, self._scope, segment_id)
            return reading.segment_record(row, self._scope)

        return self._write(change)

    def set_process(self, segment_id: str, pid: int, pid_started: float) -> None:
        self._write(lambda connection: writing.set_process(connection, self._scope, segment_id, pid, pid_started))

    def add_steps(self, segment_id: str, steps: Sequence[StepMetrics]) -> None:
        def change(connection: Connection) -> None:
            writing.steps(connection, {reading.segment_row(connection, self._scope, segment_id).run: steps})

        self._write(change)

    def add_all_steps(self, steps: Mapping[str, Sequence[StepMetrics]]) -> None:
        def change(connection: Connection) -> None:
            runs = reading.run_keys(connection, self._scope, list(steps))
            writing.steps(connection, {runs[segment_id]: new for segment_id, new in steps.items()})

        self._write(change)

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
        now = self._clock.now()

        def change(connection: Connection) -> bool:
            run = writing.end_segment(connection, self._scope, segment_id, stop, cost, log_tail, worker, now)
            if run is None:
                return False
            writing.steps(connection, {run: steps})
            for step, path, size in checkpoints:
                writing.checkpoint(connection, self._scope, run, step, path, size)
            for evaluation in evaluations:
                writing.evaluation(connection, self._scope, run, evaluation)
            return True

        return self._write(change)

    def add_evaluation(self, evaluation: Evaluation, run_id: str) -> None:
        def change(connection: Connection) -> None:
            key = reading.run_key(connection, self._scope, run_id)
            writing.evaluation(connection, self._scope, key, evaluation)

        self._write(change)

    # --- checkpoints -------------------------------------------------------------------------------------
    def checkpoints(
        self, run_id: str | None = None, *, state: CheckpointState = CheckpointState.COMPLETE
    ) -> list[CheckpointRecord]:
        return self._read(lambda connection: reading.checkpoints(connection, self._scope, run_id, state))

    def set_checkpoint_state(self, run_id: str, step: int, state: CheckpointState) -> None:
        self._write(
            lambda connection: writing.change_checkpoint(connection, self._scope, run_id, step, {"state": state.value})
        )

    def delete_checkpoint(self, run_id: str, step: int, reason: str, inputs: Mapping[str, object]) -> bool:
        now = self._clock.now()

        def change(connection: Connection) -> bool:
            if not writing.delete_checkpoint(connection, self._scope, run_id, step):
                return False
            writing.decision(connection, self._scope, "delete", run_id, reason, inputs, now)
            return True

        return self._write(change)

    def strip_checkpoint(self, run_id: str, step: int, size: int) -> None:
        values = {"tier": CheckpointTier.WEIGHTS.value, "bytes": size}
        self._write(lambda connection: writing.change_checkpoint(connection, self._scope, run_id, step, values))

    def pin_checkpoint(self, run_id: str, step: int, pinned: bool) -> None:
        self._write(
            lambda connection: writing.change_checkpoint(connection, self._scope, run_id, step, {"pinned": pinned})
        )

    # --- scores, ledger, events --------------------------------------------------------------------------
    def add_score(self, score: ScoreRecord) -> None:
        self._write(lambda connection: writing.score(connection, self._scope, score))

    def add_decision(self, kind: str, subject: str, reason: str, values: Mapping[str, object]) -> None:
        now = self._clock.now()
        self._write(lambda connection: writing.decision(connection, self._scope, kind, subject, reason, values, now))

    def add_event(self, level: str, message: str) -> None:
        now = self._clock.now()
        self._write(lambda connection: writing.event(connection, self._scope, level, message, now))

    # --- requests ----------------------------------------------------------------------------------------
    def add_request(self, kind: str, values: Mapping[str, object], by: str) -> RequestRecord:
        now, plain = self._clock.now(), cast("Mapping[str, object]", without_secrets(values))
        return self._write(lambda connection: requests.add(connection, self._scope, kind, plain, by, now))

    def requests(self, state: RequestState | None = None) -> list[RequestRecord]:
        return self._read(lambda connection: requests.read(connection, self._scope, state))

    def answer_request(
        self,
        request_id: int,
        state: RequestState,
        answer: str,
        *,
        subject: str = "study",
        facts: Mapping[str, object] = MappingProxyType({}),
    ) -> bool:
        now, plain = self._clock.now(), cast("Mapping[str, object]", without_secrets(facts))
        return self._write(
            lambda connection: requests.answer(connection, self._scope, request_id, state, answer, subject, plain, now)
        )

    # --- reading -----------------------------------------------------------------------------------------
    def view(self, look: Callable[[Connection, Scope], R]) -> R:
        """What a function of a connection reads, from one view of the whole study; for readings that are too special to
        be methods. It must change nothing, and may be called twice."""
        return self._read(lambda connection: look(connection, self._scope))

    def history(self) -> History:
        return self._read(lambda connection: reading.history(connection, self._scope))

    def evaluations(self, model: str | None = None) -> list[tuple[str, Evaluation]]:
        where = [] if model is None else [t.run.c.model == model]
        return self._read(lambda connection: reading.evaluations(connection, self._scope, *where))

    def paired(self, target: str, horizon: int) -> Paired:
        return self._read(lambda connection: paired(connection, self._scope, target, horizon))

    def outline(self, target: str | None, horizon: int | None, configurations: Sequence[Configuration] = ()) -> Outline:
        return self._read(lambda connection: outline(connection, self._scope, target, horizon, configurations))

    def news(self, mark: Mark) -> News:
        return self._read(lambda connection: news(connection, self._scope, mark))

    def runs(self) -> list[RunRecord]:
        return self._read(lambda connection: reading.runs(connection, self._scope))

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]:
        return self._read(lambda connection: reading.segments(connection, self._scope, run_id))

    def curve(self, run_id: str) -> list[StepMetrics]:
        return self._read(lambda connection: metrics.curve(connection, self._scope, run_id))

    def curves(self) -> dict[str, list[StepMetrics]]:
        return self._read(lambda connection: metrics.curves(connection, self._scope))

    def metric_total(self, name: str) -> float | None:
        return self._read(lambda connection: metrics.metric_total(connection, self._scope, name))

    def scores(self) -> list[ScoreRecord]:
        return self._read(lambda connection: reading.scores(connection, self._scope))

    def decisions(self) -> list[DecisionRecord]:
        return self._read(lambda connection: reading.decisions(connection, self._scope))

    def events(self) -> list[EventRecord]:
        return self._read(lambda connection: reading.events(connection, self._scope))

    def close(self) -> None:
        self._engine.dispose()
