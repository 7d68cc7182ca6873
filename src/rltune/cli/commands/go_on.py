"""Goes on with a study, in this process."""

from __future__ import annotations

from pathlib import Path

from rltune.cli.sitting import sit
from rltune.study.api import open_study


def main(folder: Path, wait: bool, quiet: bool) -> int:
    """Goes on with a study; gives the exit status."""
    with open_study(folder) as study:
        return sit(study, quiet, wait=wait)
