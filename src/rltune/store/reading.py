"""From rows to records. Every function reads through a connection that its caller opened, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store.base import (
    CheckpointRecord,
    CheckpointState,
    CheckpointTier,
    DecisionRecord,
    EventRecord,
    RunRecord,
    ScoreRecord,
    SegmentRecord,
    SegmentState,
    StudyRecord,
    StudyState,
)
from rltune.store.damage import names_damage
from rltune.store.rows import configuration_of, cost_of, required_stop, segment_record, stop_columns, stop_of
from rltune.store.scope import Scope
from rltune.types import (
    Evaluation,
    Fidelity,
    History,
    Phase,
    Proposal,
)

OPTIMIZED_PHASES = (Phase.SEARCH, Phase.CONFIRM)
"""The phases that an optimizer learns from."""


@names_damage
def study(connection: Connection, scope: Scope) -> StudyRecord:
    """The study's own record."""
    row = connection.execute(select(t.study).where(t.study.c.pk == scope.study)).one()
    facts = connection.execute(
        select(t.fact.c.name, t.fact.c.value).where(t.fact.c.study == scope.study).order_by(t.fact.c.pk)
    )
    return StudyRecord(
        name=row.name,
        state=StudyState(row.state),
        config=row.config,
        created=row.created,
        seconds=row.seconds,
        phase=row.phase,
        facts={row.name: row.value for row in facts},
    )


@names_damage
def runs(connection: Connection, scope: Scope, *where: ColumnElement[bool]) -> list[RunRecord]:
    """All runs by number, or those of these conditions."""
    # Correlated, so that one run costs one look into each index, not a pass over the whole tables.
    last_step = (
        select(func.max(t.checkpoint.c.step))
        .where(t.checkpoint.c.run == t.run.c.pk, t.checkpoint.c.state == CheckpointState.COMPLETE.value)
        .correlate(t.run)
        .scalar_subquery()
    )
    other = t.segment.alias()
    newest = (
        select(func.max(other.c.number))
        .where(other.c.run == t.run.c.pk, other.c.state == SegmentState.ENDED.value)
        .correlate(t.run)
        .scalar_subquery()
    )
    query = (
        select(t.run, t.configuration.c.content, last_step.label("last_step"), *stop_columns(t.segment))
        .join(t.configuration, t.configuration.c.pk == t.run.c.configuration)
        .outerjoin(t.segment, (t.segment.c.run == t.run.c.pk) & (t.segment.c.number == newest))
        .where(t.run.c.study == scope.study, *where)
        .order_by(t.run.c.number)
    )
    return [
        RunRecord(
            id=row.id,
            number=row.number,
            configuration=configuration_of(row.content),
            model=row.model,
            seed=row.seed,
            last_step=row.last_step or 0,
            stop=stop_of(row),
        )
        for row in connection.execute(query)
    ]


def run_key(connection: Connection, scope: Scope, run_id: str) -> int:
    """The key of a run's row.

    Raises:
        StoreError: if the study has no such run.
    """
    query = select(t.run.c.pk).where(t.run.c.study == scope.study, t.run.c.id == run_id)
    key = connection.execute(query).scalar()
    if key is None:
        raise StoreError(f"the study has no run {run_id!r}", where=scope.where)
    return key


@names_damage
def segment_row(connection: Connection, scope: Scope, segment_id: str) -> Row[Any]:
    """A segment's row, with its run's id.

    Raises:
        StoreError: if the study has no such segment.
    """
    # By the run and the number that its id is made of, which have an index: the table may hold ten thousand.
    run_id, _, number = segment_id.rpartition("-s")
    query = _segments(scope).where(t.run.c.id == run_id, t.segment.c.id == segment_id)
    row = connection.execute(query).first() if number else None
    if row is None:
        raise StoreError(f"the study has no segment {segment_id!r}", where=scope.where)
    return row


def run_keys(connection: Connection, scope: Scope, segment_ids: Sequence[str]) -> dict[str, int]:
    """The key of each segment's run.

    Raises:
        StoreError: if the study has no such segment.
    """
    runs = {segment_id: segment_id.rpartition("-s")[0] for segment_id in segment_ids}
    query = select(t.run.c.id, t.run.c.pk).where(t.run.c.study == scope.study, t.run.c.id.in_(set(runs.values())))
    keys = {row.id: row.pk for row in connection.execute(query)}
    for segment_id, run_id in runs.items():
        if run_id not in keys:
            raise StoreError(f"the study has no segment {segment_id!r}", where=scope.where)
    return {segment_id: keys[run_id] for segment_id, run_id in runs.items()}


@names_damage
def segments(connection: Connection, scope: Scope, run_id: str | None = None) -> list[SegmentRecord]:
    """Segments of one run or of all, by run and number."""
    query = _segments(scope).order_by(t.run.c.number, t.segment.c.number)
    if run_id is not None:
        query = query.where(t.run.c.id == run_id)
    return [segment_record(row, scope) for row in connection.execute(query)]


def checkpoints(
    connection: Connection, scope: Scope, run_id: str | None, state: CheckpointState
) -> list[CheckpointRecord]:
    """Checkpoints in a state, by run and step."""
    query = (
        select(t.checkpoint, t.run.c.id.label("run_id"))
        .join(t.run, t.run.c.pk == t.checkpoint.c.run)
        .where(t.run.c.study == scope.study, t.checkpoint.c.state == state.value)
        .order_by(t.run.c.number, t.checkpoint.c.step)
    )
    if run_id is not None:
        query = query.where(t.run.c.id == run_id)
    return [
        CheckpointRecord(
            run_id=row.run_id,
            step=row.step,
            path=scope.text_to_path(row.path),
            bytes=row.bytes,
            state=CheckpointState(row.state),
            pinned=row.pinned,
            tier=CheckpointTier(row.tier),
        )
        for row in connection.execute(query)
    ]


@names_damage
def evaluations(connection: Connection, scope: Scope, *where: ColumnElement[bool]) -> list[tuple[str, Evaluation]]:
    """All in the order of their commit, or those of these conditions."""
    return [(row.run_id, evaluation_of(row)) for row in connection.execute(select_evaluations(scope).where(*where))]


def select_evaluations(scope: Scope) -> Select[Any]:
    """Rows for `evaluation_of`, in the order of their commit."""
    return (
        select(t.evaluation, t.run.c.id.label("run_id"), t.run.c.model, t.run.c.seed, t.configuration.c.content)
        .join(t.run, t.run.c.pk == t.evaluation.c.run)
        .join(t.configuration, t.configuration.c.pk == t.run.c.configuration)
        .where(t.run.c.study == scope.study)
        .order_by(t.evaluation.c.pk)
    )


def history(connection: Connection, scope: Scope) -> History:
    """See `StudyStore.history`."""
    done = tuple(e for _, e in evaluations(connection, scope) if e.phase in OPTIMIZED_PHASES)
    base = {s.model: s for s in scores(connection, scope) if s.run_id is None and s.split == "validation"}
    return History(
        evaluations=done,
        pending=_pending(connection, scope),
        base_scores={model: s.values["mean"] for model, s in base.items() if "mean" in s.values},
    )


@names_damage
def scores(connection: Connection, scope: Scope) -> list[ScoreRecord]:
    """Scores outside of training, oldest first."""
    query = (
        select(t.score, t.run.c.id.label("run_id"))
        .outerjoin(t.run, t.run.c.pk == t.score.c.run)
        .where(t.score.c.study == scope.study)
        .order_by(t.score.c.pk)
    )
    return [
        ScoreRecord(row.model, row.run_id, row.step, row.split, row.content, row.seconds)
        for row in connection.execute(query)
    ]


@names_damage
def decisions(connection: Connection, scope: Scope) -> list[DecisionRecord]:
    """The ledger, oldest line first."""
    query = select(t.decision).where(t.decision.c.study == scope.study).order_by(t.decision.c.pk)
    return [
        DecisionRecord(row.time, row.kind, row.subject, row.reason, row.content) for row in connection.execute(query)
    ]


def events(connection: Connection, scope: Scope) -> list[EventRecord]:
    """The log, oldest line first."""
    query = select(t.event).where(t.event.c.study == scope.study).order_by(t.event.c.pk)
    return [EventRecord(row.time, row.level, row.message) for row in connection.execute(query)]


def _segments(scope: Scope) -> Select[Any]:
    return (
        select(t.segment, t.run.c.id.label("run_id"))
        .join(t.run, t.run.c.pk == t.segment.c.run)
        .where(t.run.c.study == scope.study)
    )


@names_damage
def _pending(connection: Connection, scope: Scope) -> tuple[Proposal, ...]:
    query = select_proposals(scope).where(
        t.segment.c.state == SegmentState.RUNNING.value,
        t.segment.c.phase.in_([phase.value for phase in OPTIMIZED_PHASES]),
    )
    return tuple(proposal_of(row) for row in connection.execute(query))


def select_proposals(scope: Scope) -> Select[Any]:
    """Rows of segments for `proposal_of`, oldest first."""
    return (
        select(
            t.segment,
            t.run.c.id.label("run_id"),
            t.run.c.number.label("run_number"),
            t.run.c.model,
            t.run.c.seed,
            t.configuration.c.content,
        )
        .join(t.run, t.run.c.pk == t.segment.c.run)
        .join(t.configuration, t.configuration.c.pk == t.run.c.configuration)
        .where(t.run.c.study == scope.study)
        .order_by(t.segment.c.pk)
    )


def proposal_of(row: Row[Any]) -> Proposal:
    """The proposal that a segment was begun for."""
    return Proposal(
        configuration=configuration_of(row.content),
        fidelity=Fidelity(row.model, row.to_step),
        seed=row.seed,
        phase=Phase(row.phase),
        reason=row.reason,
        values=row.proposal_values,
    )


def evaluation_of(row: Row[Any]) -> Evaluation:
    """An evaluation from a row of `select_evaluations`."""
    return Evaluation(
        configuration=configuration_of(row.content),
        fidelity=Fidelity(row.model, row.step),
        seed=row.seed,
        phase=Phase(row.phase),
        score=row.score,
        cost=cost_of(row),
        stop=required_stop(row),
        steps_trained=row.steps_trained,
        last_score=row.last_score,
    )
