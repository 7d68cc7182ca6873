"""`rltune optuna`: the study's evaluations as trials of Optuna, shown by optuna-dashboard."""

from __future__ import annotations

import time

from rltune.cli.console import TextConsole
from rltune.clock import SystemClock
from rltune.study.in_optuna import mirror_into_optuna


def main(study_at: str, storage: str | None, rebuild: bool, export_only: bool, host: str, port: int) -> None:
    console, warnings = TextConsole(soft_wrap=True), TextConsole(stderr=True, soft_wrap=True)

    def tell(level: str, text: str) -> None:
        if level == "info":
            console.print(text)
        else:
            warnings.print(text, style="yellow")

    page = None if export_only else (host, port)
    mirror_into_optuna(study_at, storage, SystemClock(), tell, interrupted, rebuild=rebuild, page=page)


def interrupted(seconds: float) -> bool:
    """Waits; whether Ctrl-C came meanwhile, which is how looking at a page ends."""
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        return True
    return False
