"""A study's lease in the database, as a row: taking it, renewing it, giving it back. Each function is one statement or
two inside a transaction that its caller has opened.

Each new controller gets the next `token`. Whoever writes with an older one is refused (`fence`), so that a controller
which comes back from a long freeze, or from a lost network, can't write over its successor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, text, update

from rltune.clock import Clock
from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store.holder import Holder
from rltune.store.process import is_dead


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds: between two heartbeats, that a lease lasts after one, and that an old one is watched before it is taken.

    Raises:
        ValueError: if a living holder could be taken for dead.
    """

    beat: float = 5.0
    lease: float = 30.0
    watch: float = 12.0

    def __post_init__(self) -> None:
        if not 0 < 2 * self.beat < min(self.lease, self.watch):
            raise ValueError(f"lease and watch must be longer than two heartbeats: {self}")


TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as it was seen. `age`: seconds since it was renewed, by the database's clock (which may have jumped)."""

    token: int
    holder: Holder
    process: str
    renewed: float
    age: float

    @property
    def beat(self) -> tuple[int, float]:
        """Changes with each renewal."""
        return self.token, self.renewed


def look(connection: Connection, study: int, clock: Clock) -> Seen | None:
    """The study's lease, or None if nobody holds it."""
    row = connection.execute(select(t.controller).where(t.controller.c.study == study)).first()
    if row is None or not row.holder:
        return None
    if is_dead(row.holder, here=connection.dialect.name == "sqlite"):
        return None
    return _seen(row, _now(connection, clock))


def take(connection: Connection, study: int, process: str, me: Holder, clock: Clock) -> int:
    """Makes `process` the study's controller, whoever was before, and returns its token."""
    last = connection.execute(select(t.controller.c.token).where(t.controller.c.study == study)).scalar()
    now, token = _now(connection, clock), (last or 0) + 1
    values = {"token": token, "holder": process, "host": me.host, "pid": me.pid, "acquired": now, "renewed": now}
    if last is None:
        connection.execute(t.controller.insert().values(study=study, **values))
    else:
        connection.execute(update(t.controller).where(t.controller.c.study == study).values(**values, written=None))
    return token


def renew(connection: Connection, study: int, token: int, clock: Clock) -> bool:
    """Says that the holder of `token` lives. False: it isn't the study's controller any more."""
    return _change(connection, study, token, renewed=_now(connection, clock))


def give_back(connection: Connection, study: int, token: int) -> None:
    """Lets go, if `token` still holds the study."""
    _change(connection, study, token, holder="")


def dismiss(connection: Connection, study: int, token: int) -> None:
    """Takes the study from the holder of `token`, who is gone: should it come back, it can't write any more."""
    this = (t.controller.c.study == study, t.controller.c.token == token)
    connection.execute(update(t.controller).where(*this).values(token=token + 1, holder="", written=None))


def fence(connection: Connection, study: int, token: int, mark: str, where: str) -> None:
    """Makes sure, until the transaction ends, that `token` is the study's newest, and leaves `mark` in it.

    Raises:
        StoreError: if another controller has taken over.
    """
    if _change(connection, study, token, written=mark):
        return
    row = connection.execute(select(t.controller).where(t.controller.c.study == study)).first()
    after = Holder(row.pid, row.host, row.acquired) if row is not None else "nobody"
    raise StoreError(
        f"this process has lost the study: it was not heard of for too long, and it was taken over by {after}",
        where=where,
        hint="nothing of it was overwritten; what this process still had in flight is trained again",
    )


def went_through(connection: Connection, study: int, token: int, mark: str) -> bool:
    """Whether the writing transaction that left `mark`, the newest of its controller, was committed."""
    this = (t.controller.c.study == study, t.controller.c.token == token, t.controller.c.written == mark)
    return connection.execute(select(t.controller.c.study).where(*this)).first() is not None


def _change(connection: Connection, study: int, token: int, **values: object) -> bool:
    this = (t.controller.c.study == study, t.controller.c.token == token)
    return connection.execute(update(t.controller).where(*this).values(**values)).rowcount == 1


def _seen(row: Row[Any], now: float) -> Seen:
    return Seen(row.token, Holder(row.pid, row.host, row.acquired), row.holder, row.renewed, now - row.renewed)


def _now(connection: Connection, clock: Clock) -> float:
    """One clock for all controllers of a study: the server's. An SQLite file has those of one machine only."""
    if connection.dialect.name != "postgresql":
        return clock.now()
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
