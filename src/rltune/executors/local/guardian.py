"""The guardian of a fork server: sees to its trials if the server itself is killed.

The kernel then sends the workers SIGTERM, but one that hangs would stay for ever. The guardian is a process beside the
server that does nothing but wait for its end, gives the workers their grace period, and kills what is left: all that
carries the server's mark in its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from rltune.executors.processes import SERVER_MARK, find_marked, kill_all

_LOOK_SECONDS = 0.1


class Guardian:
    """Made by the server before it imports anything large, so that it is small.

    Args:
        mark: the value of SERVER_MARK in the server's environment, unique to it.
        grace_seconds: how long trials may outlive the server.
    """

    def __init__(self, mark: str, grace_seconds: float) -> None:
        heard, self._held = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _guard(heard, mark, grace_seconds)
        os.close(heard)

    @property
    def descriptor(self) -> int:
        """What a forked worker must close: the guardian takes the server for alive as long as anybody holds it."""
        return self._held

    def dismiss(self) -> None:
        """Ends the guardian and waits for its end. All trials must be gone."""
        with contextlib.suppress(BrokenPipeError, ChildProcessError):  # it may have been killed
            os.write(self._held, b"all is well")
            os.waitpid(self.pid, 0)


def _guard(heard: int, mark: str, grace_seconds: float) -> None:
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.dup2(heard, 0)
        os.closerange(3, 256)  # the controller's and the server's pipes among them: their ends must not stay open here
        os.dup2(2, 1)
        if os.read(0, 1):  # dismissed; at the server's death this returns nothing
            return
        entry = f"{SERVER_MARK}={mark}"
        deadline = time.monotonic() + grace_seconds
        while find_marked(entry) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        kill_all(lambda: find_marked(entry))
    finally:
        os._exit(0)
