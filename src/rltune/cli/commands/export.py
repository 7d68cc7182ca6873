"""`rltune export`: the winner's settings for a trainer."""

from __future__ import annotations

import sys
from pathlib import Path

from rltune.errors import ReportError
from rltune.study.api import open_study


def main(folder: Path, form: str, output: Path | None) -> None:
    with open_study(folder, read_only=True) as study:
        text = study.export(form)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"can't be written: {error.strerror}", where=str(output), hint="name another file") from error
