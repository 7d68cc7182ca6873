"""Controllers for the soak: each a process of its own, forked from one that has imported rltune already.

Importing takes five seconds of a core, and a soak starts hundreds of them; everything else is what `rltune run` and
`rltune resume` do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import rltune.cli.commands.resume
import rltune.cli.commands.run  # noqa: F401 (imported before the fork, not in each controller)
from rltune.cli.main import main as rltune_main
from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import identify, send

SOAK_MARK = "RLTUNE_SOAK"
"""Environment variable of all that a controller starts: which siege it belongs to."""


COMMAND_SECONDS = 300.0


@dataclass
class Controller:
    """A controller that was started. `status` is its exit status (negative: the signal), None while it runs."""

    identity: ProcessIdentity
    log: Path
    log_start: int
    status: int | None = field(default=None, init=False)

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.identity.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, seconds: float) -> bool:
        """Whether it ended within so many seconds."""
        deadline = time.monotonic() + seconds
        while not self.ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.ended()

    def kill(self) -> None:
        if not self.ended():
            send(self.identity, signal.SIGKILL)
            send(self.identity, signal.SIGCONT)
            self.wait(30.0)

    def said(self) -> str:
        """What it has printed."""
        with self.log.open("rb") as stream:
            stream.seek(self.log_start)
            return stream.read().decode("utf-8", errors="replace")

    def error(self) -> str:
        """The message of the error that it ended with, on one line; empty if it printed none."""
        _, found, message = self.said().rpartition("error: ")
        return " ".join(message.split()) if found else ""


def start(arguments: Sequence[str], log: Path, mark: str) -> Controller:
    """Starts `rltune ARGUMENTS`, its output at the end of `log`, in a session of its own."""
    log_start = log.stat().st_size if log.exists() else 0
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _run(arguments, log, mark)
    identity = identify(pid)
    assert identity is not None  # not waited for yet, so it is there, at least as a zombie
    return Controller(identity, log, log_start)


def run_to_the_end(arguments: Sequence[str], log: Path, mark: str) -> tuple[int, str]:
    """Runs `rltune ARGUMENTS`; its exit status and what it printed."""
    started = start(arguments, log, mark)
    if not started.wait(COMMAND_SECONDS):
        started.kill()
    return started.status or 0, started.said()


def _run(arguments: Sequence[str], log: Path, mark: str) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ[SOAK_MARK] = mark
        sys.argv = ["rltune", *arguments]
        rltune_main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(status)
