"""A study's rows as short lines, for a reader that keeps up with ten thousand of them: each row is read once.

What a page lists has no need of logs, of values that a rule saw, nor of anything else that makes a row long. As in
`rltune.store.news`, keys tell what is new, and what was still running when it was read last is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Label, case, func, literal_column, select

from rltune.store import schema as t
from rltune.store.damage import names_damage
from rltune.store.records import RequestState, SegmentState
from rltune.store.rows import configuration_of
from rltune.store.scope import Scope
from rltune.types import Configuration

RUNNING = literal_column(f"'{SegmentState.RUNNING.value}'")
"""Written out: with a bound value SQLite doesn't use the index of running segments."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run. `key` is its row's."""

    key: int
    id: str
    number: int
    configuration: Configuration
    model: str
    seed: int


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment of the run with the key `run`. Times in Unix seconds, None while it runs; `stop_kind` and what
    follows it likewise. `seconds`: training, validation and start together."""

    key: int
    run: int
    number: int
    phase: str
    from_step: int
    to_step: int
    started: float
    ended: float | None
    stop_kind: str | None
    stop_rule: str | None
    stop_step: int | None
    stop_reason: str | None
    train_seconds: float
    seconds: float
    retrained: int
    worker: str


@dataclass(frozen=True, slots=True)
class EvaluationLine:
    """One evaluation of the run with the key `run`, at `step`. `seconds`: of the run up to there."""

    key: int
    run: int
    step: int
    phase: str
    score: float | None
    last_score: float | None
    steps_trained: int
    seconds: float
    stop_kind: str
    stop_reason: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """Changes with whatever a study's records hold that a page shows; cheap to take.

    Attributes:
        seconds: wall clock spent. segment, evaluation, score, decision, event: keys of the newest, 0 without any.
        running: keys of the runs that are being trained, with the newest step that each has reported, by key.
        facts: how many there are. requests: the newest's number, and how many of all wait.
    """

    state: str
    phase: str
    seconds: float
    segment: int
    evaluation: int
    score: int
    decision: int
    event: int
    running: tuple[tuple[int, int], ...]
    facts: int
    requests: tuple[int, int] = (0, 0)


def pulse(connection: Connection, scope: Scope) -> Pulse:
    """The study's pulse. Of segments and evaluations the newest of the whole database, which has an index."""
    of_study = {
        table.name: select(func.coalesce(func.max(table.c.pk), 0))
        .where(table.c.study == scope.study)
        .scalar_subquery()
        .label(table.name)
        for table in (t.score, t.decision, t.event)
    }
    newest = {
        table.name: select(func.coalesce(func.max(table.c.pk), 0)).scalar_subquery().label(table.name)
        for table in (t.segment, t.evaluation)
    }
    facts = select(func.count()).where(t.fact.c.study == scope.study).scalar_subquery().label("facts")
    row = connection.execute(
        select(t.study.c.state, t.study.c.phase, t.study.c.seconds, *of_study.values(), *newest.values(), facts)
        .add_columns(*_asked(scope))
        .where(t.study.c.pk == scope.study)
    ).one()
    return Pulse(
        state=row.state,
        phase=row.phase,
        seconds=row.seconds,
        segment=row.segment,
        evaluation=row.evaluation,
        score=row.score,
        decision=row.decision,
        event=row.event,
        running=tuple(_flying(connection, scope)),
        facts=row.facts,
        requests=(row.newest or 0, row.waiting or 0),
    )


def _asked(scope: Scope) -> tuple[Label[int | None], Label[int | None]]:
    """The newest request's number, and how many wait."""
    r = t.request.c
    waits = case((r.state == RequestState.WAITING.value, 1), else_=0)
    return (
        select(func.max(r.number)).where(r.study == scope.study).scalar_subquery().label("newest"),
        select(func.sum(waits)).where(r.study == scope.study).scalar_subquery().label("waiting"),
    )


def _flying(connection: Connection, scope: Scope) -> Iterator[tuple[int, int]]:
    step = select(func.max(t.metric.c.step)).where(t.metric.c.run == t.segment.c.run).correlate(t.segment)
    query = (
        select(t.segment.c.run, func.coalesce(step.scalar_subquery(), 0))
        .join(t.run, t.run.c.pk == t.segment.c.run)
        .where(t.segment.c.state == RUNNING, t.run.c.study == scope.study)
        .order_by(t.segment.c.run)
    )
    return ((run, step) for run, step in connection.execute(query))


@names_damage
def run_lines(connection: Connection, scope: Scope, after: int = 0) -> list[RunLine]:
    """Runs with a key beyond `after`, by key."""
    query = (
        select(t.run.c.pk, t.run.c.id, t.run.c.number, t.configuration.c.content, t.run.c.model, t.run.c.seed)
        .join(t.configuration, t.configuration.c.pk == t.run.c.configuration)
        .where(t.run.c.study == scope.study, t.run.c.pk > after)
        .order_by(t.run.c.pk)
    )
    return [
        RunLine(key, name, number, configuration_of(content), model, seed)
        for key, name, number, content, model, seed in connection.execute(query)
    ]


@names_damage
def segment_lines(
    connection: Connection, scope: Scope, after: int = 0, again: Collection[int] = ()
) -> list[SegmentLine]:
    """Segments with a key beyond `after`, and those with the keys `again`, by key."""
    s = t.segment.c
    query = (
        select(s.pk, s.run, s.number, s.phase, s.from_step, s.to_step, s.started, s.ended)
        .add_columns(s.stop_kind, s.stop_rule, s.stop_step, s.stop_reason)
        .add_columns(
            s.train_seconds,
            s.train_seconds + s.validate_seconds + s.start_seconds,
            s.retrained,
            func.coalesce(s.worker, ""),
        )
        .join(t.run, t.run.c.pk == s.run)
        .where(t.run.c.study == scope.study, (s.pk > after) | s.pk.in_(sorted(again)))
        .order_by(s.pk)
    )
    return [SegmentLine(*row) for row in connection.execute(query)]


@names_damage
def evaluation_lines(connection: Connection, scope: Scope, since: int = 0) -> list[EvaluationLine]:
    """Evaluations with the key `since` and beyond, by key: the order of their commit. The one at `since` may be another
    than before: if it was replaced, its successor may have been given its key."""
    e = t.evaluation.c
    query = (
        select(e.pk, e.run, e.step, e.phase, e.score, e.last_score, e.steps_trained)
        .add_columns(e.train_seconds + e.validate_seconds + e.start_seconds, e.stop_kind, e.stop_reason)
        .join(t.run, t.run.c.pk == e.run)
        .where(t.run.c.study == scope.study, e.pk >= since)
        .order_by(e.pk)
    )
    return [EvaluationLine(*row) for row in connection.execute(query)]
