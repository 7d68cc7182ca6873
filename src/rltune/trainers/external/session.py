"""The processes that a program consists of (Linux: read from /proc).

They are those of its session, whatever their process group (Ray's workers leave the group, not the session), and those
that left the session but carry the program's mark in their environment. Signals go through a pidfd that is opened
before the process is looked at again, so that the process that was found is the process that is hit.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "RLTUNE_PROGRAM"
"""Environment variable of a program and all that it starts; its value is unique to the launch."""

_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """A process: `started` in clock ticks since boot tells it from a later one with the same pid."""

    pid: int
    session: int
    started: int


def processes_of(session: int, mark: str) -> list[Process]:
    """All running processes of the session, or with the mark; zombies don't run.

    The session's leader must not have been waited for yet: only so is its pid, the session's id, its own.
    """
    own = os.getpid()
    found = []
    for name in os.listdir("/proc"):
        process = _read(int(name)) if name.isdigit() else None
        if process is not None and process.pid != own and (process.session == session or _carries(process.pid, mark)):
            found.append(process)
    return found


def send(process: Process, number: signal.Signals) -> None:
    """Signals a process if it is still that very process."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if _read(process.pid) == process:
            signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, PermissionError):
        return
    finally:
        os.close(handle)


def send_all(processes: Iterable[Process], number: signal.Signals) -> None:
    """`send` to each."""
    for process in processes:
        send(process, number)


def wait_until(done: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Waits until `done()`, at most `seconds`; returns whether it is."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def _read(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    # The command's name, in parentheses, may hold anything; the fields begin behind the last parenthesis.
    parts = text[text.rindex(")") + 2 :].split()
    return None if parts[0] in _DEAD else Process(pid, int(parts[3]), int(parts[19]))


def _carries(pid: int, mark: str) -> bool:
    try:
        return f"{MARK}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
