"""From a file to its curves: the format is recognized by what the file holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rltune.errors import LogError, suggest
from rltune.trainers.logs.base import LoggedRun, Reader, Reading
from rltune.trainers.logs.json_lines import JsonLines
from rltune.trainers.logs.names import hint_for
from rltune.trainers.logs.plain_csv import PlainCsv
from rltune.trainers.logs.printed_dicts import PrintedDicts
from rltune.trainers.logs.source import Source
from rltune.trainers.logs.trl_state import TrlState
from rltune.trainers.logs.verl_console import VerlConsole
from rltune.trainers.logs.verl_jsonl import VerlJsonl
from rltune.trainers.logs.wandb_chart import WandbChart

READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        TrlState(),
        WandbChart(),
        PlainCsv(),
        VerlJsonl(),
        JsonLines(),
        VerlConsole(),
        PrintedDicts(),
    )
}
"""By name; of two that read as many steps the first wins. A format of your own is one more line here."""


def read_log(path: str | Path, format: str | None = None) -> tuple[LoggedRun, ...]:
    """The curves of a training log: one, or one for each run that the file names.

    Args:
        path: a file, plain or gzip: verl's console log or JSON-lines logger, TRL's trainer_state.json or printed dicts,
            a CSV of W&B's, plain CSV or JSON lines with canonical or any known trainer's names (docs/metrics.md).
        format: one of `READERS`; None: whichever reads the most steps.

    Raises:
        LogError: if the file is missing, a folder, empty, binary or damaged, or has no step with a known metric (the
            hint says what it has), or the format is unknown.
    """
    if format is not None and format not in READERS:
        raise LogError(f"unknown log format {format!r}", hint=suggest(format, READERS))
    source = Source(path)
    readers = [READERS[format]] if format else [r for r in READERS.values() if r.claims(source.head)]
    best: tuple[LoggedRun, ...] = ()
    failed: list[Reading] = []
    for reader in readers:
        reading = reader.read(source)
        if _steps(reading.runs) > _steps(best):
            best = reading.runs
        failed.append(reading)
    if not best:
        raise _nothing(source, failed, format)
    return best


def _steps(runs: tuple[LoggedRun, ...]) -> int:
    return sum(len(run.steps) for run in runs)


def _nothing(source: Source, readings: list[Reading], format: str | None) -> LogError:
    names = tuple(dict.fromkeys(name for reading in readings for name in reading.names))
    problem = next((reading.problem for reading in readings if reading.problem), None)
    line = next((r.line for r in readings if r.line and (r.problem or r.names)), None)
    expected = f"a step with a known metric (format {format})" if format else "a step with a known metric"
    message = problem or (f"expected {expected}, found {'other metrics only' if names else 'none'}")
    return LogError(message, where=f"{source.path}:{line}" if line else source.path, hint=hint_for(names))
