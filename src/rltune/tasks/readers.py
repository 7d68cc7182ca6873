"""Rows of a data file: JSON lines or parquet, read whole, as plain dictionaries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rltune.errors import TaskError

Row = Mapping[str, object]

_JSON_LINES = (".jsonl", ".ndjson", ".json")
_PARQUET = (".parquet", ".pq")


def read_rows(path: Path, *, columns: Sequence[str] | None = None) -> list[Row]:
    """All rows of `path`, in file order; of a parquet file only the named top-level columns (those that exist).

    Raises TaskError if the file is missing, damaged, empty or of an unknown kind.
    """
    if path.is_dir():
        raise TaskError("expected a file, got a folder", where=str(path), hint="name one .jsonl or .parquet file")
    if not path.is_file():
        raise TaskError("no such file", where=str(path), hint="relative paths start at the working folder")
    suffix = path.suffix.lower()
    if suffix in _JSON_LINES:
        rows = _read_json_lines(path)
    elif suffix in _PARQUET:
        rows = _read_parquet(path, columns)
    else:
        raise TaskError(
            f"unknown kind of file {suffix or path.name!r}",
            where=str(path),
            hint=f"use one of {', '.join((*_JSON_LINES, *_PARQUET))}",
        )
    if not rows:
        raise TaskError("the file has no rows", where=str(path), hint="each split needs at least one example")
    return rows


def _read_json_lines(path: Path) -> list[Row]:
    rows: list[Row] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"can't be read: {error}", where=str(path), hint="JSON lines are UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
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


def _read_parquet(path: Path, columns: Sequence[str] | None) -> list[Row]:
    try:
        # Imported here since JSON lines and the arithmetic tasks need no pyarrow, and it takes long to import.
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise TaskError(
            "reading parquet needs pyarrow, which is not installed", where=str(path), hint="pip install pyarrow"
        ) from error
    try:
        with pq.ParquetFile(path) as file:
            present = set(file.schema_arrow.names)
            wanted = None if columns is None else [c for c in dict.fromkeys(columns) if c in present]
            # With no wanted column present all are read, so that the complaint can name those there are.
            return file.read(columns=wanted or None).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TaskError(f"can't be read as parquet: {error}", where=str(path), hint="it may be damaged") from error
