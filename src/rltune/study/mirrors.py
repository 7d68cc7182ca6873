"""The controller's side of the experiment trackers: one process each, started, listened to, and let go.

A study never waits for a tracker while it runs; at its end it waits a little for what is still on its way.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rltune.config.parts import TrackerConfig
from rltune.executors.base import Outcome
from rltune.executors.local.protocol import CHUNK_BYTES, Lines
from rltune.redaction import scrub
from rltune.store.base import RunRecord
from rltune.study.observer import Observer
from rltune.trackers.process import GIVEN_UP, Order
from rltune.types import Proposal, StepMetrics

LOG_FILE = "trackers.log"
LAST_SECONDS = 60.0
"""How long the end of a sitting waits for trackers that aren't done."""
_QUIET_SECONDS = 2.0
_POLL_SECONDS = 0.05

Tell = Callable[[str, str], None]


class _Process:
    """One tracker's process. Its messages come through a pipe of their own: what an interpreter's start-up or a library
    prints goes to the log."""

    def __init__(self, order: Order, log: Path) -> None:
        self.tracker = order.tracker
        self.remedy = order.remedy
        self._lines = Lines()
        self._silent = False
        self._ended = False
        self._told, told = os.pipe()
        try:
            with log.open("ab") as printed:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "rltune.trackers.process", str(told)],
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=printed,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                    bufsize=0,
                    pass_fds=(told,),
                    start_new_session=True,  # Ctrl-C in the terminal is for the controller
                )
        except OSError:
            os.close(self._told)
            raise
        finally:
            os.close(told)
        self._write(order.line())

    def messages(self) -> list[tuple[str, str]]:
        """What it has told since; never waits. The last message of a process that crashed says so."""
        if self._ended:
            return []
        found = []
        while not self._silent and select.select([self._told], [], [], 0)[0]:
            data = os.read(self._told, CHUNK_BYTES)
            found += [(str(line["level"]), str(line["text"])) for line in self._lines.feed(data)]
            self._silent = not data
        # Its libraries may still be at work, or hang, after its last word.
        status = self._process.poll() if self._silent else None
        if status is not None:
            self._ended = True
            if status not in (0, GIVEN_UP):
                text = f"the tracker {self.tracker} ended with status {status}: see {LOG_FILE} ({self.remedy})"
                found.append(("warning", text))
        return found

    @property
    def ended(self) -> bool:
        return self._ended

    def let_go(self) -> None:
        """Tells it that nothing more comes."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def kill(self) -> None:
        """Ends it, and whatever it has started, at once."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._ended = True
        os.close(self._told)

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it died already: `messages` will say so
            self._process.stdin.write(line)


class Mirrors:
    """The trackers of a sitting; a context manager.

    Args:
        trackers: as the study file has them. location, name: of the store. folder: the study's.
        tell: (level, text), called from `listen` and from the end of the `with` block, in the caller's thread.
        last_seconds: how long that end may take.
    """

    def __init__(
        self,
        trackers: Sequence[TrackerConfig],
        location: str | Path,
        name: str,
        folder: Path,
        tell: Tell,
        last_seconds: float = LAST_SECONDS,
    ) -> None:
        at = str(location) if "://" in str(location) else str(Path(location).expanduser().absolute())
        self._orders = [Order(at, name, str(folder.absolute()), t.name, t.options) for t in trackers]
        self._log = folder / LOG_FILE
        self._tell = tell
        self._last_seconds = last_seconds
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        for order in self._orders:
            try:
                self._processes.append(_Process(order, self._log))
            except OSError as error:
                self._tell("warning", f"the tracker {order.tracker} can't be started: {error} ({order.remedy})")
        return self

    def listen(self) -> None:
        """Passes on what the trackers have told. Never waits."""
        for process in self._processes:
            for level, text in process.messages():
                self._tell(level, text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._wait()
        finally:
            for process in self._processes:
                process.kill()
            scrub(self._log)  # what their libraries printed

    def _wait(self) -> None:
        for process in self._processes:
            process.let_go()
        began = time.monotonic()
        said = False
        while True:
            self.listen()
            late = [process.tracker for process in self._processes if not process.ended]
            waited = time.monotonic() - began
            if not late:
                return
            if waited > self._last_seconds:
                remedies = "; ".join(process.remedy for process in self._processes if not process.ended)
                self._tell("warning", f"{' and '.join(late)} didn't get everything in time ({remedies})")
                return
            if waited > _QUIET_SECONDS and not said:
                said = True
                self._tell("info", f"waiting up to {self._last_seconds:.0f} s for {' and '.join(late)}")
            time.sleep(_POLL_SECONDS)


class Listening:
    """An observer that passes everything on, and lets the trackers speak at every tick."""

    def __init__(self, observer: Observer, mirrors: Mirrors) -> None:
        self._observer = observer
        self._mirrors = mirrors

    def phase(self, name: str, message: str) -> None:
        self._observer.phase(name, message)

    def planned(self, plan: Mapping[str, object]) -> None:
        self._observer.planned(plan)

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        self._observer.trial_started(run, proposal, from_step)

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None:
        self._observer.stepped(run, metrics)

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        self._observer.trial_ended(run, proposal, outcome, score)

    def message(self, level: str, text: str) -> None:
        self._observer.message(level, text)

    def tick(self, phase: str, seconds: float, limit: float) -> None:
        self._mirrors.listen()
        self._observer.tick(phase, seconds, limit)
