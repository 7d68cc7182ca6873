"""Column types that give back exactly what was put in, on SQLite and PostgreSQL alike.

Each one exists because a database on its own would lose something: SQLite turns NaN into NULL, PostgreSQL's JSON has
no NaN or infinity and its text no NUL character, and neither takes the lone surrogates of a log in a foreign
encoding.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, UserDefinedType

from rltune.errors import StoreError
from rltune.redaction import redacted

WholeNumber = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both. SQLite numbers rows by itself only in a column of type INTEGER."""


class ExactFloat(UserDefinedType[float]):
    """A double that keeps NaN, infinities and None apart.

    SQLite stores a NaN as NULL, so there it is kept as the text 'NaN' (its columns take any type).
    """

    cache_ok = True

    def get_col_spec(self) -> str:
        return "DOUBLE PRECISION"

    def bind_processor(self, dialect: Dialect) -> Callable[[float | None], float | str | None]:
        sqlite = dialect.name == "sqlite"

        def bind(value: float | None) -> float | str | None:
            if value is None:
                return None
            return "NaN" if sqlite and math.isnan(value) else float(value)

        return bind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[float | str | None], float | None]:
        return lambda value: None if value is None else float(value)


class CleanText(TypeDecorator[str]):
    """Text for people (reasons, logs). What a database can't hold (NUL, lone surrogates) is U+FFFD, and values of
    secrets that this process knows are `***`: a trial's log may show its environment."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        clean = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
        return redacted(clean)


class JsonText(TypeDecorator[object]):
    """A JSON value in a text column; NaN and infinities are kept, as Python's `json` writes them.

    Mappings of any kind come back as dicts, tuples as lists, numpy scalars as numbers, paths as strings.

    Raises:
        StoreError: if a value is none of these.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str:
        return to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        if value == "{}":
            return {}  # by far the most of them
        return None if value is None else json.loads(value)


def to_json(value: object) -> str:
    """The text that `JsonText` stores."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (Path, datetime)):
        return str(value)
    item = getattr(value, "item", None)  # numpy and torch scalars
    if callable(item):
        return item()
    raise StoreError(
        f"only plain values can be stored (numbers, strings, lists, mappings), not {type(value).__name__}",
        hint="convert it first",
    )
