"""`rltune optuna`: the study's evaluations as trials of Optuna, shown by optuna-dashboard."""

from __future__ import annotations

import signal
from threading import Event

from rltune.cli.console import TextConsole
from rltune.clock import SystemClock
from rltune.study.in_optuna import mirror_into_optuna


def main(study_at: str, storage: str | None, rebuild: bool, export_only: bool, host: str, port: int) -> None:
    """Mirrors a study's evaluations into Optuna, and opens optuna-dashboard on them."""
    console, warnings = TextConsole(soft_wrap=True), TextConsole(stderr=True, soft_wrap=True)

    def tell(level: str, text: str) -> None:
        if level == "info":
            console.print(text)
        else:
            warnings.print(text, style="yellow")

    page = None if export_only else (host, port)
    mirror_into_optuna(study_at, storage, SystemClock(), tell, UntilAsked(), rebuild=rebuild, page=page)


class UntilAsked:
    """Waits, from the first call on, until Ctrl-C or SIGTERM, which is how looking at a page ends: then what is just
    being written is written first."""

    def __init__(self) -> None:
        self._asked: Event | None = None

    def __call__(self, seconds: float) -> bool:
        if self._asked is None:
            asked = self._asked = Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: asked.set())
        return self._asked.wait(seconds)
