"""Pages of long tables, cut, searched and counted by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, func, or_, select, type_coerce

from rltune.store import schema as t
from rltune.store.damage import names_damage
from rltune.store.records import CheckpointRecord, CheckpointState, CheckpointTier, DecisionRecord, EventRecord
from rltune.store.scope import Scope


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Lines of the ledger, newest first. `total`: all there are, `matching`: of the search; `kinds`: name -> count."""

    total: int
    matching: int
    kinds: Mapping[str, int]
    rows: tuple[DecisionRecord, ...]


def newest_events(connection: Connection, scope: Scope, most: int) -> list[EventRecord]:
    """The newest events, the newest first."""
    query = select(t.event).where(t.event.c.study == scope.study).order_by(t.event.c.pk.desc()).limit(most)
    return [EventRecord(row.time, row.level, row.message) for row in connection.execute(query)]


@names_damage
def ledger_page(
    connection: Connection, scope: Scope, kind: str = "", words: Sequence[str] = (), offset: int = 0, limit: int = 100
) -> LedgerPage:
    """A page of the ledger.

    Args:
        kind: only lines of this kind; empty: all. words: only lines that hold each of them, in whatever case.
    """
    d = t.decision.c
    of_study = d.study == scope.study
    where: list[ColumnElement[bool]] = [of_study]
    if kind:
        where.append(d.kind == kind)
    where += [
        or_(
            *(
                column.icontains(word, autoescape=True)
                for column in (d.kind, d.subject, d.reason, type_coerce(d.content, Text))
            )
        )
        for word in words
    ]
    counts = connection.execute(select(d.kind, func.count()).where(of_study).group_by(d.kind).order_by(d.kind))
    kinds = {name: int(count) for name, count in counts}
    matching = int(connection.execute(select(func.count()).where(*where)).scalar_one())
    rows = connection.execute(select(t.decision).where(*where).order_by(d.pk.desc()).offset(offset).limit(limit))
    return LedgerPage(sum(kinds.values()), matching, kinds, tuple(_decision(row) for row in rows))


@names_damage
def decisions_about(connection: Connection, scope: Scope, subjects: Sequence[str]) -> list[DecisionRecord]:
    """Lines of the ledger with one of these subjects, oldest first."""
    d = t.decision.c
    query = select(t.decision).where(d.study == scope.study, d.subject.in_(list(subjects))).order_by(d.pk)
    return [_decision(row) for row in connection.execute(query)]


def checkpoint_bytes(connection: Connection, scope: Scope) -> int:
    """Bytes of all checkpoints that are there."""
    query = (
        select(func.coalesce(func.sum(t.checkpoint.c.bytes), 0))
        .join(t.run, t.run.c.pk == t.checkpoint.c.run)
        .where(t.run.c.study == scope.study, t.checkpoint.c.state == CheckpointState.COMPLETE.value)
    )
    return int(connection.execute(query).scalar_one())


def all_checkpoints(connection: Connection, scope: Scope, run: int) -> list[CheckpointRecord]:
    """Checkpoints of the run with this key in whatever state, by step. Their paths are as recorded: of those in the
    study's folder, relative to it."""
    query = select(t.checkpoint, t.run.c.id).join(t.run, t.run.c.pk == t.checkpoint.c.run)
    query = query.where(t.checkpoint.c.run == run).order_by(t.checkpoint.c.step)
    return [
        CheckpointRecord(
            run_id=row.id,
            step=row.step,
            path=row.path,
            bytes=row.bytes,
            state=CheckpointState(row.state),
            pinned=row.pinned,
            tier=CheckpointTier(row.tier),
        )
        for row in connection.execute(query)
    ]


def _decision(row: Row[Any]) -> DecisionRecord:
    return DecisionRecord(row.time, row.kind, row.subject, row.reason, row.content)
