"""Recognizing, measuring and ending the processes of a trial (Linux: everything is read from /proc).

A trial is the worker and whatever it started: the processes of its session, and those that left the session but
carry the worker's mark in their environment. A pid alone never proves anything, because pids are used again; a pid
with its start time (clock ticks since boot) does. Signals go through a pidfd that is opened *before* the check, so the
process that was checked is the process that is hit.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.executors.base import ProcessIdentity
from rltune.store.manifest import host_name

TRIAL_MARK = "RLTUNE_TRIAL"
"""Environment variable of a worker and all that it starts: `<pid>:<start time>` of the worker."""
SERVER_MARK = "RLTUNE_FORK_SERVER"
"""Environment variable of a fork server (unique to it), seen in /proc for all that was forked from it."""

OOM_COUNTERS = (
    Path("/proc/vmstat"),
    Path("/sys/fs/cgroup/memory.events"),  # cgroup v2, as a container sees its own
    Path("/sys/fs/cgroup/memory/memory.oom_control"),  # cgroup v1
)
"""Files with a line `oom_kill <count>`. A container may be shown no or other machines' numbers in /proc."""

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_KILL_SECONDS = 10.0
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process: `started` in seconds since boot, `state` as in /proc (Z: zombie)."""

    pid: int
    parent: int
    session: int
    state: str
    started: float


def read_process(pid: int) -> ProcessRow | None:
    """A process, zombies included; None if there is none of that pid."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command name, in parentheses, may hold anything; the fields begin behind the last parenthesis.
    parts = text[text.rindex(")") + 2 :].split()
    return ProcessRow(pid, int(parts[1]), int(parts[3]), parts[0], int(parts[19]) / _TICKS)


def all_processes() -> list[ProcessRow]:
    """What runs on this machine, but for what ended while it was read."""
    rows = (read_process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [row for row in rows if row is not None]


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a process that exists now."""
    row = read_process(pid)
    return ProcessIdentity(pid, row.started) if row else None


def age_seconds() -> float:
    """Seconds since this process was started (or forked); resolution 10 ms."""
    row = read_process(os.getpid())
    started = row.started if row else 0.0
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)


def is_here(identity: ProcessIdentity) -> bool:
    """Whether it is (or was) a process of this machine."""
    return identity.host in ("", host_name())


def is_alive(identity: ProcessIdentity) -> bool:
    """Whether that very process still runs. A zombie doesn't."""
    row = read_process(identity.pid)
    return row is not None and row.started == identity.started and row.state not in _DEAD


def mark(identity: ProcessIdentity) -> str:
    """The value of TRIAL_MARK for a worker."""
    return f"{identity.pid}:{identity.started}"


def members(identity: ProcessIdentity) -> list[ProcessRow]:
    """All processes of a worker's trial that still run, also after the worker itself has gone."""
    leader = read_process(identity.pid)
    present = leader is not None and leader.started == identity.started
    recycled = leader is not None and not present
    found = []
    for row in all_processes():
        if row.state in _DEAD:
            continue
        if row.pid == identity.pid:
            if present:
                found.append(row)
            continue
        in_session = row.session == identity.pid and not recycled and row.started >= identity.started
        if (in_session and present) or _is_marked(row.pid, identity, in_session):
            found.append(row)
    return found


def _is_marked(pid: int, identity: ProcessIdentity, in_session: bool) -> bool:
    environment = _environment(pid)
    if f"{TRIAL_MARK}={mark(identity)}".encode() in environment:
        return True
    return in_session and any(entry.startswith(SERVER_MARK.encode() + b"=") for entry in environment)


def find_marked(entry: str) -> list[ProcessRow]:
    """All running processes but this one that were started (or forked from one) with `NAME=value` in their
    environment."""
    rows = (row for row in all_processes() if row.state not in _DEAD and row.pid != os.getpid())
    return [row for row in rows if entry.encode() in _environment(row.pid)]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def send(identity: ProcessIdentity, number: int) -> bool:
    """Signals one process if it is still that very process. Returns whether it was."""
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(handle)


def kill_trials(identities: Iterable[ProcessIdentity]) -> bool:
    """SIGKILL to all processes of these trials; as `kill_all`."""
    wanted = list(identities)
    return kill_all(lambda: [row for identity in wanted for row in members(identity)])


def kill_all(find: Callable[[], Sequence[ProcessRow]], seconds: float = _KILL_SECONDS) -> bool:
    """SIGKILL to all that `find` finds, until it finds none or `seconds` have passed. Returns whether none is left (a
    process in uninterruptible sleep can outlast this)."""
    deadline = time.monotonic() + seconds
    while left := find():
        if time.monotonic() >= deadline:
            return False
        for row in left:
            send(ProcessIdentity(row.pid, row.started), signal.SIGKILL)
        time.sleep(0.01)
    return True


def memory_bytes(identity: ProcessIdentity) -> int:
    """Memory that a worker and its descendants hold, in bytes: proportional set size, because forked workers share
    most of their pages with the server."""
    rows = all_processes()
    family = {identity.pid}
    grown = True
    while grown:
        new = {row.pid for row in rows if row.pid not in family and (row.parent in family or row.session in family)}
        family |= new
        grown = bool(new)
    return sum(_proportional_bytes(pid) for pid in family)


def _proportional_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def memory_ran_out(since: int) -> bool:
    """Whether the kernel may have killed a process for lack of memory since `oom_kills` gave that number; where no
    counter is shown, nobody knows, and it may."""
    return oom_kills() > since or not any(path.exists() for path in OOM_COUNTERS)


def oom_kills(places: Sequence[Path] = OOM_COUNTERS) -> int:
    """How often the kernel has killed a process for lack of memory since boot, on the machine or in this container;
    0 if it doesn't say."""
    return sum(_counted(path) for path in places)


def _counted(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
