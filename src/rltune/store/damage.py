"""Names the row that can't be read when a text column holds broken JSON (a disk's fault, or a hand in the database)."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Column, Connection, Select, Table, Text, select, type_coerce

from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store.columns import JsonText
from rltune.store.scope import Scope

P = ParamSpec("P")
R = TypeVar("R")


def names_damage(
    read: Callable[Concatenate[Connection, Scope, P], R],
) -> Callable[Concatenate[Connection, Scope, P], R]:
    """A reading function that raises StoreError, with table and row, where it would raise JSONDecodeError, or
    RecursionError for what is nested a thousand deep."""

    @functools.wraps(read)
    def reading(connection: Connection, scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(connection, scope, *args, **kwargs)
        except (json.JSONDecodeError, RecursionError) as error:
            raise StoreError(
                f"{_broken_row(connection, scope)} isn't valid JSON: {error}",
                where=scope.where,
                hint="the database is damaged: restore it from a backup, or mend this row by hand",
            ) from error

    return reading


def _broken_row(connection: Connection, scope: Scope) -> str:
    """Where the first broken JSON of the study is, in words: the reading itself didn't say at which row it failed."""
    for table in t.metadata.sorted_tables:
        for column in table.c:
            if not isinstance(column.type, JsonText) and column is not t.configuration.c.content:
                continue
            for row, text in connection.execute(_texts(table, column, scope)):
                try:
                    json.loads(text)
                except (json.JSONDecodeError, RecursionError):
                    return f"the column {column.name} of table {table.name}, row {row},"
    return "a column"


def _texts(table: Table, column: Column[object], scope: Scope) -> Select[Any, str]:
    """Key and raw text of the column's rows that belong to the study."""
    query = select(table.c.pk, type_coerce(column, Text)).where(column.is_not(None))
    if table is t.study:
        return query.where(table.c.pk == scope.study)
    if "study" in table.c:
        return query.where(table.c.study == scope.study)
    return query.where(table.c.run.in_(select(t.run.c.pk).where(t.run.c.study == scope.study)))
