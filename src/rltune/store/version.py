"""Which version a store has: making its tables, recognizing them, and refusing those that aren't ours."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select, text

from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store.schema import POSTGRES_SCHEMA, SCHEMA_VERSION


def prepare(connection: Connection, where: str) -> None:
    """Makes the tables if the database has none of rltune's; must run inside a writing transaction.

    Raises:
        StoreError: see `check`; also if an SQLite file holds another program's tables.
    """
    hold_schema(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {POSTGRES_SCHEMA}"))
    if inspect(connection).get_table_names(schema=schema_of(connection)):
        check(connection, where)
        return
    t.metadata.create_all(connection, checkfirst=False)
    connection.execute(t.version.insert().values(version=SCHEMA_VERSION))


def hold_schema(connection: Connection) -> None:
    """Until the end of the transaction nobody else makes or changes the tables. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        # Two controllers may come at once, and `IF NOT EXISTS` alone races.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('rltune schema'))"))


def schema_of(connection: Connection) -> str | None:
    """The schema that the tables stand in."""
    return POSTGRES_SCHEMA if connection.dialect.name == "postgresql" else None


def found_version(connection: Connection, where: str) -> int:
    """The version of the tables: SCHEMA_VERSION, or an earlier one.

    Raises:
        StoreError: if they aren't rltune's, or of a newer version.
    """
    found = None
    if inspect(connection).has_table(t.version.name, schema=schema_of(connection)):
        found = connection.execute(select(t.version.c.version)).scalar()
    if found is None:
        raise StoreError(
            "this database isn't an rltune store",
            where=where,
            hint="name the folder or the database that the study was made in, or another one for a new study",
        )
    if found > SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema version {found}; this rltune reads version {SCHEMA_VERSION}",
            where=where,
            hint="update rltune",
        )
    return found


def check(connection: Connection, where: str) -> None:
    """Makes sure that the tables are rltune's, of this version.

    Raises:
        StoreError: if they aren't.
    """
    found = found_version(connection, where)
    if found < SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema version {found}, and readers of version {SCHEMA_VERSION} leave it as it is",
            where=where,
            hint="when no study in it is at work, upgrade it with `rltune upgrade`",
        )
