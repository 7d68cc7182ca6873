"""What a trial and the processes that it has launched tell each other: over a socket in a folder of the trial's own.

Of those processes only the leader speaks. It tells of the start, of each step and each checkpoint, and waits for the
answer; at the end it tells why the segment ended, or which error ended it. Light: the trial needs no torch for it.
"""

from __future__ import annotations

import pickle
import socket
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rltune.trainers.base import TrainJob
from rltune.types import StepMetrics, StopReason


@dataclass(frozen=True, slots=True)
class LaunchedJob:
    """What each process reads: the job, where checkpoints are written before they are published, and how many train."""

    job: TrainJob
    workspace: Path
    processes: int


@dataclass(frozen=True, slots=True)
class Starts:
    """Training begins. No answer."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Work goes on. No answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step is over. Answer: StopReason or None."""

    metrics: StepMetrics


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All processes have written a checkpoint of a step. Answer: the folder that it was published as."""

    step: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Done:
    """The segment has ended. No answer."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Failed:
    """An error ended it. No answer."""

    error: BaseException


Message = Starts | Alive | Step | Checkpoint | Done | Failed


class Listener:
    """The trial's end, before the leader is there. Use it in a `with`.

    Raises:
        OSError: if the socket can't be made; its path may have about 100 bytes.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(1)

    def accept(self, seconds: float) -> Connection | None:
        """The leader's connection, or None if it hasn't come within `seconds`."""
        self._socket.settimeout(seconds)
        try:
            accepted, _ = self._socket.accept()
        except TimeoutError:
            return None
        accepted.setblocking(True)
        return Connection(accepted.detach())

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def connect(path: Path) -> Connection:
    """The leader's end."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return Connection(connection.detach())


def write_job(path: Path, launched: LaunchedJob) -> None:
    """Leaves the job for all processes."""
    path.write_bytes(pickle.dumps(launched))


def read_job(path: Path) -> LaunchedJob:
    """The job that was left. Only for files of the trial's own."""
    return pickle.loads(path.read_bytes())


def sendable(error: BaseException) -> BaseException:
    """The error itself if it survives the way, else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # a class of a library's own may need anything to be made
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
