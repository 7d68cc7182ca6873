"""Requests of people: rows that others than the controller add, and that it answers.

Every function works inside a transaction that its caller has opened; those that write hold the study, so that numbers
are given one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store import writing
from rltune.store.damage import names_damage
from rltune.store.records import RequestRecord, RequestState
from rltune.store.scope import Scope


def add(
    connection: Connection, scope: Scope, kind: str, values: Mapping[str, object], by: str, now: float
) -> RequestRecord:
    """Adds a request, with the next number of the study."""
    last = connection.execute(select(func.max(t.request.c.number)).where(t.request.c.study == scope.study)).scalar()
    number, waits = (last or 0) + 1, RequestState.WAITING.value
    row = {"study": scope.study, "number": number, "time": now, "kind": kind, "author": by, "state": waits}
    connection.execute(t.request.insert().values(**row, content=values, answer=""))
    return _found(connection, scope, number)


@names_damage
def read(connection: Connection, scope: Scope, state: RequestState | None) -> list[RequestRecord]:
    """Requests in the order in which they were made; of one state, or all."""
    query = select(t.request).where(t.request.c.study == scope.study).order_by(t.request.c.number)
    if state is not None:
        query = query.where(t.request.c.state == state.value)
    return [_record(row) for row in connection.execute(query)]


def answer(
    connection: Connection,
    scope: Scope,
    number: int,
    state: RequestState,
    text: str,
    subject: str,
    facts: Mapping[str, object],
    now: float,
) -> bool:
    """As `rltune.store.base.StudyStore.answer_request`."""
    if state is RequestState.WAITING:
        raise ValueError("a request is answered by being done or refused")
    asked = _found(connection, scope, number)
    this = (t.request.c.study == scope.study, t.request.c.number == number)
    still = update(t.request).where(*this, t.request.c.state == RequestState.WAITING.value)
    if connection.execute(still.values(state=state.value, answer=text, answered=now)).rowcount == 0:
        return False
    for name, value in facts.items():
        writing.fact(connection, scope, name, value)
    inputs = {**asked.values, "by": asked.by, "request": number, "asked": asked.time, "state": state.value}
    writing.decision(connection, scope, asked.kind, subject, text, inputs, now)
    return True


def _found(connection: Connection, scope: Scope, number: int) -> RequestRecord:
    query = select(t.request).where(t.request.c.study == scope.study, t.request.c.number == number)
    row = connection.execute(query).first()
    if row is None:
        raise StoreError(f"the study has no request {number}", where=scope.where)
    return _record(row)


def _record(row: Row[Any]) -> RequestRecord:
    return RequestRecord(
        id=row.number,
        time=row.time,
        kind=row.kind,
        values=row.content,
        by=row.author,
        state=RequestState(row.state),
        answer=row.answer,
        answered=row.answered,
    )
