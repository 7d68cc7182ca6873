"""`rltune report`: the report as one HTML file."""

from __future__ import annotations

from pathlib import Path

from rltune.cli.console import TextConsole
from rltune.study.api import open_study


def main(study_at: str, output: Path | None) -> None:
    """Writes a study's report and says where."""
    with open_study(study_at, read_only=True) as study:
        path = study.report(output)
    TextConsole().print(f"wrote {path}", markup=False, soft_wrap=True)
