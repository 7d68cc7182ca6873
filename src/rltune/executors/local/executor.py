"""The local executor: trials on this machine, forked from a preloaded server, several at once if there is room."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from rltune.clock import Clock, SystemClock
from rltune.errors import ExecutorError
from rltune.executors.base import Ended, Event, Order, ProcessIdentity, Stepped
from rltune.executors.fence import revoke
from rltune.executors.isolation import DUMP_SIGNAL
from rltune.executors.local.connection import ServerConnection, ServerDied
from rltune.executors.local.gpus import DEVICES, VISIBLE_DEVICES, free_gpus, gpu_for, slots_for, visible_gpus
from rltune.executors.local.trial import Trial
from rltune.executors.local.verdict import Ending, judge
from rltune.executors.processes import is_alive, kill_trials, oom_kills, send
from rltune.executors.records import SegmentFiles, collect, read_identity, write_order
from rltune.types import StopKind

POLL_SECONDS = 0.02
"""How often the files of trials are looked at while `poll` waits."""
DUMP_SECONDS = 0.3
"""How long a hanging trial has to write its stack into its log before it is killed."""
_FORCE_SECONDS = 15.0


class LocalExecutor:
    """Implements `rltune.executors.base.Executor` with processes on this machine (Linux).

    Args:
        slots: trials at once; None: as many as the GPUs are enough for if trials use them, else by the number of
            cores. More slots than GPUs share them evenly, but for orders that say how many they have to themselves.
        trainers: names (see `rltune.trainers.build`) whose libraries are imported once, before trials are forked.
        threads: a trial's threads, for the default of `slots` (a job brings its own number).
        grace_seconds: how long a trial may take to stop by itself, with a checkpoint, before it is killed. Less than
            a rollout step of the largest model means losing the steps since its last checkpoint.
        device: "cpu": trials see no GPU; "auto" or "cuda": each sees one of those that this process may use, if any, or
            as many as its order says.
        gpus: the fewest that an order will say, for the default of `slots`.
        clock: for limits and grace periods.

    Raises:
        ExecutorError: if a number or the device is impossible, or this is not Linux.
    """

    def __init__(
        self,
        *,
        slots: int | None = None,
        trainers: Sequence[str] = ("trl",),
        threads: int = 1,
        grace_seconds: float = 30.0,
        device: str = "auto",
        gpus: int = 1,
        clock: Clock | None = None,
    ) -> None:
        if (slots is not None and slots < 1) or threads < 1 or gpus < 1 or grace_seconds < 0:
            raise ExecutorError(
                f"expected slots, threads and gpus of at least 1 and a grace period of at least 0 s, "
                f"got slots {slots}, threads {threads}, gpus {gpus}, grace_seconds {grace_seconds}",
                where="executor local",
            )
        if device not in DEVICES:
            raise ExecutorError(f"expected a device of {', '.join(DEVICES)}, got {device!r}", where="executor local")
        if not sys.platform.startswith("linux"):
            raise ExecutorError(f"the local executor needs Linux, this is {sys.platform}", where="executor local")
        self._device = device
        self._gpus = () if device == "cpu" else visible_gpus(os.environ)
        self._slots = slots or slots_for(device, self._gpus, len(os.sched_getaffinity(0)), threads, gpus)
        self._trainers = tuple(trainers)
        self._grace_seconds = grace_seconds
        self._clock = clock or SystemClock()
        self._server: ServerConnection | None = None
        self._trials: dict[str, Trial] = {}
        self._events: list[Event] = []
        self._opened = False

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def gpus(self) -> int:
        return len(self._gpus)

    def has_room(self, gpus: float | None = None) -> bool:
        """Without any GPU, as on a CPU, an order's number of them says nothing."""
        enough = gpus is None or not self._gpus or len(self._free_gpus()) >= gpus
        return len(self._trials) < self._slots and enough

    def open(self) -> None:
        """Starts the fork server, which imports in the background; the first `submit` waits for it."""
        self._opened = True
        if self._server is None:
            self._server = ServerConnection(self._trainers, self._grace_seconds)

    def submit(self, order: Order) -> ProcessIdentity:
        if not self._opened:
            raise ExecutorError("an order was submitted to an executor that isn't open", where=order.id)
        if order.id in self._trials:
            raise ExecutorError("an order with this id is in flight already", where=order.id)
        if len(self._trials) >= self._slots:
            raise ExecutorError(f"all {self._slots} slots are taken", where=order.id, hint="poll until one is free")
        self._choose_gpus(order)  # it may raise: before anything is written
        write_order(order)
        return self.launch(order)

    def launch(self, order: Order) -> ProcessIdentity:
        """Starts an order that lies in its folder already, as `submit` has put it there; otherwise as `submit`."""
        gpus = self._choose_gpus(order)
        self._look()  # a server that died meanwhile is noticed, and replaced, before it is asked
        pid, started = self._fork(order, gpus)
        identity = ProcessIdentity(pid, started)
        now = self._clock.monotonic()
        self._trials[order.id] = Trial(order, identity, now, self._grace_seconds, oom_kills(), gpus)
        return identity

    def _choose_gpus(self, order: Order) -> tuple[str, ...] | None:
        """What the trial shall see as its GPUs; empty: none; None: whatever this process sees."""
        if "cpu" in (self._device, order.job.device):
            return ()
        if not self._gpus:
            return None
        if order.gpus is None or order.gpus < 1:
            shared = gpu_for(self._gpus, [gpu for trial in self._trials.values() for gpu in trial.gpus or ()])
            return None if shared is None else (shared,)
        free = self._free_gpus()
        if len(free) < order.gpus:
            raise ExecutorError(
                f"the trial needs {order.gpus} of the {len(self._gpus)} GPUs, and {len(free)} are free",
                where=order.id,
                hint="poll until a trial has ended" if order.gpus <= len(self._gpus) else "lower its share of them",
            )
        return free[: int(order.gpus)]

    def _free_gpus(self) -> tuple[str, ...]:
        return free_gpus(self._gpus, [trial.gpus or () for trial in self._trials.values()])

    def _fork(self, order: Order, gpus: tuple[str, ...] | None) -> tuple[int, float]:
        try:
            return self._ask_server(order, gpus)
        except ServerDied:
            if read_identity(order.folder) is not None:
                raise  # it died in the very moment of the fork; a second worker must not write into this folder
            return self._ask_server(order, gpus)

    def _ask_server(self, order: Order, gpus: tuple[str, ...] | None) -> tuple[int, float]:
        self.open()
        assert self._server is not None
        environment = {} if gpus is None else {VISIBLE_DEVICES: ",".join(gpus)}
        try:
            return self._server.run(order.id, str(order.folder.resolve()), environment)
        except ExecutorError:
            if not self._server.alive():
                self._drop_server()
            raise

    def poll(self, timeout: float) -> list[Event]:
        deadline = self._clock.monotonic() + timeout
        self._look()
        while not self._events and self._trials and (left := deadline - self._clock.monotonic()) > 0:
            self._look(min(left, POLL_SECONDS))
        if not self._events and (left := deadline - self._clock.monotonic()) > 0:
            self._clock.sleep(left)
        events, self._events = self._events, []
        return events

    def stop(self, order_id: str) -> None:
        trial = self._trials.get(order_id)
        if trial is None or trial.ending is not None:
            return
        ending = Ending(StopKind.INTERRUPTED, "asked to stop", self._grace_seconds)
        trial.end(ending, self._clock.monotonic() + self._grace_seconds)
        send(trial.identity, signal.SIGTERM)

    def close(self) -> None:
        for order_id in list(self._trials):
            self.stop(order_id)
        deadline = self._clock.monotonic() + self._grace_seconds + _FORCE_SECONDS
        while self._trials and self._clock.monotonic() < deadline:
            self._look(POLL_SECONDS)
        for trial in list(self._trials.values()):
            trial.forced = True
            self._finish(trial)
        if self._server is not None:
            self._server.shut_down(self._grace_seconds + _FORCE_SECONDS)
            self._server = None
        self._opened = False

    # --- watching ------------------------------------------------------------------------------------------------
    def _look(self, wait: float = 0.0) -> None:
        """Looks once at the server, at all trials' files and limits; waits up to `wait` seconds for the server."""
        self._hear(wait)
        for trial in list(self._trials.values()):
            self._read_steps(trial)
            if trial.gone:
                self._finish(trial)
            else:
                self._enforce(trial)

    def _hear(self, wait: float) -> None:
        if self._server is None:
            self._clock.sleep(wait)
        else:
            alive = self._server.alive()
            for reply in self._server.replies(wait):
                if "ended" in reply and reply["ended"] in self._trials:
                    trial = self._trials[reply["ended"]]
                    trial.gone, trial.status = True, reply["status"]
            if not alive:
                self._drop_server()
        if self._server is None:
            # The kernel told these trials that their parent has died: they are stopping with a checkpoint.
            for trial in self._trials.values():
                trial.gone = trial.gone or not is_alive(trial.identity)

    def _drop_server(self) -> None:
        """The server has died. Its trials go on being watched; the next order gets a new server."""
        assert self._server is not None
        self._server.kill()
        self._server = None
        now = self._clock.monotonic()
        for trial in self._trials.values():
            if not trial.gone:
                ending = Ending(StopKind.LOST, "the fork server that had started it died", self._grace_seconds)
                trial.end(ending, now + self._grace_seconds)
                send(trial.identity, signal.SIGTERM)

    def _read_steps(self, trial: Trial) -> None:
        self._events += [Stepped(trial.order.id, metrics) for metrics in trial.fresh_steps()]

    def _finish(self, trial: Trial) -> None:
        """Gives a trial's Ended, once; its process, and all that it had started, is gone by then."""
        if trial.status is None and not kill_trials([trial.identity]):  # with a status, the server has seen to it
            revoke(trial.order.checkpoints)  # a process that outlasts SIGKILL, as on a dead disk, may come back
        self._read_steps(trial)
        del self._trials[trial.order.id]
        elapsed = self._clock.monotonic() - trial.begun
        outcome = collect(trial.order.folder, trial.order.checkpoints, elapsed=elapsed)
        # A trial that left an outcome has spoken, also if it says that it is lost, or if a disk has damaged what it
        # says: how its process ended adds nothing.
        spoken = outcome.stop.kind is StopKind.LOST and SegmentFiles(trial.order.folder).outcome.exists()
        if not spoken or trial.ending is not None:
            out_of_memory = oom_kills() > trial.oom_kills
            outcome = judge(outcome, trial.ending, trial.forced, trial.status, out_of_memory)
        self._events.append(Ended(trial.order.id, outcome))

    # --- limits --------------------------------------------------------------------------------------------------
    def _enforce(self, trial: Trial) -> None:
        now = self._clock.monotonic()
        if trial.kill_at is not None:
            if now >= trial.kill_at:
                trial.forced = True
                kill_trials([trial.identity])
                trial.kill_at = now + _FORCE_SECONDS
            return
        breach = trial.breach(now)
        if breach is None:
            return
        if breach.patient:
            trial.end(breach.ending, now + self._grace_seconds)
            send(trial.identity, signal.SIGTERM)
        else:
            trial.end(breach.ending, now + (DUMP_SECONDS if breach.hangs else 0.0))
            if breach.hangs:
                send(trial.identity, DUMP_SIGNAL)
