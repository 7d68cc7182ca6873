"""Rows of a data file, read whole, as plain dictionaries: JSON lines, JSON, parquet or Arrow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rltune.errors import TaskError

Row = Mapping[str, object]

_PARQUET = (".parquet", ".pq")
_ARROW = (".arrow",)
_JSON_LINES = (".jsonl", ".ndjson")
_JSON = (".json",)
KINDS = (*_PARQUET, *_ARROW, *_JSON_LINES, *_JSON)
"""The suffixes that `read_rows` knows; in a folder with several kinds the first one counts."""


def read_rows(path: Path, *, columns: Sequence[str] | None = None) -> list[Row]:
    """All rows of `path`, in file order; of a columnar file only the named top-level columns (those that exist).

    Raises TaskError if the file is missing, damaged, empty or of an unknown kind.
    """
    if path.is_dir():
        raise TaskError("expected a file, got a folder", where=str(path), hint="name one .jsonl or .parquet file")
    if not path.is_file():
        raise TaskError("no such file", where=str(path), hint="relative paths start at the working folder")
    suffix = path.suffix.lower()
    if suffix in _JSON_LINES:
        rows = _json_lines(path, _text(path))
    elif suffix in _JSON:
        rows = _json(path)
    elif suffix in _PARQUET:
        rows = _columnar(path, columns, "parquet", _parquet_table)
    elif suffix in _ARROW:
        rows = _columnar(path, columns, "Arrow", _arrow_table)
    else:
        raise TaskError(
            f"unknown kind of file {suffix or path.name!r}", where=str(path), hint=f"use one of {', '.join(KINDS)}"
        )
    if not rows:
        raise TaskError("the file has no rows", where=str(path), hint="each split needs at least one example")
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"can't be read: {error}", where=str(path), hint="JSON is UTF-8 text") from error


def _json(path: Path) -> list[Row]:
    """One list of objects, one object (the original MATH has a file a problem), or JSON lines under another name."""
    text = _text(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _json_lines(path, text)
    rows = value if isinstance(value, list) else [value]
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise TaskError(
                f"expected a JSON object, got {type(row).__name__}",
                where=f"{path}, row {number}",
                hint="a .json file holds one list of objects, or an object a line",
            )
    return rows


def _json_lines(path: Path, text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TaskError(
                f"not a line of JSON: {error}", where=f"{path}:{number}", hint="write one JSON object a line"
            ) from error
        if not isinstance(row, dict):
            raise TaskError(
                f"expected a JSON object, got {type(row).__name__}",
                where=f"{path}:{number}",
                hint="write one JSON object a line, not one list of all",
            )
        rows.append(row)
    return rows


def _columnar(
    path: Path, columns: Sequence[str] | None, kind: str, read: Callable[[Path, Sequence[str] | None], Any]
) -> list[Row]:
    try:
        # Imported here since JSON and the arithmetic tasks need no pyarrow, and it takes long to import.
        import pyarrow as pa  # noqa: PLC0415
    except ImportError as error:
        raise TaskError(
            f"reading {kind} needs pyarrow, which is not installed", where=str(path), hint="pip install pyarrow"
        ) from error
    try:
        return read(path, columns).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TaskError(f"can't be read as {kind}: {error}", where=str(path), hint="it may be damaged") from error


def _parquet_table(path: Path, columns: Sequence[str] | None) -> Any:
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        return file.read(columns=_present(file.schema_arrow.names, columns))


def _arrow_table(path: Path, columns: Sequence[str] | None) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    with pa.OSFile(str(path)) as source:
        try:
            table = pa.ipc.open_stream(source).read_all()  # what the datasets library writes
        except pa.ArrowInvalid:
            table = pa.ipc.open_file(source).read_all()
    return table.select(_present(table.column_names, columns) or table.column_names)


def _present(names: Sequence[str], columns: Sequence[str] | None) -> list[str] | None:
    # With no wanted column present all are read, so that the complaint can name those there are.
    wanted = [] if columns is None else [c for c in dict.fromkeys(columns) if c in set(names)]
    return wanted or None
