"""Which configurations were evaluated on the target and on another model too: what transfer is told from."""

from __future__ import annotations

import sys

from sqlalchemy import ColumnElement, Connection, Select, distinct, func, select

from rltune.store import reading
from rltune.store import schema as t
from rltune.store.records import Paired
from rltune.store.scope import Scope
from rltune.types import Phase

_LARGEST = sys.float_info.max


def paired(connection: Connection, scope: Scope, target: str, horizon: int) -> Paired:
    """See `StudyStore.paired`."""
    keys = t.run.c.configuration
    on_target, elsewhere = (
        _not_final(scope, keys, where) for where in (t.run.c.model == target, t.run.c.model != target)
    )
    scored = _not_final(
        scope,
        func.count(distinct(t.configuration.c.id)),
        t.run.c.model == target,
        t.evaluation.c.step == horizon,
        t.evaluation.c.score.between(-_LARGEST, _LARGEST),
    ).join(t.configuration, t.configuration.c.pk == keys)
    return Paired(
        evaluations=tuple(reading.evaluations(connection, scope, keys.in_(on_target), keys.in_(elsewhere))),
        scored=int(connection.execute(scored).scalar_one()),
    )


def _not_final(scope: Scope, column: ColumnElement, *where: ColumnElement[bool]) -> Select:
    """A column of the runs that have evaluations of these conditions, final ones left out."""
    return (
        select(column)
        .select_from(t.evaluation)
        .join(t.run, t.run.c.pk == t.evaluation.c.run)
        .where(t.run.c.study == scope.study, t.evaluation.c.phase != Phase.FINAL.value, *where)
    )
