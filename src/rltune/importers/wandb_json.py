"""W&B's runs as JSON: a list of objects, or one a line.

Each has `config` and `summary`, as the runs of `wandb.Api()` do; `history`, a list of objects with `_step`, may be
there too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from rltune.errors import PriorError
from rltune.importers.base import Result, Table
from rltune.importers.tables import flat, numbers_in
from rltune.importers.wandb_csv import called, end_of
from rltune.trainers.logs.names import STEP_NAMES
from rltune.trainers.logs.numbers import step_of

LARGEST = 2**30
"""Bytes: runs with their whole histories take some megabytes each."""
_SUMMARY = ("summary", "summary_metrics", "summaryMetrics")


class WandbJsonReader:
    """Implements `rltune.importers.base.Reader`."""

    name = "wandb-json"

    def claims(self, source: str, head: bytes) -> bool:
        return head.lstrip()[:1] in (b"{", b"[") and b'"config"' in head

    def read(self, source: str, study: str | None) -> Table:
        results = []
        for number, run in enumerate(_runs(Path(source)), 1):
            config, summary = run.get("config"), next((run[name] for name in _SUMMARY if name in run), {})
            parts = [_mapping(part, source, number) for part in (config, summary)]
            name = run.get("name") or run.get("display_name") or run.get("id")
            state = run.get("state")
            results.append(
                Result(
                    called(str(name) if name else None, number),
                    end_of(str(state) if state else None),
                    flat(parts[0]),
                    numbers_in(parts[1]),
                    _points(run.get("history")),
                )
            )
        return Table(source=f"W&B runs in {Path(source).name}", results=tuple(results))


def _mapping(part: object, source: str, number: int) -> Mapping[str, object]:
    if isinstance(part, str):  # the server keeps them as text
        try:
            part = json.loads(part)
        except (ValueError, RecursionError):
            part = None
    if not isinstance(part, Mapping):
        raise PriorError(f"run {number} has no config and summary that are objects", where=source)
    return {str(name): value for name, value in part.items() if name != "_wandb"}


def _points(history: object) -> dict[str, list[tuple[int, float]]]:
    """Metric -> (step, value), by step; of several values at a step the newest."""
    found: dict[str, dict[int, float]] = {}
    for row in history if isinstance(history, list) else ():
        if not isinstance(row, Mapping):
            continue
        numbers = numbers_in(row)
        step = next((s for name in STEP_NAMES if name in row and (s := step_of(row[name])) is not None), None)
        if step is not None:
            for name, value in numbers.items():
                found.setdefault(name, {})[step] = value
    return {name: sorted(values.items()) for name, values in found.items()}


def _runs(path: Path) -> Iterator[Mapping[str, object]]:
    try:
        if path.stat().st_size > LARGEST:
            raise PriorError(f"a file of at most {LARGEST:,} bytes can be read", where=str(path))
        text = path.read_text(encoding="utf-8-sig")
        try:
            read = json.loads(text)
        except json.JSONDecodeError:
            read = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise PriorError(
            f"the runs can't be read: {error}", where=str(path), hint="JSON, or one object a line"
        ) from None
    if isinstance(read, Mapping):
        read = read.get("runs", [read])
    if not isinstance(read, list) or not all(isinstance(run, Mapping) for run in read):
        raise PriorError("a list of runs was expected", where=str(path))
    yield from read
