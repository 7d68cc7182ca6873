"""A place on a cluster: what runs on the node that a trial was given. Ray makes an actor of it; it knows no Ray.

The actor holds the trial's resources, and in it a local executor with one slot does what it does anywhere: a server
that has imported the trainer's libraries, workers forked from it in sessions of their own, limits, grace, an end of the
whole process tree. So a second trial of the same size begins within milliseconds, and if the actor is killed, the
server sees its controller gone and ends its trial with a checkpoint.

Events are kept until the controller says that it has them: an answer that was lost on the way is asked for again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rltune import __version__
from rltune.errors import ExecutorError
from rltune.executors import codec
from rltune.executors.base import Ended, Event, Outcome
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import SegmentFiles, read_order
from rltune.store.manifest import host_name
from rltune.types import StepMetrics

RAY_ADDRESS = "RAY_ADDRESS"
_OWN_RAY = "local"
_LOOK_SECONDS = 0.05
_SEEN_SECONDS = 10.0
"""How long an order may take to appear on the node: network disks remember for seconds that a file wasn't there."""


@dataclass(frozen=True, slots=True)
class PlaceTerms:
    """What a place is made with.

    Attributes:
        trainers: to preload. grace_seconds, threads, device: of the local executor.
        version: rltune's, where the controller runs.
        ray_address: what a trial that uses Ray itself joins; empty: it starts one of its own, on its own GPUs.
    """

    trainers: tuple[str, ...]
    grace_seconds: float
    threads: int
    device: str
    version: str = __version__
    ray_address: str = ""


class Place:
    """Runs one trial at a time. Called from several threads."""

    def __init__(self, terms: PlaceTerms) -> None:
        detach(os.environ, terms.ray_address)
        self._version = terms.version
        self._executor = LocalExecutor(
            slots=1,
            trainers=terms.trainers,
            threads=terms.threads,
            grace_seconds=terms.grace_seconds,
            device=terms.device,
        )
        self._lock = threading.Lock()
        self._launching = threading.Lock()
        self._events: list[Event] = []
        self._known: dict[str, dict[str, Any]] = {}

    def hello(self) -> dict[str, str]:
        """Who this is; begins to import."""
        with self._lock:
            self._executor.open()
        return {"host": host_name()}

    def launch(self, order_id: str, folder: str) -> dict[str, Any]:
        """Starts the order in `folder`; {"pid", "started"}, or {"problem", "hint"}. Asked twice, it answers twice."""
        with self._launching:  # asked again while it still imports, it must not start a second one
            if order_id not in self._known:
                self._known = {order_id: self._launch(Path(folder))}
            return self._known[order_id]

    def _launch(self, folder: Path) -> dict[str, Any]:
        if self._version != __version__:
            return {
                "problem": f"it has rltune {__version__}, the study runs with {self._version}",
                "hint": "install the same version on all nodes",
            }
        deadline = time.monotonic() + _SEEN_SECONDS
        while not SegmentFiles(folder).order.exists():
            if time.monotonic() >= deadline:
                return {
                    "problem": f"it doesn't see the study's folder: there is no {SegmentFiles(folder).order}",
                    "hint": "all nodes must see the study's folder under the same path: set `output` to a shared disk",
                }
            time.sleep(_LOOK_SECONDS)
        try:
            with self._lock:
                self._executor.open()
                self._events = []
                identity = self._executor.launch(read_order(folder))
        except ExecutorError as error:
            return {"problem": error.message, "hint": error.hint}
        return {"pid": identity.pid, "started": identity.started}

    def poll(self, order_id: str, seen: int, seconds: float) -> list[dict[str, Any]]:
        """The events of the order behind the first `seen`, as plain values; waits for one up to `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                self._events += self._executor.poll(0.0)
                fresh = [e for e in self._events if e.order_id == order_id][seen:]
            if fresh or time.monotonic() >= deadline:
                return [_plain(event) for event in fresh]
            time.sleep(_LOOK_SECONDS)

    def stop(self, order_id: str) -> None:
        """See `Executor.stop`."""
        with self._lock:
            self._executor.stop(order_id)

    def close(self) -> None:
        """See `Executor.close`."""
        with self._lock:
            self._executor.close()


def detach(environment: MutableMapping[str, str], ray_address: str) -> None:
    """Makes what a trial's process inherits free of this worker's own bonds to Ray.

    A trial that starts Ray (verl does, with a plain `ray.init()`) would else find the cluster that its place belongs to
    and reserve GPUs there that the place has reserved already: with none left it waits for ever. verl makes placement
    groups of its own, and Ray can't place one inside of another, so the reservation can't be handed on either. With
    RAY_ADDRESS=local it starts a Ray of its own, which sees the GPUs in CUDA_VISIBLE_DEVICES and no others, and which
    ends with it. Only a trial on several nodes has to join the cluster (`ray_address`); its place then reserves no GPU.
    """
    for name in [name for name in environment if name.startswith("RAY_")]:
        del environment[name]
    environment[RAY_ADDRESS] = ray_address or _OWN_RAY


def _plain(event: Event) -> dict[str, Any]:
    if isinstance(event, Ended):
        outcome = event.outcome
        metrics = [codec.metrics_to_plain(m) for m in outcome.metrics]
        return {"ended": codec.outcome_to_plain(outcome), "metrics": metrics, "log_tail": outcome.log_tail}
    return {"stepped": codec.metrics_to_plain(event.metrics)}


def revive(plain: Mapping[str, Any]) -> StepMetrics | Outcome:
    """What `poll` gave as plain values: a step, or how the order ended."""
    if "stepped" in plain:
        return codec.metrics_from_plain(plain["stepped"])
    metrics = tuple(codec.metrics_from_plain(m) for m in plain["metrics"])
    return replace(codec.outcome_from_plain(plain["ended"], metrics), log_tail=plain["log_tail"])
