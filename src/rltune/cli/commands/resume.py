"""`rltune resume`: go on with a study after any kind of end; or after a pause, which takes no more than asking."""

from __future__ import annotations

from pathlib import Path

from rltune.cli.calling import call
from rltune.cli.commands import ask
from rltune.study.looking import look_at


def main(folder: Path, wait: bool, quiet: bool) -> int:
    if not wait and _is_paused(folder):
        return ask.main(str(folder), "resume", {}, True, False)
    call("go_on", folder, wait, quiet)
    return 0


def _is_paused(folder: Path) -> bool:
    """Whether a process runs the study and was told to wait."""
    look = look_at(folder)
    try:
        return look.store.study().paused and look.alive()
    finally:
        look.store.close()
