"""The contract of executors: who runs a trial's process, watches it and tells how it went.

An executor is driven from one thread: `open`, then any sequence of `submit`, `poll`, `stop`, then `close`. All that a
trial produces goes through its segment's folder, so that nothing depends on the controller being alive:

    <segment>/order.json     what to do (an Order), written before the process starts
    <segment>/process.json   which process works on it (a ProcessIdentity)
    <segment>/lease          touched every few seconds by the worker as long as it lives and holds the run
    <segment>/started.json   when the process started and when its first training step began
    <segment>/metrics.jsonl  one line of StepMetrics a rollout step
    <segment>/alive          touched while a trainer works on something longer than a step, such as a scoring
    <segment>/log.txt        the process's standard output and error
    <segment>/workspace/     files of the program that a trainer runs, if it does (see Reporter.workspace)
    <segment>/outcome.json   how it went (an Outcome), renamed into place at the very end
    <run>/checkpoints/step-000040/   complete checkpoints, each with a manifest (see `rltune.store.remote`, too)
    <run>/checkpoints.holder         id of the order that may change them (see `rltune.executors.fence`)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rltune.store.registry import KEEP_CHECKPOINTS
from rltune.trainers.base import ScoreJob, Scores, TrainJob
from rltune.types import Cost, StepMetrics, StopReason


@dataclass(frozen=True, slots=True)
class Limits:
    """What a trial may use. Seconds are wall clock; None: no limit."""

    seconds: float | None = None
    stall_seconds: float | None = 600.0  # no new step, scored batch, checkpoint or end for so long: the trial hangs
    memory_bytes: int | None = None  # held by the trial and its children (shared pages by share); watched, not enforced


@dataclass(frozen=True, slots=True)
class Depot:
    """Where checkpoints are made and kept, if not in the study's folder (see `rltune.executors.shelf`).

    Attributes:
        url: of the run's uploads on object storage; empty: none are kept beyond the trial.
        scratch: a folder on the disk of the machine that trains; empty: its folder for temporary files.
    """

    url: str = ""
    scratch: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One piece of work for a worker.

    Attributes:
        id: unique within the study (the segment's id); names the folder.
        folder: the segment's folder. checkpoints: the run's checkpoint folder.
        trainer: name for `rltune.trainers.build.build_trainer`. settings: what it is given beside the name.
        job: what to train or to score.
        rules: stopping rules by their plain description (see `rltune.stopping.build.build_rules`).
        earlier: metrics of the run's earlier segments, so that rules see the whole curve.
        gpus: how many GPUs of one machine it has, for itself alone (a fraction: such a share of one); None: one, which
            it may have to share.
        keep: own checkpoints that it keeps on disk; older ones are deleted while it trains.
        avoid: machines on which the run was lost, as `rltune.executors.records.read_worker` names them: it goes to
            another one that has room, if there is any.
        depot: where checkpoints go; None: into `checkpoints`, as they are.
    """

    id: str
    folder: Path
    checkpoints: Path
    trainer: str
    job: TrainJob | ScoreJob
    rules: Sequence[Mapping[str, object]] = ()
    limits: Limits = field(default_factory=Limits)
    earlier: Sequence[StepMetrics] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    gpus: float | None = None
    keep: int = KEEP_CHECKPOINTS
    avoid: tuple[str, ...] = ()
    depot: Depot | None = None


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """A published checkpoint: its step, folder (or its stand-in's, see `rltune.store.remote`) and size in bytes."""

    step: int
    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an order ended.

    `stop.step` is the last step that was trained. `scores` (of a ScoreJob) is empty for a TrainJob, whose scores are
    in the metrics at validated steps. `log_tail` holds the last lines of log.txt when something went wrong. `abstained`
    names the rules that could not judge at some step, with the reason.
    """

    stop: StopReason
    cost: Cost
    metrics: tuple[StepMetrics, ...] = ()
    checkpoints: tuple[SavedCheckpoint, ...] = ()
    scores: Scores = field(default_factory=dict)
    log_tail: str = ""
    abstained: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stepped:
    """A trial has finished a step."""

    order_id: str
    metrics: StepMetrics


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial's process is gone and all that it left has been read."""

    order_id: str
    outcome: Outcome


Event = Stepped | Ended


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that can be recognized later: a pid may be used again, a pid with its start time may not.

    `host`: the machine that it runs on (`rltune.store.manifest.host_name`); empty: this one.
    """

    pid: int
    started: float
    host: str = field(default="", compare=False)


class Executor(Protocol):
    """Runs orders, several at once."""

    @property
    def slots(self) -> int:
        """How many orders may be in flight at once; may change when machines come and go.

        Raises:
            ExecutorError: if that can't be found out, because the machines can't be reached.
        """
        ...

    @property
    def gpus(self) -> float:
        """GPUs in all that trials may use now; 0: they train on CPUs."""
        ...

    def has_room(self, gpus: float | None = None) -> bool:
        """Whether an order for so many GPUs (see `Order.gpus`) could be submitted now."""
        ...

    def open(self) -> None:
        """Starts whatever is shared by all trials; may go on starting in the background. Idempotent.

        Raises:
            ExecutorError: if it can't be started.
        """
        ...

    def submit(self, order: Order) -> ProcessIdentity | None:
        """Starts an order; returns at once. None: its process starts later, elsewhere, and tells in process.json.

        Raises:
            ExecutorError: if there is no room for it (see `has_room`), the executor isn't open or couldn't be started,
                or the order's folder has been used or can't be written.
        """
        ...

    def poll(self, timeout: float) -> list[Event]:
        """What has happened since the last call, in order for each order id; waits up to `timeout` seconds for the
        first event. `Ended` is given exactly once an order. A dying trial is an event, never an exception.

        Raises:
            ExecutorError: if the executor itself can't go on, such as on machines that lack what every trial needs.
        """
        ...

    def stop(self, order_id: str) -> None:
        """Asks a trial to save a checkpoint at the next step boundary and end (INTERRUPTED); ends it by force after
        a grace period. Its `Ended` still comes through `poll`. Unknown or ended ids are ignored."""
        ...

    def close(self) -> None:
        """Stops all trials (as `stop`), waits for their end, frees everything. Idempotent. No process outlives it.
        Events that nobody has polled yet can still be polled."""
        ...
