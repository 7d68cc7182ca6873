"""Stores of earlier versions: upgraded where they are by whoever may write, or in memory by whoever only reads.

A controller upgrades when it opens the store: in one transaction, with everybody else kept out, after a copy of the
SQLite file was put beside it, and never under another controller that is still at work.
An observer changes nothing, so it reads an upgraded copy of an SQLite file in memory: `rltune status` and `rltune
report` go on working for studies of years ago, in folders that nobody may write to. A server's tables can't be copied
like that, and are others' too: there it says that they must be upgraded first.
"""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, select, text

from rltune.clock import Clock, SystemClock
from rltune.errors import StoreError
from rltune.store import lease, legacy
from rltune.store import schema as t
from rltune.store.engine import WRITES, Access, Location, memory_engine, open_engine, sqlite_uri
from rltune.store.failures import store_errors
from rltune.store.schema import SCHEMA_VERSION
from rltune.store.version import found_version, hold_schema, schema_of

LEASES_SINCE = 2
"""Version from which on controllers hold leases."""


def upgrade(place: Location, clock: Clock | None = None) -> int | None:
    """Brings a store to this rltune's version; returns the one that it had if it was older, else None.

    A server's database without rltune's tables is left alone.

    Raises:
        StoreError: if a controller runs a study in it, or its version is newer, or it can't be written.
    """
    if _version(place) in (SCHEMA_VERSION, None):
        return None
    engine = open_engine(place, Access.UPGRADE)
    try:
        with store_errors(place.shown), engine.execution_options(**{WRITES: True}).begin() as connection:
            hold_schema(connection)
            found = found_version(connection, place.shown)
            if found == SCHEMA_VERSION:
                return None  # another one came first
            _refuse_controllers(connection, place, found, clock or SystemClock())
            kept = None if place.folder is None else _keep_copy(place.database, found)
            _migrate(connection, found)
            _note(connection, found, kept, (clock or SystemClock()).now())
            _check_keys(connection, place)
            return found
    finally:
        engine.dispose()


def reader(place: Location) -> Engine:
    """An engine that only reads; an SQLite file of an earlier version is read through an upgraded copy in memory.

    Raises:
        StoreError: if the store can't be read.
    """
    if place.folder is None or not place.database.is_file() or _version(place) in (SCHEMA_VERSION, None):
        return open_engine(place, Access.READ)
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with closing(sqlite3.connect(sqlite_uri(place.database, Access.READ), uri=True)) as source:
        source.backup(memory)
    engine = memory_engine(memory)
    with store_errors(place.shown), engine.begin() as connection:
        _migrate(connection, found_version(connection, place.shown))
    return engine


def is_made(place: Location) -> bool:
    """Whether a server's database has rltune's tables.

    Raises:
        StoreError: if it can't be read.
    """
    return _version(place) is not None


def _version(place: Location) -> int | None:
    """The store's version; None: a server's database without rltune's tables."""
    engine = open_engine(place, Access.READ)
    try:
        with store_errors(place.shown), engine.begin() as connection:
            if place.folder is None and not _has_tables(connection):
                return None
            return found_version(connection, place.shown)
    finally:
        engine.dispose()


def _has_tables(connection: Connection) -> bool:
    found = connection.execute(text("SELECT to_regclass(:name)"), {"name": f"{schema_of(connection)}.{t.version.name}"})
    return found.scalar() is not None


def _migrate(connection: Connection, found: int) -> None:
    # Alembic costs a third of a second, and hardly any opening of a store needs it.
    importlib.import_module("rltune.store.migrations.run").migrate(connection, found, schema_of(connection))


def _refuse_controllers(connection: Connection, place: Location, found: int, clock: Clock) -> None:
    for key, name in connection.execute(select(t.study.c.pk, t.study.c.name)).all():
        if found < LEASES_SINCE:
            run = legacy.is_run(connection, place, name)
        else:
            seen = lease.look(connection, key, clock)
            run = seen is not None and abs(seen.age) < lease.TERMS.lease
            if seen is not None and not run:  # of a machine that is gone: nobody else can know
                lease.dismiss(connection, key, seen.token)
        if run:
            raise StoreError(
                f"the store has schema version {found} and must be upgraded to {SCHEMA_VERSION}, but its study "
                f"{name!r} is being run",
                where=place.shown,
                hint="wait for its end, or stop it (Ctrl-C) and resume it with this rltune",
            )


def _keep_copy(database: Path, found: int) -> Path:
    """Copies what is committed to `study.v1.db` (or whatever its version is), whole or not at all."""
    kept = database.with_name(f"{database.stem}.v{found}{database.suffix}")
    half = kept.with_name(f"{kept.name}.part")
    try:
        half.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(sqlite_uri(database, Access.READ), uri=True)) as source,
            closing(sqlite3.connect(half)) as copy,
        ):
            source.backup(copy)
        half.replace(kept)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"the store must be upgraded, but no copy of it can be kept: {error}",
            where=str(kept),
            hint="free some space there; nothing was changed",
        ) from error
    return kept


def _note(connection: Connection, found: int, kept: Path | None, now: float) -> None:
    copy = f"; the former one was kept as {kept.name}" if kept else ""
    message = f"the store was upgraded from schema version {found} to {SCHEMA_VERSION}{copy}"
    for key in connection.execute(select(t.study.c.pk)).scalars().all():
        connection.execute(t.event.insert().values(study=key, time=now, level="info", message=message))


def _check_keys(connection: Connection, place: Location) -> None:
    """SQLite has let references point nowhere meanwhile: they must not at the end."""
    if place.folder is not None and (broken := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise StoreError(
            f"the upgrade would lose rows that table {broken[0]} refers to",
            where=place.shown,
            hint="nothing was changed; please report this",
        )
