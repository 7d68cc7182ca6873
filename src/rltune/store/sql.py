"""A study's store on SQLite or PostgreSQL: each method is one transaction, each reading one view of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, update

from rltune.clock import Clock, SystemClock
from rltune.errors import StoreError
from rltune.store import reading, writing
from rltune.store import schema as t
from rltune.store.base import (
    CheckpointRecord,
    CheckpointState,
    DecisionRecord,
    EventRecord,
    RunRecord,
    ScoreRecord,
    SegmentRecord,
    StudyRecord,
    StudyState,
)
from rltune.store.engine import WRITES, without_secrets
from rltune.store.failures import store_errors
from rltune.store.scope import Scope
from rltune.types import Configuration, Cost, Evaluation, History, Proposal, StepMetrics, StopReason


class SqlStudyStore:
    """Implements `rltune.store.base.StudyStore`; made by `rltune.store.open`.

    Every method may raise StoreError: the database failed, was opened for reading only, or contradicts the request. A
    method that raises has changed nothing.
    """

    def __init__(self, engine: Engine, scope: Scope, *, read_only: bool = False, clock: Clock | None = None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._scope = scope
        self._read_only = read_only
        self._clock = clock or SystemClock()

    # --- the study ---------------------------------------------------------------------------------------
    def study(self) -> StudyRecord:
        with self._read() as connection:
            return reading.study(connection, self._scope)

    def set_state(self, state: StudyState, phase: str | None = None) -> None:
        values: dict[str, object] = {"state": state.value}
        if phase is not None:
            values["phase"] = phase
        with self._write() as connection:
            connection.execute(update(t.study).where(t.study.c.pk == self._scope.study).values(**values))

    def add_seconds(self, seconds: float) -> None:
        with self._write() as connection:
            this = update(t.study).where(t.study.c.pk == self._scope.study)
            connection.execute(this.values(seconds=t.study.c.seconds + seconds))

    def set_fact(self, name: str, value: object) -> None:
        with self._write() as connection:
            writing.fact(connection, self._scope, name, without_secrets(value))

    # --- work --------------------------------------------------------------------------------------------
    def run(self, configuration: Configuration, model: str, seed: int) -> RunRecord:
        with self._write() as connection:
            key = writing.run(connection, self._scope, configuration, model, seed)
            return reading.runs(connection, self._scope, key)[0]

    def begin_segment(self, proposal: Proposal, run_id: str, from_step: int, folder: Path) -> SegmentRecord:
        now = self._clock.now()
        with self._write() as connection:
            segment_id = writing.begin_segment(connection, self._scope, proposal, run_id, from_step, folder, now)
            row = reading.segment_row(connection, self._scope, segment_id)
            return reading.segment_record(row, self._scope)

    def set_process(self, segment_id: str, pid: int, pid_started: float) -> None:
        with self._write() as connection:
            writing.set_process(connection, self._scope, segment_id, pid, pid_started)

    def add_steps(self, segment_id: str, steps: Sequence[StepMetrics]) -> None:
        with self._write() as connection:
            writing.steps(connection, reading.segment_row(connection, self._scope, segment_id).run, steps)

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
        now = self._clock.now()
        with self._write() as connection:
            run = writing.end_segment(connection, self._scope, segment_id, stop, cost, log_tail, now)
            if run is None:
                return False
            writing.steps(connection, run, steps)
            for step, path, size in checkpoints:
                writing.checkpoint(connection, self._scope, run, step, path, size)
            for evaluation in evaluations:
                writing.evaluation(connection, self._scope, run, evaluation)
        return True

    def add_evaluation(self, evaluation: Evaluation, run_id: str) -> None:
        with self._write() as connection:
            key = reading.run_key(connection, self._scope, run_id)
            writing.evaluation(connection, self._scope, key, evaluation)

    # --- checkpoints -------------------------------------------------------------------------------------
    def checkpoints(
        self, run_id: str | None = None, *, state: CheckpointState = CheckpointState.COMPLETE
    ) -> list[CheckpointRecord]:
        with self._read() as connection:
            return reading.checkpoints(connection, self._scope, run_id, state)

    def set_checkpoint_state(self, run_id: str, step: int, state: CheckpointState) -> None:
        with self._write() as connection:
            writing.change_checkpoint(connection, self._scope, run_id, step, {"state": state.value})

    def pin_checkpoint(self, run_id: str, step: int, pinned: bool) -> None:
        with self._write() as connection:
            writing.change_checkpoint(connection, self._scope, run_id, step, {"pinned": pinned})

    # --- scores, ledger, events --------------------------------------------------------------------------
    def add_score(self, score: ScoreRecord) -> None:
        with self._write() as connection:
            writing.score(connection, self._scope, score)

    def add_decision(self, kind: str, subject: str, reason: str, values: Mapping[str, object]) -> None:
        now = self._clock.now()
        with self._write() as connection:
            writing.decision(connection, self._scope, kind, subject, reason, values, now)

    def add_event(self, level: str, message: str) -> None:
        now = self._clock.now()
        with self._write() as connection:
            writing.event(connection, self._scope, level, message, now)

    # --- reading -----------------------------------------------------------------------------------------
    def history(self) -> History:
        with self._read() as connection:
            return reading.history(connection, self._scope)

    def evaluations(self) -> list[tuple[str, Evaluation]]:
        with self._read() as connection:
            return reading.evaluations(connection, self._scope)

    def runs(self) -> list[RunRecord]:
        with self._read() as connection:
            return reading.runs(connection, self._scope)

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]:
        with self._read() as connection:
            return reading.segments(connection, self._scope, run_id)

    def curve(self, run_id: str) -> list[StepMetrics]:
        with self._read() as connection:
            return reading.curve(connection, self._scope, run_id)

    def scores(self) -> list[ScoreRecord]:
        with self._read() as connection:
            return reading.scores(connection, self._scope)

    def decisions(self) -> list[DecisionRecord]:
        with self._read() as connection:
            return reading.decisions(connection, self._scope)

    def events(self) -> list[EventRecord]:
        with self._read() as connection:
            return reading.events(connection, self._scope)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with store_errors(self._scope.where), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if self._read_only:
            raise StoreError(
                "the store was opened for reading only",
                where=self._scope.where,
                hint="open it with read_only=False",
            )
        with store_errors(self._scope.where), self._writer.begin() as connection:
            yield connection
