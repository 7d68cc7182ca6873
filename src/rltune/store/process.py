"""A controller's process by a text that names it among all machines, and whether it is dead, as far as can be known.

The text holds the machine's boot, the process's pid namespace, its pid and its start: a pid alone is used again, and
means another process in another container. Linux only; elsewhere nothing is ever known of a process.
"""

from __future__ import annotations

import os
from pathlib import Path

_UNKNOWN = ""
_ENDED = ("Z", "X")  # states of a process that is gone but for its entry


def this_process() -> str:
    """Names this process."""
    return f"{_machine()} {os.getpid()} {_start(os.getpid())}"


def is_dead(process: str, *, here: bool) -> bool:
    """Whether a process is known to have ended. False also if nothing can be known: it runs (or ran) elsewhere.

    Args:
        here: it can only have run on this machine, so that one from before the machine's start is dead.
    """
    boot, _, rest = process.partition(" ")
    namespace, _, rest = rest.partition(" ")
    pid, _, started = rest.partition(" ")
    own_boot, _, own_namespace = _machine().partition(" ")
    if _UNKNOWN in (boot, own_boot, started):
        return False
    if boot != own_boot:
        return here
    return namespace == own_namespace and _start(int(pid)) != started


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{_UNKNOWN} {_UNKNOWN}"


def _start(pid: int) -> str:
    """When a living process started, in clock ticks since boot."""
    try:
        # The command's name, in parentheses, may hold anything; the fields begin behind the last parenthesis.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _UNKNOWN
    return _UNKNOWN if fields[0] in _ENDED else fields[19]
