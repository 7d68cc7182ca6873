"""One fork server as the executor sees it: started, asked, listened to, ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from rltune.errors import ExecutorError
from rltune.executors.local.protocol import CHUNK_BYTES, Hello, Lines, encode
from rltune.executors.processes import SERVER_MARK

READY_SECONDS = 600.0
"""How long importing a trainer's libraries may take: they may lie on a cold network disk."""
ANSWER_SECONDS = 60.0
_ERROR_BYTES = 4_000
_SINGLE_THREADED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ServerDied(ExecutorError):
    """A fork server is gone, or doesn't answer any more."""


class ServerConnection:
    """Starts a server; it imports in the background, `wait_ready` waits for that.

    Args:
        trainers: names to preload. grace_seconds: how long trials may outlive this process.

    Raises:
        ExecutorError: if no process can be made.
    """

    def __init__(self, trainers: Sequence[str], grace_seconds: float) -> None:
        self._lines = Lines()
        self._inbox: list[dict[str, Any]] = []
        self._ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the connection)
        command = [sys.executable, "-P", "-m", "rltune.executors.local.server"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_environment(),
                bufsize=0,
                start_new_session=True,  # Ctrl-C in the terminal is for the controller, which decides what follows
            )
        except OSError as error:
            raise ExecutorError(f"the fork server can't be started: {error}", where="executor local") from error
        self.send(Hello(list(trainers), grace_seconds, sys.path, os.environ.get("PYTHONPATH")).request())

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Waits until the server can fork.

        Raises:
            ExecutorError: if it can't import what it was told to.
            ServerDied: if it died meanwhile.
        """
        if self._ready:
            return
        reply = self._await("ready", "broken", seconds=READY_SECONDS)
        if "broken" in reply:
            self.kill()
            raise ExecutorError(
                f"the trainer can't be loaded: {reply['broken']}", where="executor local", hint=reply["hint"]
            )
        self._ready = True

    def run(self, order_id: str, folder: str, environment: Mapping[str, str]) -> tuple[int, float]:
        """Forks a worker for the order in `folder`; gives its pid and start time.

        `environment`: variables that the worker has of its own, set before it loads anything.

        Raises:
            ExecutorError: if no worker could be made.
            ServerDied: if it died; nobody knows then whether a worker was made.
        """
        self.wait_ready()
        self.send({"run": order_id, "folder": folder, "environment": dict(environment)})
        reply = self._await("started", "refused", seconds=ANSWER_SECONDS)
        if "refused" in reply:
            raise ExecutorError(
                f"a trial can't be started: {reply['reason']}",
                where="executor local",
                hint="the machine's limit of processes or its memory is used up",
            )
        return reply["pid"], reply["started_at"]

    def send(self, message: Mapping[str, object]) -> None:
        """Sends a request; a dead server is noticed by `alive`, not here."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(encode(message))

    def replies(self, timeout: float) -> list[dict[str, Any]]:
        """Ends of workers that have come, waiting up to `timeout` seconds for the first. Answers to `run`, and that the
        server is ready, are left for those who wait for them."""
        if not any("ended" in message for message in self._inbox):
            self._receive(timeout)
        ended = [message for message in self._inbox if "ended" in message]
        self._inbox = [message for message in self._inbox if "ended" not in message]
        return ended

    def shut_down(self, seconds: float) -> None:
        """Tells the server that nobody needs it any more and waits for its end; by force after `seconds`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        self.kill()

    def kill(self) -> None:
        """Ends the server at once and frees the pipes."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _receive(self, timeout: float) -> bool:
        """Reads what is there; False at the end of the stream."""
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return False
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, timeout))
        if not ready:
            return True
        data = os.read(self._process.stdout.fileno(), CHUNK_BYTES)
        self._inbox += self._lines.feed(data)
        return bool(data)

    def _await(self, *kinds: str, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        open_stream = True
        while True:
            for index, message in enumerate(self._inbox):
                if any(kind in message for kind in kinds):
                    return self._inbox.pop(index)
            left = deadline - time.monotonic()
            if not open_stream or left <= 0:
                errors = self._error_tail()
                self.kill()
                cause = "has died" if not open_stream else f"did not answer within {seconds:g} s"
                raise ServerDied(f"the fork server {cause}{errors}", where="executor local")
            open_stream = self._receive(left)

    def _error_tail(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _ERROR_BYTES))
        lines = self._errors.read().decode("utf-8", errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def _environment() -> dict[str, str]:
    """The server's environment. Numeric libraries must not start threads before the fork; workers set their own."""
    single = dict.fromkeys(_SINGLE_THREADED, "1")
    return {
        **os.environ,
        **single,
        SERVER_MARK: f"{os.getpid()}-{uuid.uuid4().hex}",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "TOKENIZERS_PARALLELISM": "false",  # a tokenizer's thread pool doesn't survive a fork
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # nor does the one of pyarrow's allocator
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # asking whether there is a GPU must not initialize it before the fork
    }
