"""From a format's name to the winner's settings in that format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rltune.analysis.records import ReadableStore
from rltune.errors import ReportError, suggest
from rltune.report.data import read_report_data
from rltune.report.export.command import export_command
from rltune.report.export.json_ import export_json
from rltune.report.export.trl import export_trl
from rltune.report.export.verl import export_verl
from rltune.report.export.winner import Winner, find_winner

FORMATS: Mapping[str, Callable[[Winner], str]] = {
    "trl": export_trl,
    "verl": export_verl,
    "command": export_command,
    "json": export_json,
}
_OF_TRAINERS: Mapping[str, tuple[str, ...]] = {"verl": ("verl", "json"), "command": ("command", "json")}


def formats_of(trainer: str) -> tuple[str, ...]:
    """The formats that say what a study with this trainer did; its own one first."""
    return _OF_TRAINERS.get(trainer, ("trl", "verl", "json"))


def export(store: ReadableStore, format: str | None = None) -> str:
    """The winner of a study as text in `format` (None: that of the study's own trainer), ending with a newline.

    Raises:
        ReportError: for an unknown format, a study without a winner, or settings that the format can't say.
        TrainerError: if a hyperparameter isn't one of the trainer's. StoreError: if the store can't be read.
    """
    if format is not None and format not in FORMATS:
        raise ReportError(f"unknown format {format!r}", hint=suggest(format, FORMATS))
    winner = find_winner(read_report_data(store))
    if winner.trainer == "command" and format in ("trl", "verl"):
        raise ReportError(
            f"the winner was trained by a program of your own, whose other settings {format} can't be told",
            where=f"study {winner.provenance['study']}",
            hint=f"export it as {' or '.join(formats_of(winner.trainer))}",
        )
    return FORMATS[format or formats_of(winner.trainer)[0]](winner)
