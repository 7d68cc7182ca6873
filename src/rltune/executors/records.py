"""What a segment leaves on disk: written by its worker, read by whoever comes later.

    order.json      an Order
    process.json    pid and start time of the worker, and the controller's view of it after a crash
    started.json    when the process started and when its first training step began
    metrics.jsonl   {"step", "at" (seconds since the process started), "values"} a rollout step
    lease           empty; touched by a living worker (see `rltune.executors.lease`)
    alive           empty; touched as a sign of progress between steps
    workspace/      what a program wrote that the trainer ran, if any: its output, its metrics
    log.txt         standard output and error
    outcome.json    an Outcome, there only when complete

Whole files are written under a temporary name and renamed, so that a reader sees all of one or nothing. The metrics
stream is appended to; a last line that was cut by a crash is not a line. All of it is sealed (see `seal`): what a disk
has changed counts as not there, never as another number.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rltune.errors import ExecutorError
from rltune.executors import codec
from rltune.executors.base import Order, Outcome, ProcessIdentity, SavedCheckpoint
from rltune.executors.fence import grant
from rltune.executors.seal import sealed, unsealed
from rltune.redaction import redacted, scrub
from rltune.store.manifest import host_name, verify
from rltune.store.remote import size_of
from rltune.trainers.base import TrainJob
from rltune.types import FAILURES, Cost, StepMetrics, StopKind, StopReason

NODE = "RLTUNE_NODE"
"""Environment variable of a worker: what its cluster calls the machine that it is on."""
LOG_TAIL_LINES = 40
_LOG_TAIL_BYTES = 16_384
_WITH_LOG = (*FAILURES, StopKind.DIVERGED, StopKind.LOST)
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What reading a file raises that holds something else than was written; nothing in one may end a study."""


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
    def lease(self) -> Path:
        return self.folder / "lease"

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


# --- writing ---------------------------------------------------------------------------------------------------------
def write_whole(path: Path, value: Mapping[str, object], *, durable: bool = False) -> None:
    """Writes a sealed JSON file in one go; `durable`: it also survives a power cut.

    Raises:
        OSError: if it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(sealed(value))
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def write_order(order: Order) -> None:
    """Makes the segment's folder, writes the order into it and gives the run to it.

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
        grant(order.checkpoints, order.id)
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
    """Keeps which process a segment has, in the segment's folder."""
    host = identity.host or host_name()
    plain = {"pid": identity.pid, "started": identity.started, "host": host, "node": os.environ.get(NODE, "")}
    write_whole(SegmentFiles(folder).process, plain)


def touch_alive(folder: Path) -> None:
    """Leaves a sign of progress. Best effort: for want of it a trial may be taken for hanging, but not fail here."""
    with contextlib.suppress(OSError):
        SegmentFiles(folder).alive.touch()


# --- reading ---------------------------------------------------------------------------------------------------------
def read_order(folder: Path) -> Order:
    """Raises ExecutorError if there is no complete order in the folder."""
    try:
        return codec.order_from_plain(unsealed(SegmentFiles(folder).order.read_bytes()))
    except _UNREADABLE as error:
        raise ExecutorError(f"no readable order.json: {error}", where=str(folder)) from error


def read_identity(folder: Path) -> ProcessIdentity | None:
    """Which process works (or worked) on a segment; None if none has begun."""
    try:
        plain = unsealed(SegmentFiles(folder).process.read_bytes())
        return ProcessIdentity(int(plain["pid"]), float(plain["started"]), str(plain.get("host", "")))
    except _UNREADABLE:
        return None


def read_worker(folder: Path) -> str:
    """The machine that works (or worked) on a segment: `host`, or `host (node)`; empty if none has begun."""
    try:
        plain = unsealed(SegmentFiles(folder).process.read_bytes())
        host, node = str(plain["host"]), str(plain.get("node", ""))
    except _UNREADABLE:
        return ""
    return f"{host} ({node})" if node else host


def read_started(folder: Path) -> tuple[float, float] | None:
    """When the process started and when its first training step began (seconds since the epoch); None: not yet."""
    try:
        plain = unsealed(SegmentFiles(folder).started.read_bytes())
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
    """The complete lines from `offset` on, up to the first that can't be read or isn't of the step that follows. A
    missing file is an empty one."""
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
            plain: Any = unsealed(line)
            metrics, at_end = codec.metrics_from_plain(plain), float(plain["at"])
        except _UNREADABLE:
            break
        if steps and metrics.step != steps[-1].step + 1:
            break
        steps.append(metrics)
        at = at_end
        offset += len(line)
    return MetricsPage(tuple(steps), offset, at)


def read_log_tail(folder: Path) -> str:
    """The last lines of the log, without what progress bars have overwritten and without known secrets."""
    try:
        with SegmentFiles(folder).log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _LOG_TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return redacted("\n".join(lines[-LOG_TAIL_LINES:]).strip("\n"))


def scrub_logs(folder: Path) -> None:
    """Overwrites known secrets in the logs of a segment whose processes are gone."""
    files = SegmentFiles(folder)
    for log in (files.log, *files.workspace.glob(f"**/{files.log.name}")):
        scrub(log)


def collect(folder: Path, checkpoints: Path, *, elapsed: float = 0.0) -> Outcome:
    """How a segment ended, from its files alone: its own word if it could give one and the metrics bear it out, else
    LOST with what it left. Its processes are gone: values of secrets in its logs are overwritten.

    Args:
        folder: the segment's. checkpoints: the run's.
        elapsed: wall-clock seconds that the process is known to have lived, if it left no outcome.
    """
    start = _start_step(folder)
    page = read_metrics(folder)
    scrub_logs(folder)
    if start is not None and page.steps and page.steps[0].step != start + 1:
        page = MetricsPage((), 0, page.at)  # what is there came after a hole
    try:
        plain = unsealed(SegmentFiles(folder).outcome.read_bytes())
        outcome = codec.outcome_from_plain(plain, page.steps)
    except FileNotFoundError:
        outcome = _lost(folder, checkpoints, page, elapsed)
    except _UNREADABLE:
        outcome = _lost(folder, checkpoints, page, elapsed, "its outcome is damaged")
    else:
        # Its scores are in its metrics: without them, a trial that went well would count as one without a score.
        if outcome.stop.kind not in FAILURES and outcome.stop.step > max([start or 0, *(m.step for m in page.steps)]):
            outcome = _lost(folder, checkpoints, page, elapsed, "the end of its metrics is damaged")
    tail = read_log_tail(folder) if outcome.stop.kind in _WITH_LOG else ""
    return replace(outcome, log_tail=tail)


def _start_step(folder: Path) -> int | None:
    """The step that a training segment began after; None for a scoring, or if its order can't be read."""
    try:
        job = read_order(folder).job
    except ExecutorError:
        return None
    return job.start_step if isinstance(job, TrainJob) else None


def _lost(
    folder: Path, checkpoints: Path, page: MetricsPage, elapsed: float, cause: str = "its process vanished"
) -> Outcome:
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
        return Outcome(StopReason(StopKind.LOST, 0, f"{cause} before the scores were there"), cost)
    last = page.steps[-1].step if page.steps else job.start_step
    reason = f"{cause} after step {last} of {job.stop_step}"
    # A checkpoint ahead of the metrics (a power cut took the last lines) would leave a hole in the curve.
    saved = tuple(
        SavedCheckpoint(step, path, size_of(path))
        for step in range(job.start_step + 1, last + 1)
        if (path := checkpoint_folder(checkpoints, step)).is_dir() and verify(path) is None
    )
    return Outcome(StopReason(StopKind.LOST, last, reason), cost, page.steps, saved)
