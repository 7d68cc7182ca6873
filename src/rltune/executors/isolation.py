"""Cutting a worker process off from whoever started it: session, log, threads, and what happens if its parent dies."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
from pathlib import Path

from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import TRIAL_MARK, identify, mark

_PR_SET_PDEATHSIG = 1
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
DUMP_SIGNAL = signal.SIGUSR1
"""Makes a worker write the stack of all its threads into its log."""


def own_session(log: Path) -> ProcessIdentity:
    """Makes this process the leader of a session and group of its own, marked, with its output in `log`.

    The mark lets its descendants be found even if they leave the session.
    """
    if os.getsid(0) != os.getpid():
        os.setsid()
    identity = identify(os.getpid())
    assert identity is not None
    os.environ[TRIAL_MARK] = mark(identity)
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    # A crash in native code, or a hang, then shows its place in the log.
    faulthandler.enable(file=2)
    faulthandler.register(DUMP_SIGNAL, file=2, all_threads=True)
    return identity


def limit_threads(threads: int) -> None:
    """Limits the numeric libraries of this process, loaded or not, and of those that it starts."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(threads)
    torch = sys.modules.get("torch")  # not imported for this: a trial without torch shall not pay for it
    if torch is not None:
        torch.set_num_threads(threads)


def follow_parent(parent: int) -> None:
    """From now on this process gets SIGTERM (so that it saves a checkpoint) when its parent dies, or has died."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


class StopRequest:
    """SIGTERM as a request: taken note of while a step is under way, immediate before training begins.

    `in_steps` is set when the first step begins; from then on a step boundary is never far, and ends the segment
    with a checkpoint. Before that there is nothing to save, so `Stopped` is raised wherever the process is.
    """

    def __init__(self) -> None:
        self.requested = False
        self.in_steps = False

    def install(self) -> None:
        """Takes SIGTERM over and lets it through; SIGINT and SIGHUP are the controller's business, not a trial's."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})

    def begin_steps(self) -> None:
        """Raises Stopped if a stop was requested already."""
        self.in_steps = True
        if self.requested:
            raise Stopped

    def ignore(self) -> None:
        """From now on a request has nothing to stop any more: the work is done."""
        self.in_steps = True

    def _on_signal(self, number: int, frame: object) -> None:
        first, self.requested = not self.requested, True
        if first and not self.in_steps:
            raise Stopped


class Stopped(BaseException):
    """A stop was requested before training began. No Exception, so that a trainer's `except Exception` lets it pass."""
