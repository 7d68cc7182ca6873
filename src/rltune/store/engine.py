"""Where a store lives, and how its database is opened.

A location is a folder (its SQLite file is `<folder>/study.db`) or a PostgreSQL URL. Neither a message nor a record
ever shows a URL's password: `Location.shown` is what people see.

SQLite: WAL, so that readers never wait for the writer nor it for them. `synchronous=FULL`, because in WAL mode NORMAL
doesn't sync at commit: it survives a kill, but a power cut may take back evaluations that decisions were based on.
The sync costs 0.2 ms on an SSD and some 10 ms on a hard disk, once a training step. Writers begin with BEGIN
IMMEDIATE: a transaction that only finds out at its first write that another one came first can't be retried by
SQLite.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from rltune.errors import StoreError
from rltune.redaction import hide_passwords as hide_secrets
from rltune.store.schema import POSTGRES_SCHEMA

DATABASE_FILE = "study.db"
BUSY_SECONDS = 30.0
"""How long a writer waits for another one before it gives up."""

SILENT_SECONDS = 30
"""After so long a server ends a transaction whose program says nothing (frozen, or its machine gone): until then its
locks keep a successor waiting."""

WRITES = "rltune_writes"
"""Execution option of connections whose transactions write."""

_POSTGRES_FORM = "postgresql+psycopg://USER@HOST/DATABASE"


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed location: either `folder` (absolute) or `url` is set. `shown` is safe to print."""

    folder: Path | None
    url: URL | None
    shown: str

    @property
    def database(self) -> Path:
        """The SQLite file.

        Raises:
            StoreError: if the location is a server.
        """
        if self.folder is None:
            raise StoreError("a folder was expected, not a database server", where=self.shown)
        return self.folder / DATABASE_FILE


def parse_location(location: str | Path) -> Location:
    """Tells a folder from a PostgreSQL URL.

    Raises:
        StoreError: if it is a URL of another kind, or an impossible one.
    """
    given = str(location)
    if "://" not in given:
        folder = Path(given).expanduser().absolute()
        return Location(folder=folder, url=None, shown=given)
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        # `from None`: the cause's message may hold the password
        raise StoreError(
            "this isn't a database URL", where=hide_secrets(given), hint=f"write {_POSTGRES_FORM}"
        ) from None
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise StoreError(
            f"a store is a folder or a PostgreSQL database, not {url.drivername}",
            where=hide_secrets(given),
            hint=f"write a folder's path, or {_POSTGRES_FORM}",
        )
    url = url.set(drivername="postgresql+psycopg")
    return Location(folder=None, url=url, shown=hide_secrets(url.render_as_string(hide_password=True)))


def without_secrets(value: object) -> object:
    """A copy of nested mappings and sequences whose strings hold no passwords of URLs."""
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return value


class Access(Enum):
    """What a connection may do."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"
    UPGRADE = "upgrade"  # as WRITE; SQLite changes some tables by copying them, and must let others point nowhere then

    @property
    def mode(self) -> str:
        """For SQLite's URI."""
        return "rw" if self is Access.UPGRADE else self.value


def open_engine(location: Location, access: Access) -> Engine:
    """An engine for a location; connects to nothing yet.

    Raises:
        StoreError: if PostgreSQL's driver isn't installed.
    """
    if location.url is None:
        return _sqlite(location.database, access)
    read_only = access is Access.READ
    try:
        engine = create_engine(
            location.url,
            pool_pre_ping=True,  # a server that was restarted while a trial ran is no error
            hide_parameters=True,
            # Several SELECTs of one reading must see one state, as they do in SQLite.
            isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
            connect_args=_connect_args(location.url, read_only),
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL's driver psycopg isn't installed",
            where=location.shown,
            hint="pip install 'rltune[postgres]'",
        ) from error
    return engine.execution_options(schema_translate_map={None: POSTGRES_SCHEMA})


def _connect_args(url: URL, read_only: bool) -> dict[str, str | int]:
    """What psycopg is told beside the URL: neither side waits for ever for a machine that has vanished."""
    settings = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
    if read_only:
        settings["default_transaction_read_only"] = "on"
    else:
        settings["idle_in_transaction_session_timeout"] = f"{SILENT_SECONDS}s"
    given = url.query.get("options", "")
    own = [f"-c {name}={value}" for name, value in settings.items()]
    return {
        "options": " ".join([*own, given if isinstance(given, str) else " ".join(given)]).strip(),
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }


def _sqlite(file: Path, access: Access) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            sqlite_uri(file, access),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions begin where `begin` says, never by themselves
            check_same_thread=False,  # the pool gives a connection to one thread at a time
        )
        # A database may come from somebody else: what its schema (views, triggers) calls must be harmless by itself.
        connection.execute("PRAGMA trusted_schema = OFF").close()
        if access is not Access.READ:
            keys = "OFF" if access is Access.UPGRADE else "ON"
            for pragma in ("journal_mode = WAL", "synchronous = FULL", f"foreign_keys = {keys}"):
                connection.execute(f"PRAGMA {pragma}").close()
        return connection

    # A reader connects anew for each reading: how it must open the file can change while it looks on.
    pool = NullPool if access is Access.READ else QueuePool
    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=pool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def memory_engine(database: sqlite3.Connection) -> Engine:
    """An engine on one SQLite connection, to a database in memory (`isolation_level` None)."""
    engine = create_engine("sqlite+pysqlite://", creator=lambda: database, poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def sqlite_uri(file: Path, access: Access) -> str:
    """How `sqlite3.connect` opens a file."""
    # A reader shares the WAL's index, a file that it must be able to make. Where it can't (somebody else's folder, a
    # read-only disk) and no WAL is left, nobody writes: then SQLite may read the file as it is.
    wal = file.with_name(f"{file.name}-wal")
    alone = access is Access.READ and not wal.exists() and not os.access(file.parent, os.W_OK)
    return f"file:{quote(str(file))}?mode={access.mode}{'&immutable=1' if alone else ''}"
