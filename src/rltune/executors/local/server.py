"""The fork server: `python -m rltune.executors.local.server`, driven over its standard input and output.

It imports what trials need once, then forks a worker for each request, so that a trial begins within milliseconds.
It stays single-threaded (a fork copies one thread only), never runs a trial's code itself, and outlives nobody: when
the controller is gone (end of input), trials get SIGTERM, a grace period to save a checkpoint, then SIGKILL.

It is the subreaper of its trials: what a dead worker leaves behind is ended before the worker's end is reported.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from rltune.errors import RltuneError
from rltune.executors.base import ProcessIdentity
from rltune.executors.local.guardian import Guardian
from rltune.executors.local.protocol import CHUNK_BYTES, Hello, Lines, encode
from rltune.executors.processes import SERVER_MARK, identify, kill_trials, send
from rltune.executors.worker import STATUS_NO_ORDER, flush_output, run_order
from rltune.trainers.build import build_trainer

_PR_SET_CHILD_SUBREAPER = 36
_HELD_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_HANGUP_CHECK_MS = 200


class ForkServer:
    """The loop. `requests` and `replies` are file descriptors of pipes."""

    def __init__(self, requests: int, replies: int, guardian: Guardian, grace_seconds: float) -> None:
        self._requests = requests
        self._replies = replies
        self._guardian = guardian
        self._grace_seconds = grace_seconds
        self._workers: dict[str, ProcessIdentity] = {}
        self._leaving = False
        self._wake_read, self._wake_write = os.pipe()
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)

    def serve(self, lines: Lines) -> None:
        """Serves until the controller is gone or SIGTERM comes; then ends all trials and returns."""
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._leave())
        self._reply({"ready": os.getpid()})
        while not self._leaving:
            ready, _, _ = select.select([self._requests, self._wake_read], [], [])
            if self._wake_read in ready:
                self._clear_wakeups()
            self._reap()
            if self._requests in ready:
                data = os.read(self._requests, CHUNK_BYTES)
                if not data:
                    break
                for message in lines.feed(data):
                    self._run(message["run"], Path(message["folder"]), message["environment"])
        self._shut_down()

    def _leave(self) -> None:
        self._leaving = True

    def _clear_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_read, CHUNK_BYTES):
                pass

    # --- beginnings ----------------------------------------------------------------------------------------------
    def _run(self, order_id: str, folder: Path, environment: Mapping[str, str]) -> None:
        # Held back across the fork, so that a SIGTERM can't hit the child while it still has the server's handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_SIGNALS)
        try:
            server = os.getpid()
            pid = os.fork()
            if pid == 0:
                self._become_worker(folder, environment, server)
        except OSError as error:
            self._reply({"refused": order_id, "reason": f"no process could be made: {error.strerror}"})
            return
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_SIGNALS)
        identity = identify(pid)
        assert identity is not None  # not reaped yet, so it is in /proc at least as a zombie
        self._workers[order_id] = identity
        self._reply({"started": order_id, "pid": pid, "started_at": identity.started})

    def _become_worker(self, folder: Path, environment: Mapping[str, str], server: int) -> NoReturn:
        status = STATUS_NO_ORDER
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            mine = (self._requests, self._replies, self._wake_read, self._wake_write, self._guardian.descriptor)
            for descriptor in mine:
                os.close(descriptor)
            os.environ.update(environment)  # here, since CUDA reads its part once, at the trial's first use of it
            status = run_order(folder, parent=server)
        except BaseException:
            with contextlib.suppress(OSError):
                traceback.print_exc()
        finally:
            flush_output()
            os._exit(status)  # never back into the server's loop, nor into its clean-up

    # --- ends ----------------------------------------------------------------------------------------------------
    def _reap(self) -> None:
        """Reports workers that have ended; also takes the orphans that the kernel hands to a subreaper."""
        by_pid = {identity.pid: order_id for order_id, identity in self._workers.items()}
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            order_id = by_pid.get(ended.si_pid)
            if order_id is not None:
                # While the worker is a zombie its pid can't be used again: what is in its session is its own.
                kill_trials([self._workers.pop(order_id)])
            _, status = os.waitpid(ended.si_pid, 0)
            if order_id is not None:
                self._reply({"ended": order_id, "status": status})

    def _shut_down(self) -> None:
        """SIGTERM to the workers alone: their children are theirs to end, or a checkpoint might fail halfway."""
        for identity in self._workers.values():
            send(identity, signal.SIGTERM)
        deadline = time.monotonic() + self._grace_seconds
        while self._workers and (left := deadline - time.monotonic()) > 0:
            select.select([self._wake_read], [], [], left)
            self._clear_wakeups()
            self._reap()
        kill_trials(self._workers.values())
        self._reap()
        self._guardian.dismiss()

    def _reply(self, message: Mapping[str, object]) -> None:
        try:
            os.write(self._replies, encode(message))
        except BrokenPipeError:
            self._leaving = True


def preload(hello: Hello) -> None:
    """Imports what the trainers need.

    Raises:
        RltuneError: if a trainer is unknown or can't be imported.
    """
    for name in hello.trainers:
        build_trainer(name).preload()
    gc.collect()
    gc.freeze()  # the collector of a worker then leaves the shared pages alone


class HangupWatch:
    """Ends this process if the controller goes while imports keep it from listening. A thread, gone before any fork."""

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._requests, select.POLLHUP)
        while not self._done.is_set():
            if any(event & select.POLLHUP for _, event in poller.poll(_HANGUP_CHECK_MS)):
                os._exit(0)


def read_hello(requests: int, lines: Lines) -> Hello | None:
    """The first message; None if the controller is gone already. No other is sent before the answer to it."""
    while data := os.read(requests, CHUNK_BYTES):
        for message in lines.feed(data):
            return Hello(**message["hello"])
    return None


def main() -> int:
    """Runs the server. Returns its exit status."""
    requests, replies = os.dup(0), os.dup(1)
    # Whatever a library prints must not get into the protocol.
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lines = Lines()
    hello = read_hello(requests, lines)
    if hello is None:
        return 0
    sys.path[:] = list(hello.path)
    os.environ.pop("PYTHONPATH", None)
    if hello.python_path is not None:
        os.environ["PYTHONPATH"] = hello.python_path
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    guardian = Guardian(os.environ[SERVER_MARK], hello.grace_seconds)
    try:
        with HangupWatch(requests):
            preload(hello)
    except Exception as error:
        traceback.print_exc()
        hint = error.hint if isinstance(error, RltuneError) else None
        text = error.message if isinstance(error, RltuneError) else f"{type(error).__name__}: {error}"
        os.write(replies, encode({"broken": text, "hint": hint}))
        return 1
    ForkServer(requests, replies, guardian, hello.grace_seconds).serve(lines)
    return 0


if __name__ == "__main__":
    if SERVER_MARK not in os.environ:
        sys.exit("this program is started by rltune's local executor, not by hand")
    sys.exit(main())
