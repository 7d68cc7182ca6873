"""What a study adds up to, added up by the database: no row of a segment or an evaluation leaves it for this."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, and_, case, distinct, func, or_, select

from rltune.store import schema as t
from rltune.store.damage import names_damage
from rltune.store.records import SegmentState, Totals
from rltune.store.scope import Scope
from rltune.types import SAYS_NOTHING, Phase

_S, _R = t.segment.c, t.run.c
_NOTHING = [kind.value for kind in SAYS_NOTHING]
_ENDED = _S.stop_kind.is_not(None)
_SECONDS = _S.train_seconds + _S.validate_seconds + _S.start_seconds
_TRAINED = case((and_(_ENDED, _S.stop_step > _S.from_step), _S.stop_step - _S.from_step), else_=0)
"""Steps that a segment has trained; those of one that still runs are in its run's curve only."""


@names_damage
def totals(connection: Connection, scope: Scope, target: str | None, horizon: int | None) -> Totals:
    """Adds up a study whose target is trained to step `horizon` at most (None: not known yet)."""
    search = and_(_S.phase == Phase.SEARCH.value, _S.state == SegmentState.ENDED.value)
    work = connection.execute(
        _of_study(
            scope,
            _sum(_TRAINED),
            _sum(_S.retrained),
            _sum(case((and_(search, _ENDED, _S.stop_kind.not_in(_NOTHING)), 1), else_=0)),
            _sum(case((search, _SECONDS), else_=0.0)),
            _sum(_S.train_seconds),
            _sum(_S.validate_seconds),
            _sum(_S.start_seconds),
        )
    ).one()
    configurations, moved_up = _configurations(connection, scope)
    promotions, exact, saved, recoveries = _continuations(connection, scope)
    return Totals(
        configurations=configurations,
        moved_up=moved_up,
        evaluations=_evaluations(connection, scope),
        promotions=promotions,
        promotions_exact=exact,
        steps_saved=saved,
        recoveries=recoveries,
        steps_trained=int(work[0]),
        steps_retrained=int(work[1]),
        steps_retrained_for_room=_for_room(connection, scope),
        checkpoints_deleted=_decisions(connection, scope, "delete"),
        trials=int(work[2]),
        search_seconds=float(work[3]),
        full_runs=_full_runs(connection, scope, target, horizon),
        train_seconds=float(work[4]),
        validate_seconds=float(work[5]),
        start_seconds=float(work[6]),
    )


def _sum(of: ColumnElement) -> ColumnElement:
    """0 where there are no rows."""
    return func.coalesce(func.sum(of), 0)


def _of_study(scope: Scope, *columns: ColumnElement) -> Select:
    return select(*columns).select_from(t.segment).join(t.run, _R.pk == _S.run).where(_R.study == scope.study)


def _configurations(connection: Connection, scope: Scope) -> tuple[int, int]:
    """(distinct configurations, further models that they were trained on)."""
    models = (
        select(t.configuration.c.id, func.count(distinct(_R.model)).label("models"))
        .join(t.run, _R.configuration == t.configuration.c.pk)
        .where(_R.study == scope.study)
        .group_by(t.configuration.c.id)
        .subquery()
    )
    count, pairs = connection.execute(select(func.count(), _sum(models.c.models)).select_from(models)).one()
    return int(count), int(pairs) - int(count)


def _evaluations(connection: Connection, scope: Scope) -> dict[tuple[str, int], int]:
    query = (
        select(_R.model, t.evaluation.c.step, func.count())
        .join(t.run, _R.pk == t.evaluation.c.run)
        .where(_R.study == scope.study)
        .group_by(_R.model, t.evaluation.c.step)
    )
    return {(model, step): int(count) for model, step, count in connection.execute(query)}


def _continuations(connection: Connection, scope: Scope) -> tuple[int, int, int, int]:
    """(promotions, those that repeated no step, steps that they didn't begin with, recoveries)."""
    order = {"partition_by": _S.run, "order_by": (_S.started, _S.number)}
    each = _of_study(
        scope,
        _S.from_step,
        _S.retrained,
        func.lag(_S.stop_kind).over(**order).label("before"),
        func.lag(_S.state).over(**order).label("state_before"),
    ).subquery()
    broken = case((or_(each.c.before.in_(_NOTHING), each.c.state_before == SegmentState.RUNNING.value), 1), else_=0)
    query = select(
        _sum(1 - broken),
        _sum(case((and_(broken == 0, each.c.retrained == 0), 1), else_=0)),
        _sum(each.c.from_step * (1 - broken)),
        _sum(broken),
    ).where(each.c.from_step > 0)
    promotions, exact, saved, recoveries = connection.execute(query).one()
    return int(promotions), int(exact), int(saved), int(recoveries)


def _for_room(connection: Connection, scope: Scope) -> int:
    """Steps that were in a checkpoint which was deleted: as far as their segment has trained them again by now."""
    query = select(t.decision.c.content).where(t.decision.c.study == scope.study, t.decision.c.kind == "retrain")
    lines = [row.content for row in connection.execute(query)]
    if not lines:
        return 0
    again = {row.id: row.retrained for row in connection.execute(_of_study(scope, _S.id, _S.retrained))}
    return sum(min(int(str(line["steps"])), again.get(str(line["segment"]), 0)) for line in lines)


def _decisions(connection: Connection, scope: Scope, kind: str) -> int:
    query = select(func.count()).where(t.decision.c.study == scope.study, t.decision.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def _full_runs(connection: Connection, scope: Scope, target: str | None, horizon: int | None) -> tuple[float, ...]:
    """Seconds of each target run that was trained to the horizon, by run; never more steps than the horizon has."""
    if target is None or horizon is None:
        return ()
    query = (
        _of_study(scope, _sum(_TRAINED), _sum(_SECONDS))
        .where(_R.model == target, _ENDED)
        .group_by(_R.pk, _R.number)
        .having(and_(func.max(_S.to_step) >= horizon, func.max(_S.stop_step) >= horizon))
        .order_by(_R.number)
    )
    rows = [(int(steps), float(seconds)) for steps, seconds in connection.execute(query)]
    return tuple(seconds * min(1.0, horizon / steps) if steps else seconds for steps, seconds in rows)
