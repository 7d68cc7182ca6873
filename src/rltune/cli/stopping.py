"""Ctrl-C ends a study cleanly: trials save a checkpoint each, everything is recorded, `rltune resume` goes on."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

from rich.console import Console

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopOnSignal:
    """While it is entered, the first SIGINT or SIGTERM makes it return True; a second one acts as it always does."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._stop = False
        self._before: dict[int, object] = {}

    def __call__(self) -> bool:
        return self._stop

    def __enter__(self) -> StopOnSignal:
        self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True
        self._restore()
        self.console.print("stopping: trials save a checkpoint first (again to stop at once)", style="yellow")

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
