"""What a segment leaves on disk: written by its worker, read by whoever comes later.

    order.json      an Order
    process.json    pid and start time of the worker, and the controller's view of it after a crash
    started.json    when the process started and when its first training step began
    metrics.jsonl   {"step", "at" (seconds since the process started), "values"} a rollout step
    alive           empty; touched as a sign of progress between steps
    workspace/      what a program wrote that the trainer ran, if any: its output, its metrics
    log.txt         standard output and error
    outcome.json    an Outcome, there only when complete

Whole files are written under a temporary name and renamed, so that a reader sees all of one or nothing. The metrics
stream is appended to; a last line that was cut by a crash is not a line.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rltune.errors import ExecutorError
from rltune.executors import codec
from rltune.executors.base import Order, Outcome, ProcessIdentity, SavedCheckpoint
from rltune.store.manifest import MANIFEST, verify
from rltune.trainers.base import TrainJob
from rltune.types import FAILURES, Cost, StepMetrics, StopKind, StopReason

LOG_TAIL_LINES = 40
_LOG_TAIL_BYTES = 16_384
_WITH_LOG = (*FAILURES, StopKind.DIVERGED, StopKind.LOST)
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """The files of one segment's folder."""

    folder: Path

    @property
    def order(self) -> Path:
        return self.folder / "order.json"

    @property
    def process(self) -> Path:
        return self.folder / "process.json"

    @property
    def started(self) -> Path:
        return self.folder / "started.json"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def alive(self) -> Path:
        return self.folder / "alive"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def outcome(self) -> Path:
        return self.folder / "outcome.json"


def checkpoint_folder(checkpoints: Path, step: int) -> Path:
    """Where the checkpoint of `step` lies."""
    return checkpoints / f"step-{step:06d}"


def checkpoint_bytes(folder: Path) -> int:
    """The size of a checkpoint's files in bytes, without the manifest."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


# --- writing ---------------------------------------------------------------------------------------------------------
def write_whole(path: Path, value: object, *, durable: bool = False) -> None:
    """Writes a JSON file in one go; `durable`: it also survives a power cut.

    Raises:
        OSError: if it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(codec.dumps(value))
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    temporary.replace(path)


def write_order(order: Order) -> None:
    """Makes the segment's folder and writes the order into it.

    Raises:
        ExecutorError: if the folder has been used, or can't be written.
    """
    files = SegmentFiles(order.folder)
    if files.outcome.exists() or files.metrics.exists():
        raise ExecutorError(
            "a segment needs a folder of its own, but this one holds an earlier segment's records",
            where=str(order.folder),
            hint="give each order a new folder",
        )
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
        order.checkpoints.mkdir(parents=True, exist_ok=True)
        write_whole(files.order, codec.order_to_plain(order))
    except OSError as error:
        raise ExecutorError(
            f"the segment's folder can't be written: {error.strerror or error}",
            where=str(order.folder),
            hint="free disk space or choose another output folder",
        ) from error


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Raises OSError if it can't be written."""
    write_whole(SegmentFiles(folder).outcome, codec.outcome_to_plain(outcome), durable=True)


def write_identity(folder: Path, identity: ProcessIdentity) -> None:
    write_whole(SegmentFiles(folder).process, {"pid": identity.pid, "started": identity.started})


def touch_alive(folder: Path) -> None:
    """Leaves a sign of progress. Best effort: for want of it a trial may be taken for hanging, but not fail here."""
    with contextlib.suppress(OSError):
        SegmentFiles(folder).alive.touch()


# --- reading ---------------------------------------------------------------------------------------------------------
def read_order(folder: Path) -> Order:
    """Raises ExecutorError if there is no complete order in the folder."""
    try:
        return codec.order_from_plain(codec.loads(SegmentFiles(folder).order.read_bytes()))
    except _UNREADABLE as error:
        raise ExecutorError(f"no readable order.json: {error}", where=str(folder)) from error


def read_identity(folder: Path) -> ProcessIdentity | None:
    """Which process works (or worked) on a segment; None if none has begun."""
    try:
        plain = codec.loads(SegmentFiles(folder).process.read_bytes())
        return ProcessIdentity(int(plain["pid"]), float(plain["started"]))
    except _UNREADABLE:
        return None


def read_started(folder: Path) -> tuple[float, float] | None:
    """When the process started and when its first training step began (seconds since the epoch); None: not yet."""
    try:
        plain = codec.loads(SegmentFiles(folder).started.read_bytes())
        return float(plain["process"]), float(plain["training"])
    except _UNREADABLE:
        return None


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """Steps read from a metrics stream: `end` is the offset behind the last complete line, `at` its time in seconds
    since the process started (0 if there was none)."""

    steps: tuple[StepMetrics, ...]
    end: int
    at: float = 0.0


def read_metrics(folder: Path, offset: int = 0) -> MetricsPage:
    """The complete lines from `offset` on, up to the first that can't be read. A missing file is an empty one."""
    try:
        with SegmentFiles(folder).metrics.open("rb") as stream:
            stream.seek(offset)
            data = stream.read()
    except OSError:
        return MetricsPage((), offset)
    steps: list[StepMetrics] = []
    at = 0.0
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        try:
            plain: Any = codec.loads(line)
            steps.append(codec.metrics_from_plain(plain))
            at = float(plain["at"])
        except _UNREADABLE:
            break
        offset += len(line)
    return MetricsPage(tuple(steps), offset, at)


def read_log_tail(folder: Path) -> str:
    """The last lines of the log, without what progress bars have overwritten."""
    try:
        with SegmentFiles(folder).log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _LOG_TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(lines[-LOG_TAIL_LINES:]).strip("\n")


def collect(folder: Path, checkpoints: Path, *, elapsed: float = 0.0) -> Outcome:
    """How a segment ended, from its files alone: its own word if it could give one, else LOST with what it left.

    Args:
        folder: the segment's. checkpoints: the run's.
        elapsed: wall-clock seconds that the process is known to have lived, if it left no outcome.
    """
    page = read_metrics(folder)
    try:
        plain = codec.loads(SegmentFiles(folder).outcome.read_bytes())
        outcome = codec.outcome_from_plain(plain, page.steps)
    except _UNREADABLE:
        outcome = _lost(folder, checkpoints, page, elapsed)
    tail = read_log_tail(folder) if outcome.stop.kind in _WITH_LOG else ""
    return replace(outcome, log_tail=tail)


def _lost(folder: Path, checkpoints: Path, page: MetricsPage, elapsed: float) -> Outcome:
    started = read_started(folder)
    start_seconds = max(0.0, started[1] - started[0]) if started else 0.0
    total = max(elapsed, page.at, start_seconds)
    validated = sum(m.values.get("validate_seconds", 0.0) for m in page.steps)
    training = max(0.0, total - start_seconds - validated) if started else 0.0
    cost = Cost(training, validated, start_seconds if started else total)
    try:
        job = read_order(folder).job
    except ExecutorError:
        return Outcome(StopReason(StopKind.LOST, 0, "its process had not begun"), cost)
    if not isinstance(job, TrainJob):
        return Outcome(StopReason(StopKind.LOST, 0, "its process vanished before the scores were there"), cost)
    last = page.steps[-1].step if page.steps else job.start_step
    reason = f"its process vanished after step {last} of {job.stop_step}"
    # A checkpoint ahead of the metrics (a power cut took the last lines) would leave a hole in the curve.
    saved = tuple(
        SavedCheckpoint(step, path, checkpoint_bytes(path))
        for step in range(job.start_step + 1, last + 1)
        if (path := checkpoint_folder(checkpoints, step)).is_dir() and verify(path) is None
    )
    return Outcome(StopReason(StopKind.LOST, last, reason), cost, page.steps, saved)
