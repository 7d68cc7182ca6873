"""Where a study stands: the few rows that a status names, and the sums of all others."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from rltune.store import metrics, reading
from rltune.store import schema as t
from rltune.store.damage import names_damage
from rltune.store.records import Outline, SegmentState, TrialRecord
from rltune.store.rows import stop_columns, stop_of
from rltune.store.scope import Scope
from rltune.store.totals import totals
from rltune.types import Configuration, Evaluation, Phase, StopKind

_LARGEST = sys.float_info.max


@names_damage
def outline(
    connection: Connection,
    scope: Scope,
    target: str | None,
    horizon: int | None,
    configurations: Sequence[Configuration],
) -> Outline:
    """See `StudyStore.outline`."""
    trials = _trials(connection, scope)
    scores = reading.scores(connection, scope)
    return Outline(
        totals=totals(connection, scope, target, horizon),
        trials=tuple(trials),
        evaluations=tuple(_evaluations(connection, scope, configurations)),
        scores=tuple(scores),
        runs=tuple(reading.runs(connection, scope, t.run.c.pk.in_(select(t.score.c.run)))),
        curves={run: tuple(curve) for run, curve in metrics.curves(connection, scope, flying=True).items()},
    )


def _trials(connection: Connection, scope: Scope) -> list[TrialRecord]:
    s = t.segment.c
    query = (
        select(s.phase, s.from_step, s.to_step, s.log_tail, s.worker, *stop_columns(t.segment))
        .add_columns(t.run.c.id, t.run.c.number, t.run.c.model, t.configuration.c.id.label("configuration"))
        .join(t.run, t.run.c.pk == s.run)
        .join(t.configuration, t.configuration.c.pk == t.run.c.configuration)
        .where(t.run.c.study == scope.study)
        .where(or_(s.state == SegmentState.RUNNING.value, s.stop_kind != StopKind.REACHED.value))
        .order_by(s.started, t.run.c.number, s.number)
    )
    return [
        TrialRecord(
            run_id=row.id,
            run_number=row.number,
            configuration=row.configuration,
            model=row.model,
            phase=Phase(row.phase),
            from_step=row.from_step,
            to_step=row.to_step,
            stop=stop_of(row),
            log_tail=row.log_tail,
            worker=row.worker or "",
        )
        for row in connection.execute(query)
    ]


def _evaluations(
    connection: Connection, scope: Scope, configurations: Sequence[Configuration]
) -> list[tuple[str, Evaluation]]:
    score = t.evaluation.c.score
    of_search = and_(t.evaluation.c.phase != Phase.FINAL.value, score.between(-_LARGEST, _LARGEST))
    best = (
        select(t.run.c.model, func.max(score).label("score"))
        .select_from(t.evaluation)
        .join(t.run, t.run.c.pk == t.evaluation.c.run)
        .where(t.run.c.study == scope.study, of_search)
        .group_by(t.run.c.model)
    )
    wanted: list[ColumnElement[bool]] = [
        and_(of_search, t.run.c.model == row.model, score == row.score) for row in connection.execute(best)
    ]
    wanted.append(t.configuration.c.content.in_([configuration.json() for configuration in configurations]))
    return reading.evaluations(connection, scope, or_(*wanted))
