"""The loop: the only place that wires. Asks the phases for work, gives it to the executor, records how it went.

Everything measured is committed before the next decision; every decision is made from the store alone. So the loop
can be killed at any moment, and another one goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from rltune.clock import Clock
from rltune.errors import StudyError
from rltune.executors.base import Ended, Event, Executor, Outcome, Stepped
from rltune.store.base import StudyState, StudyStore
from rltune.study.alarms import Alarms, note_failure
from rltune.study.backfill import MARGIN
from rltune.study.budget import Budget, Resources
from rltune.study.choosing import Choice, Chooser
from rltune.study.estimates import Estimates
from rltune.study.fitting import Fitting
from rltune.study.flight import Fleet, InFlight
from rltune.study.observer import Observer
from rltune.study.orders import Workshop
from rltune.study.phases import Noting, StudyPhase
from rltune.study.recorder import Recorder
from rltune.study.retries import settled
from rltune.study.room import Room
from rltune.study.side import Side
from rltune.study.snapshot import Moment, Snapshots
from rltune.study.starting import Starter
from rltune.study.usage import Idle, Meter
from rltune.study.work import Train, View, Work, model_of
from rltune.types import Configuration, StepMetrics

POLL_SECONDS = 0.2


class StudyLoop:
    """Runs a study's phases to their end, or until it is asked to stop.

    Args:
        phases: in order. estimates: of the seconds that work takes; timing runs train its recipe.
        stop_requested: polled a few times a second; True ends the sitting cleanly.
        landing_seconds: longest wait for trials in flight to save and end; more than the executor's grace.
        poll_seconds: longest wait for something to happen.
    """

    def __init__(
        self,
        *,
        store: StudyStore,
        executor: Executor,
        workshop: Workshop,
        phases: Sequence[StudyPhase],
        estimates: Estimates,
        budget: Budget,
        resources: Resources,
        clock: Clock,
        observer: Observer,
        stop_requested: Callable[[], bool],
        landing_seconds: float = 60.0,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.store = store
        self.executor = executor
        self.workshop = workshop
        self.phases = phases
        self.budget = budget
        self.clock = clock
        self.observer = observer
        self.stop_requested = stop_requested
        self.landing_seconds = landing_seconds
        self.poll_seconds = poll_seconds
        self.fitting = Fitting(store, workshop.memory_levels, self._tell)
        self.side = Side(store, workshop, estimates.recipe, self.fitting, clock)
        self.recorder = Recorder(store, workshop.rungs, self.fitting)
        self.alarms = Alarms(store, self._tell, str(workshop.folder))
        self.meter = Meter(store, clock, resources)
        self.room = Room(store, workshop, self._tell)
        self.snapshots = Snapshots(store, workshop.retry_seconds)
        self.chooser = Chooser(phases, resources, estimates, self._look)
        self.starter = Starter(
            store,
            executor,
            workshop,
            resources,
            self.room,
            self.fitting,
            self.side,
            clock,
            self.snapshots.best,
            self._tell,
        )
        self._fleet = Fleet()
        self._events: list[Event] = []
        self._held: tuple[Choice, ...] = ()
        self._tried: set[tuple[Configuration, str, int]] = set()
        self._view: View | None = None

    # --- the course of things ------------------------------------------------------------------------------------
    def run(self) -> StudyState:
        """Runs to the end (FINISHED), or until asked to stop (INTERRUPTED).

        Raises:
            StudyError: if the study can't go on; its state is FAILED and it can be resumed.
        """
        begun = set(self.store.study().facts.get("begun") or ())  # type: ignore[call-overload]
        self.store.set_state(StudyState.RUNNING)
        state = StudyState.FAILED
        try:
            self.executor.open()
            for phase in self.phases:
                self._enter(phase, begun)
                if not self._carry_out(phase):
                    state = StudyState.INTERRUPTED
                    return state
            state = StudyState.FINISHED
            return state
        except Exception as error:
            note_failure(self.store, error)
            raise
        finally:
            self._land()
            self.meter.book(force=True)
            self.store.set_state(state)

    def _enter(self, phase: StudyPhase, begun: set[object]) -> None:
        self.store.set_state(StudyState.RUNNING, phase.name)
        self.meter.turn(phase.name, self._fleet.held, Idle.CONTROLLER)
        self.chooser.forget()
        self._held, self._view = (), None
        if phase.name in begun:
            return
        facts = phase.begin(self._look())
        for name, value in facts.items():
            self.store.set_fact(name, value)
            if name == "plan":
                self.observer.planned(value)  # type: ignore[arg-type]
            elif name == "winner":
                self.store.add_decision("winner", str(value["id"]), str(value["reason"]), dict(value))  # type: ignore[index,call-overload]
        if facts.get("cut"):
            self._tell("warning", str(facts["cut"]))
        begun.add(phase.name)
        self.store.set_fact("begun", sorted(str(name) for name in begun))
        self._view = None

    def _carry_out(self, phase: StudyPhase) -> bool:
        """Works until the phase is done (True), or until asked to stop (False)."""
        if phase.done(self._look()):
            return True
        self.observer.phase(phase.name, (phase.__doc__ or "").strip().splitlines()[0])
        while not self.stop_requested():
            self._follow()
            idle = self._dispatch(phase)
            # What was begun ahead for a later phase goes on while that one begins.
            if not self._fleet.of(phase.name) and phase.done(self._look()):
                return True
            self.meter.turn(phase.name, self._fleet.held, idle)
            self._collect(phase)
            self.meter.book()
            self.observer.tick(phase.name, self.budget.gone(self.meter.spent()), self.budget.whole)
        return False

    def _follow(self) -> None:
        """Machines come and go: from now on what there is now is counted. The plan and the budget's scale stay, since
        shares of it are what phases were promised; used GPU-hours are those that trials hold anyway."""
        before = self.meter.resources
        now = before.now(self.executor.slots, int(self.executor.gpus))
        if (now.slots, now.there) != (before.slots, before.there):
            self.meter.change(now)
            self.chooser.resources = now
            self.starter = replace(self.starter, resources=now)

    def _dispatch(self, phase: StudyPhase) -> Idle:
        """Starts what there is room for; says why the rest stays idle."""
        while len(self._fleet) < self.executor.slots:
            self.meter.turn(phase.name, self._fleet.held, Idle.ASKING)
            self._write_notes(phase)
            waits = self.chooser.waiting, self._held
            choice = self._choose(phase)
            if choice is None and (self.chooser.waiting, self._held) == waits:
                break
            self._view = None
            if choice is None:
                continue
            self.meter.turn(phase.name, self._fleet.held, Idle.CONTROLLER)
            started = self.starter.start(choice.work, choice.phase, choice.expected)
            if isinstance(started, InFlight):
                self._took_off(started)
            elif started is not None:
                # To be admitted like all that is trained, after what its score may have passed.
                self._held = (*self._held, Choice(started, choice.phase, None))
        return Idle.ROOM if self._held else self.chooser.idle

    def _choose(self, phase: StudyPhase) -> Choice | None:
        """What to start now, or None. What there was no room for on the disk goes first; as long as there is none,
        nothing passes it but scores, which need none."""
        if not self._held:
            choice = self.chooser.next(phase, self._fleet, self._has_room, self.clock.monotonic())
            if choice is None or self.room.admits(choice.work):
                return choice
            self._held = (choice,)
            return None
        first, *others = self._held
        choice = self.chooser.again(first.work, first.phase)
        fits = choice is not None and (not self._fleet or self._has_room(choice.work))
        if choice is None or (fits and self.room.admits(choice.work)):
            self._held = tuple(others)
            return choice
        return self.chooser.passing(phase, self._has_room, self.clock.monotonic())

    def _has_room(self, work: Work) -> bool:
        return self.executor.has_room(self.workshop.gpus.get(model_of(work)))

    def _took_off(self, flying: InFlight) -> None:
        self._fleet.add(flying)
        if isinstance(flying.work, Train) and flying.run is not None and flying.segment is not None:
            self._tried.add((flying.run.configuration, flying.run.model, flying.run.seed))
            self.observer.trial_started(flying.run, flying.work.proposal, flying.segment.from_step)

    def _write_notes(self, phase: StudyPhase) -> None:
        if not isinstance(phase, Noting):
            return
        while notes := phase.notes(self._look()):
            for note in notes:
                self._tell(note.level, note.text)
                self.store.add_decision(note.name, note.level, note.text, note.value)
                self.store.set_fact(note.name, note.value)
            self._view = None

    # --- watching and recording ----------------------------------------------------------------------------------
    def _collect(self, phase: StudyPhase | None) -> None:
        # What was left when a trial's end ended the sitting comes first: each event is given once.
        self._events += self.executor.poll(0.0 if self._events else self.poll_seconds)
        if phase is not None:
            if self._held and self.room.short and not self._fleet:
                self.meter.skip()
            self.meter.turn(phase.name, self._fleet.held, Idle.CONTROLLER)
        while self._events:
            event = self._events.pop(0)
            flying = self._fleet.get(event.order_id)
            if flying is None:
                continue
            if isinstance(event, Stepped):
                self._stepped(flying, event.metrics)
            elif isinstance(event, Ended):
                self._fleet.remove(event.order_id)
                self._ended(flying, event.outcome)
                self.room.release(event.order_id, event.outcome.checkpoints)
        fresh = {f.segment.id: f.fresh for f in self._fleet if f.segment is not None and f.fresh}
        if fresh:
            self.store.add_all_steps(fresh)
        for flying in self._fleet:
            flying.fresh = []

    def _stepped(self, flying: InFlight, metrics: StepMetrics) -> None:
        if flying.run is not None:
            flying.fresh.append(metrics)
            flying.done += 1
            self.observer.stepped(flying.run, metrics)

    def _ended(self, flying: InFlight, outcome: Outcome) -> None:
        self._view = None
        outcome = settled(outcome)
        work = flying.work
        self.meter.started(flying.gpus, outcome.cost.start_seconds)
        if isinstance(work, Train):
            assert flying.run is not None and flying.segment is not None
            score = self.recorder.record(flying.segment, flying.run, outcome, flying.order.job.memory_level)
            self.observer.trial_ended(flying.run, work.proposal, outcome, score)
            self.alarms.look_at(outcome)
        else:
            self.side.ended(work, flying.order, outcome)

    def _land(self) -> None:
        """Ends what is in flight with a checkpoint each, records it, and frees the executor."""
        deadline = self.clock.monotonic() + self.landing_seconds
        try:  # the store may be out of reach: nothing here but recording may need it
            for flying in self._fleet:
                self.executor.stop(flying.order.id)
            while self._fleet and self.clock.monotonic() < deadline:
                self.meter.turn(self.meter.phase, self._fleet.held, Idle.LANDING)
                with suppress(StudyError):  # the error that ended the sitting is the one to show
                    self._collect(None)
        finally:
            self.executor.close()

    # --- bookkeeping ---------------------------------------------------------------------------------------------
    def _look(self, gap: float = math.inf) -> View:
        """What is known now; the store is read after each change. `gap`: see View."""
        now = self.clock.monotonic()
        spent, tail = self.meter.spent(self._fleet.committed(now)), self._fleet.tail("search", now) / MARGIN
        seconds = self.budget.gone(spent)
        if self._view is None:
            waiting = [w.work for w in (self.chooser.waiting, *self._held) if w is not None]
            flying = [f.work for f in self._fleet]
            self._view = self.snapshots.take(Moment(flying, waiting, self._tried, self.side.failed, self.side.waits))
        return replace(self._view, seconds=seconds, now=self.clock.now(), spent=spent, gap=gap, tail=tail)

    def _tell(self, level: str, text: str) -> None:
        self.store.add_event(level, text)
        self.observer.message(level, text)
