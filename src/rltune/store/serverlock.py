"""A study's lock on a PostgreSQL server: an advisory lock of a connection that is kept open for it.

The server gives it back when the connection ends, and itself knows who holds it: the connection's name says which
process. A connection pooler in between must be in session mode.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from sqlalchemy import Connection, text

from rltune.store.engine import Access, Location, open_engine
from rltune.store.failures import store_errors
from rltune.store.holder import Holder

_KEEPALIVE = (
    # so that a server notices within a minute that a controller's machine has vanished
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)

_HOLDER = text("""
    SELECT a.application_name, a.pid, extract(epoch FROM a.backend_start)
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.classid::bigint = :high AND l.objid::bigint = :low
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def take(place: Location, name: str, me: Holder) -> Callable[[], None] | None:
    """Takes the lock and returns how to release it, or None if another holds it.

    Raises:
        StoreError: if the server can't be reached.
    """
    with store_errors(place.shown):
        connection = _connect(place)
        title = f"rltune {me.pid}@{me.host}"[:63]  # longer names are cut by the server, with a warning
        connection.execute(text("SELECT set_config('application_name', :title, false)"), {"title": title})
        for setting in _KEEPALIVE:
            connection.execute(text(setting))
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}).scalar():
            return lambda: _disconnect(connection)
        _disconnect(connection)
        return None


def holder(place: Location, name: str) -> Holder | None:
    """Who holds the lock, or None.

    Raises:
        StoreError: if the server can't be reached.
    """
    key = _key(name)
    with store_errors(place.shown):
        connection = _connect(place)
        try:
            row = connection.execute(_HOLDER, {"high": key >> 32, "low": key & 0xFFFFFFFF}).first()
        finally:
            _disconnect(connection)
    if row is None:
        return None
    title, backend, since = row
    known = re.fullmatch(r"rltune (\d+)@(.+)", title or "")
    if known is None:  # another user's connection: the server shows neither its name nor its start
        return Holder(backend, "the database server", float(since or 0.0))
    return Holder(int(known[1]), known[2], float(since))


def _connect(place: Location) -> Connection:
    return open_engine(place, Access.WRITE).connect().execution_options(isolation_level="AUTOCOMMIT")


def _disconnect(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()


def _key(name: str) -> int:
    """A key of 63 bits for a study's name, apart from other programs' locks in the same database."""
    return int.from_bytes(hashlib.blake2b(f"rltune study {name}".encode(), digest_size=8).digest()) >> 1
