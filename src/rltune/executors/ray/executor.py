"""The Ray executor: trials on a cluster that the user has, each on a node with room for what its model needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError, RuntimeEnvSetupError

from rltune import __version__
from rltune.clock import Clock, SystemClock
from rltune.errors import ExecutorError
from rltune.executors.base import Ended, Event, Order, Outcome, Stepped
from rltune.executors.ray.cluster import Cluster, in_short
from rltune.executors.ray.flight import Flight, Stage
from rltune.executors.ray.needs import GPU, Needs
from rltune.executors.ray.place import PlaceTerms, revive
from rltune.executors.ray.room import Room
from rltune.executors.ray.seat import SHORT_ID
from rltune.executors.ray.terms import check_terms
from rltune.executors.records import read_started, write_order
from rltune.types import StepMetrics

IDLE_SECONDS = 60.0
"""How long a place stays reserved without a trial: the next one finds its libraries loaded."""
ANSWER_SECONDS = 90.0
"""A place answers at least every second; one that doesn't for so long is frozen."""
LAUNCH_SECONDS = 900.0
"""A place that has to import its trainer's libraries first takes longer."""
_FORCE_SECONDS = 15.0


class RayExecutor:
    """Implements `rltune.executors.base.Executor` on a Ray cluster. The study's folder must lie on a disk that all
    nodes see under the same path.

    Args:
        slots: trials at once; None: as many as the cluster has room for, counted anew as nodes come and go.
        trainers, threads, grace_seconds, device, gpus, clock: as for the local executor.
        address: see `Cluster`. runtime_env: likewise.
        cpus: CPUs that a trial reserves; None: its threads.
        resources: other resources that each trial reserves, as the cluster's owner has named them.
        waiting: how many orders may wait for a node that isn't there yet, so that an autoscaler brings one.
        trial_ray: "own": a trial that uses Ray starts one of its own on the GPUs that its place has reserved;
            "cluster": it joins this cluster and reserves its GPUs itself, as one on several nodes must.

    Raises:
        ExecutorError: if a number or a name is impossible.
    """

    def __init__(
        self,
        *,
        slots: int | None = None,
        trainers: Sequence[str] = ("trl",),
        threads: int = 1,
        grace_seconds: float = 30.0,
        device: str = "auto",
        gpus: float = 1,
        address: str = "auto",
        cpus: float | None = None,
        resources: Mapping[str, float] | None = None,
        runtime_env: Mapping[str, Any] | None = None,
        waiting: int = 0,
        trial_ray: str = "own",
        clock: Clock | None = None,
    ) -> None:
        check_terms(slots, threads, gpus, grace_seconds, waiting, device, trial_ray)
        self._slots, self._fewest, self._waiting = slots, gpus, waiting
        self._cpus, self._others = float(threads if cpus is None else cpus), tuple(sorted((resources or {}).items()))
        self._trainers, self._threads, self._device = tuple(trainers), threads, device
        self._address, self._runtime_env = address, dict(runtime_env or {})
        self._joins = trial_ray == "cluster"
        self._grace_seconds = grace_seconds
        self._clock = clock or SystemClock()
        self._cluster: Cluster | None = None
        self._room = Room()
        self._flights: dict[str, Flight] = {}
        self._events: list[Event] = []
        self._broken: ExecutorError | None = None
        self._opened = False

    # --- room ----------------------------------------------------------------------------------------------------
    @property
    def slots(self) -> int:
        if self._slots is not None:
            return self._slots
        return self._room.capacity(self._connect(), self._needs(self._fewest)) + self._waiting

    @property
    def gpus(self) -> float:
        if self._device == "cpu":
            return 0
        return sum(resources.get(GPU, 0.0) for resources in self._connect().totals.values())

    def has_room(self, gpus: float | None = None) -> bool:
        """By what the cluster has free now, whoever else uses it."""
        cluster = self._connect()
        self._look(0.0)  # what has found its place by now doesn't wait for one any more
        if len(self._flights) >= self.slots:
            return False
        if self._joins and not self._joiners_have_room(cluster, gpus):
            return False
        unplaced = [f.seat.needs for f in self._flights.values() if f.stage is Stage.PLACE]
        return len(unplaced) < self._waiting or self._room.has(cluster, self._needs(gpus), unplaced)

    def _joiners_have_room(self, cluster: Cluster, gpus: float | None) -> bool:
        """For trials that reserve their GPUs themselves: enough are free, and none is about to reserve some."""
        settled = all(read_started(flight.order.folder) for flight in self._flights.values())
        free = sum(resources.get(GPU, 0.0) for resources in cluster.free.values())
        return settled and free >= (gpus or 0)

    def _needs(self, gpus: float | None, device: str = "") -> Needs:
        """What a place reserves for an order with so many GPUs."""
        if "cpu" in (self._device, device) or self._joins:
            return Needs(self._cpus, 0.0, self._others)
        # Without any GPU, as on a CPU, an order's number of them says nothing, unless one may be on its way.
        none_seen = self._device == "auto" and not self._waiting and not self._room.ever(self._connect(), GPU)
        return Needs(self._cpus, 0.0 if none_seen else float(1 if gpus is None else gpus), self._others)

    # --- the contract --------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Joins the cluster."""
        self._connect()
        self._opened = True

    def submit(self, order: Order) -> None:
        """As `Executor.submit`; an order that finds no room waits for it, unless no node was ever large enough."""
        if not self._opened:
            raise ExecutorError("an order was submitted to an executor that isn't open", where=order.id)
        if order.id in self._flights:
            raise ExecutorError("an order with this id is in flight already", where=order.id)
        # Counted by the cluster, slots may have become fewer since the caller looked: then the order waits.
        if self._slots is not None and len(self._flights) >= self._slots:
            raise ExecutorError(f"all {self._slots} slots are taken", where=order.id, hint="poll until one is free")
        cluster, needs = self._connect(), self._needs(order.gpus, order.job.device)
        if not self._waiting:
            self._room.check_feasible(cluster, needs, order.id)
        write_order(order)
        seat = self._room.take(cluster, needs, self._terms(order), order.avoid)
        now = self._clock.monotonic()
        self._flights[order.id] = Flight(order, seat, Stage.PLACE, seat.hello(), seat.launch(order), now)

    def poll(self, timeout: float) -> list[Event]:
        deadline = self._clock.monotonic() + timeout
        self._look(0.0)
        while not self._events and not self._broken and (left := deadline - self._clock.monotonic()) > 0:
            self._look(min(left, 0.5))
        if self._broken is not None and not self._events:
            broken, self._broken = self._broken, None
            raise broken
        events, self._events = self._events, []
        return events

    def stop(self, order_id: str) -> None:
        flight = self._flights.get(order_id)
        if flight is None or flight.stop_at is not None:
            return
        flight.stop_at = self._clock.monotonic() + self._grace_seconds + _FORCE_SECONDS
        if flight.stage is Stage.PLACE:
            self._look(0.0)  # it may have got one meanwhile
        if flight.stage is Stage.PLACE:
            self._room.drop(flight.seat)
            flight.orphaned("it had no place on the cluster yet", self._clock.monotonic())
        elif flight.stage is Stage.EVENTS:
            flight.seat.stop(flight.order)

    def close(self) -> None:
        for order_id in list(self._flights):
            self.stop(order_id)
        while self._flights:
            self._look(0.2)
        if self._cluster is not None:
            self._room.close(self._grace_seconds + _FORCE_SECONDS)
            self._cluster.close()
            self._cluster = None
        self._opened = False

    # --- watching ------------------------------------------------------------------------------------------------
    def _look(self, wait: float) -> None:
        """Takes in what places have answered; waits up to `wait` seconds for the first of them."""
        awaited = {flight.reference: flight for flight in self._flights.values() if flight.reference is not None}
        if awaited:
            ready, _ = ray.wait(list(awaited), num_returns=1, timeout=wait)
            ready, _ = ray.wait(list(awaited), num_returns=len(awaited), timeout=0) if ready else (ready, [])
            for reference in ready:
                self._advance(awaited[reference])
        elif wait:
            self._clock.sleep(min(wait, 0.1) if self._flights else wait)
        now = self._clock.monotonic()
        for flight in list(self._flights.values()):
            self._enforce(flight, now)
        self._room.release_idle(now - IDLE_SECONDS)

    def _advance(self, flight: Flight) -> None:
        now = self._clock.monotonic()
        try:
            answer = ray.get(flight.reference)
        except ActorUnavailableError:
            flight.ask_again()  # for as long as ANSWER_SECONDS allow
        except RuntimeEnvSetupError as error:
            self._refuse(flight, f"Ray can't set the workers' environment up: {in_short(error)}", "see runtime_env")
        except RayActorError as error:
            self._lose(flight, in_short(error), now)
        except RayError as error:
            self._refuse(flight, f"its place on {flight.seat.host or 'the cluster'} failed: {in_short(error)}", None)
        else:
            self._answered(flight, answer, now)

    def _answered(self, flight: Flight, answer: Any, now: float) -> None:
        if flight.stage is Stage.PLACE:
            flight.seat.placed(answer)
            flight.begun = now
            flight.await_next(Stage.LAUNCH, now)
        elif flight.stage is Stage.LAUNCH:
            if "problem" in answer:
                self._refuse(flight, f"node {flight.seat.host}: {answer['problem']}", answer["hint"])
                return
            if flight.stop_at is not None:
                flight.seat.stop(flight.order)
            flight.await_next(Stage.EVENTS, now)
        else:
            self._happened(flight, answer, now)

    def _happened(self, flight: Flight, answer: Sequence[Mapping[str, Any]], now: float) -> None:
        for plain in answer:
            flight.events += 1
            event = revive(plain)
            if isinstance(event, StepMetrics):
                self._tell(flight, [event])
                flight.steps.append(event)
            else:
                self._room.give_back(flight.seat, now)
                self._end(flight, event)
                return
        flight.await_next(Stage.EVENTS, now)

    def _enforce(self, flight: Flight, now: float) -> None:
        if flight.stage is Stage.ORPHAN:
            if flight.silent(now, self._grace_seconds):
                self._finish_lost(flight, now)
        elif flight.stage is not Stage.PLACE and now - flight.asked > (limit := _patience(flight.stage)):
            self._lose(flight, f"its place didn't answer for {limit:g} s", now)
        elif flight.stop_at is not None and now >= flight.stop_at:
            flight.lost = f"it did not stop within {self._grace_seconds:g} s and was ended by force"
            self._room.drop(flight.seat)
            self._finish_lost(flight, now)

    # --- ends ----------------------------------------------------------------------------------------------------
    def _lose(self, flight: Flight, why: str, now: float) -> None:
        """Its place is gone. If its node is still there, the trial may yet end itself with a checkpoint."""
        seat = flight.seat
        self._room.drop(seat)
        if not seat.node and "creation task" in why:
            hint = "rltune must be installed on all nodes, with the trainer's libraries; or name them in runtime_env"
            self._refuse(flight, f"a place on the cluster can't be made: {why}", hint)
            return
        gone = bool(seat.node) and not self._connect().alive(seat.node)
        place = f"node {seat.host} ({seat.node[:SHORT_ID]})" if seat.node else "a node of the cluster"
        flight.orphaned(f"{place} was lost" if gone else f"its place on {place} was lost: {why}", now)
        if gone:
            self._finish_lost(flight, now)

    def _finish_lost(self, flight: Flight, now: float) -> None:
        self._tell(flight, flight.untold())
        self._end(flight, flight.left_behind(now))

    def _refuse(self, flight: Flight, message: str, hint: str | None) -> None:
        """The cluster can't do what every trial needs: the next `poll` says so."""
        self._room.drop(flight.seat)
        flight.lost = "it could not begin"
        self._end(flight, flight.left_behind(self._clock.monotonic()))
        self._broken = ExecutorError(message, where="executor ray", hint=hint)

    def _end(self, flight: Flight, outcome: Outcome) -> None:
        del self._flights[flight.order.id]
        self._events.append(Ended(flight.order.id, outcome))

    def _tell(self, flight: Flight, steps: Sequence[StepMetrics]) -> None:
        self._events += [Stepped(flight.order.id, step) for step in steps]

    # --- parts ---------------------------------------------------------------------------------------------------
    def _connect(self) -> Cluster:
        if self._cluster is None:
            self._cluster = Cluster(self._address, self._runtime_env)
        return self._cluster

    def _terms(self, order: Order) -> PlaceTerms:
        device = order.job.device if self._device == "auto" else self._device
        address = ray.get_runtime_context().gcs_address if self._joins else ""
        return PlaceTerms(self._trainers, self._grace_seconds, self._threads, device, __version__, address)


def _patience(stage: Stage) -> float:
    return ANSWER_SECONDS if stage is Stage.EVENTS else LAUNCH_SECONDS
