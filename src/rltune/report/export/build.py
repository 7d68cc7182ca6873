"""From a format's name to the winner's settings in that format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rltune.analysis.records import ReadableStore
from rltune.errors import ReportError, suggest
from rltune.report.data import read_report_data
from rltune.report.export.json_ import export_json
from rltune.report.export.trl import export_trl
from rltune.report.export.verl import export_verl
from rltune.report.export.winner import Winner, find_winner

FORMATS: Mapping[str, Callable[[Winner], str]] = {"trl": export_trl, "verl": export_verl, "json": export_json}


def export(store: ReadableStore, format: str) -> str:
    """The winner of a study as text in `format`, ending with a newline.

    Raises:
        ReportError: for an unknown format, a study without a winner, or settings that the format can't say.
        TrainerError: if a hyperparameter isn't one of the trainer's. StoreError: if the store can't be read.
    """
    if format not in FORMATS:
        raise ReportError(f"unknown format {format!r}", hint=suggest(format, FORMATS))
    return FORMATS[format](find_winner(read_report_data(store)))
