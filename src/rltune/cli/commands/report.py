"""`rltune report`: the report as one HTML file."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from rltune.study.api import open_study


def main(folder: Path, output: Path | None) -> None:
    with open_study(folder, read_only=True) as study:
        path = study.report(output)
    Console(highlight=False).print(f"wrote {path}", markup=False, soft_wrap=True)
