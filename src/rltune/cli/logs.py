"""What the commands on logs share: reading what can be read, and a progress bar where there is much to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from rltune.analysis.logs import gather
from rltune.cli.console import TextConsole
from rltune.errors import RltuneError
from rltune.trainers.logs.base import LoggedRun

_FEW = 5
"""With more curves than this a progress bar is shown."""


def read_each(files: Sequence[Path], form: str | None) -> tuple[list[LoggedRun], list[RltuneError]]:
    """The runs of all files that can be read, and what is wrong with the others."""
    runs: list[LoggedRun] = []
    problems: list[RltuneError] = []
    for file in files:
        try:
            runs += gather((file,), form)
        except RltuneError as problem:
            problems.append(problem)
    return runs, problems


def progress_of(curves: int) -> Progress:
    """A progress bar on standard error, if there are more than a few curves and someone looks."""
    console = TextConsole(stderr=True)
    return Progress(console=console, transient=True, disable=curves <= _FEW or not console.is_terminal)
