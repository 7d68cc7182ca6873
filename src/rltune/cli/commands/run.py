"""`rltune run`: a study from its file to its report."""

from __future__ import annotations

from pathlib import Path

from rltune.cli.sitting import sit
from rltune.study.api import create


def main(file: Path, name: str | None, output: str | None, fresh: bool, quiet: bool) -> int:
    """Makes a study and runs it; gives the exit status."""
    with create(file, name=name, output=output, fresh=fresh) as study:
        return sit(study, quiet)
