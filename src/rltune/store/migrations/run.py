"""Carries out the steps between two versions. Loaded only when a store is older than this rltune: Alembic isn't light.

Alembic gives the operations (and in the tests the comparison with `rltune.store.schema`). Its own bookkeeping is not
used: `rltune_schema` holds the version since the first release, which refuses newer stores by it, and a second record
could contradict it.
"""

from __future__ import annotations

import importlib

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, update

from rltune.store import schema as t


def migrate(connection: Connection, found: int, schema: str | None) -> None:
    """Brings the tables from version `found` to SCHEMA_VERSION; `connection` is inside a writing transaction.

    Args:
        schema: where the tables stand; None: SQLite.
    """
    op = Operations(MigrationContext.configure(connection))
    for number in range(found + 1, t.SCHEMA_VERSION + 1):
        importlib.import_module(f"rltune.store.migrations.v{number}").upgrade(op, schema)
    connection.execute(update(t.version).values(version=t.SCHEMA_VERSION))
