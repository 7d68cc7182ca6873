"""`rltune export`: the winner's settings for a trainer, or all runs into an experiment tracker."""

from __future__ import annotations

import sys
from pathlib import Path

from rltune.errors import ReportError, suggest
from rltune.report.export.build import FORMATS
from rltune.study.api import Study, open_study
from rltune.trackers.build import TRACKERS


def main(study_at: str, form: str | None, output: Path | None) -> None:
    """Prints or writes the winner's settings, or mirrors all runs into a tracker."""
    with open_study(study_at, read_only=True) as study:
        if form is not None and form in TRACKERS:
            _track(study, form, output)
            return
        if form is not None and form not in FORMATS:
            raise ReportError(f"unknown format {form!r}", where="--format", hint=suggest(form, (*FORMATS, *TRACKERS)))
        text = study.export(form)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"can't be written: {error.strerror}", where=str(output), hint="name another file") from error


def _track(study: Study, tracker: str, output: Path | None) -> None:
    if output is not None:
        raise ReportError(
            f"{tracker} is no file that could be written to {output}",
            where="--output",
            hint=f"where its runs go is said in the study file: `trackers: [{{name: {tracker}, ...}}]`",
        )
    sys.stdout.write(study.track(tracker))
