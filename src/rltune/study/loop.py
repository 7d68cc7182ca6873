"""The loop: the only place that wires. Asks the phases for work, gives it to the executor, records how it went.

Everything measured is committed before the next decision; every decision is made from the store alone. So the loop
can be killed at any moment, and another one goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
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
from rltune.study.granting import begun_of
from rltune.study.helm import Helm
from rltune.study.observer import Observer
from rltune.study.orders import Workshop
from rltune.study.phases import StudyPhase
from rltune.study.plan import PlanTerms
from rltune.study.recorder import Recorder
from rltune.study.retries import settled
from rltune.study.room import Room
from rltune.study.side import Side
from rltune.study.snapshot import Moment, Snapshots
from rltune.study.starting import Starter
from rltune.study.turning import begin_phase, write_notes
from rltune.study.usage import Idle, Meter
from rltune.study.work import Train, View, Work, model_of
from rltune.types import Configuration, StepMetrics

POLL_SECONDS = 0.2


class StudyLoop:
    """Runs a study's phases to their end, or until it is asked to stop.

    Args:
        phases: in order. estimates: of the seconds that work takes; timing runs train its recipe.
        stop_requested: polled a few times a second; True ends the sitting cleanly.
        terms: that the phases plan with; without them nobody can change the study's budget.
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
        terms: PlanTerms | None = None,
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
            store, executor, workshop, resources, self.room, self.fitting, self.side, clock, self.snapshots.best,
            self._tell,
        )  # fmt: skip
        self._fleet = Fleet()
        self.helm = Helm(
            store, executor, self._fleet, self.recorder, phases, clock, self._look, self._tell, terms,
            estimates.problem.training_seed,
        )  # fmt: skip
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
        self.store.set_state(StudyState.RUNNING)
        state = StudyState.FAILED
        try:
            self.executor.open()
            self.helm.close_stopped()
            while (end := self._through()) is None:
                continue
            state = end
            return state
        except Exception as error:
            note_failure(self.store, error)
            raise
        finally:
            self._land()
            self.meter.book(force=True)
            self.store.set_state(state)

    def _through(self) -> StudyState | None:
        """Through all phases that aren't over; None: people have asked for something, and phases choose anew."""
        self._heed(now=True)
        self.helm.anew = False
        begun = begun_of(self.store.study())
        for phase in self.phases:
            if phase.name in begun and self._is_done(phase):
                continue
            self._enter(phase, begun)
            if not self._carry_out(phase):
                return StudyState.INTERRUPTED
            if self.helm.anew:
                return None
        return None if self._heed(now=True) else StudyState.FINISHED

    def _is_done(self, phase: StudyPhase) -> bool:
        view = self._look()
        return phase.done(view) and (phase is self.phases[0] or not view.asked)

    def _enter(self, phase: StudyPhase, begun: Collection[str]) -> None:
        self.store.set_state(StudyState.RUNNING, phase.name)
        self.meter.turn(phase.name, self._fleet.held, Idle.CONTROLLER)
        self._forget()
        if phase.name not in begun:
            begin_phase(phase, self._look(), self.store, self.observer, self._tell)
            self._view = None

    def _forget(self) -> None:
        """Lets go of what was chosen: it is asked for again if it is still wanted."""
        self.chooser.forget()
        self._held, self._view = (), None

    def _carry_out(self, phase: StudyPhase) -> bool:
        """Works until the phase is done, or something before it is to be chosen anew (True), or until asked to stop
        (False)."""
        if self._is_done(phase):
            return True
        self.observer.phase(phase.name, (phase.__doc__ or "").strip().splitlines()[0])
        while not self.stop_requested():
            self._heed()
            if self.helm.anew:
                return True
            self._follow()
            idle = Idle.LANDING if self.helm.paused else self._dispatch(phase)
            # What was begun ahead for a later phase goes on while that one begins.
            if not self.helm.paused and not self._fleet.of(phase.name) and self._is_done(phase):
                return True
            self.meter.turn(phase.name, self._fleet.held, idle)
            self._collect(phase)
            self.meter.book()
            self.observer.tick(phase.name, self.budget.gone(self.meter.spent()), self.budget.whole)
        return False

    def _heed(self, *, now: bool = False) -> bool:
        """Obeys what people have asked for since the last time; whether there was anything."""
        found = self.helm.heed(now=now)
        if found:
            self._forget()
            self.budget = self.budget if self.helm.terms is None else self.helm.terms.limits
        if self.helm.paused:
            self.helm.halt()
        return found

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
        while len(self._fleet) < self.executor.slots and not self.helm.is_called():
            self.meter.turn(phase.name, self._fleet.held, Idle.ASKING)
            while write_notes(phase, self._look(), self.store, self._tell):
                self._view = None
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

    # --- watching and recording ----------------------------------------------------------------------------------
    def _collect(self, phase: StudyPhase | None) -> None:
        # What was left when a trial's end ended the sitting comes first: each event is given once.
        self._events += self.executor.poll(0.0 if self._events else self.poll_seconds)
        if phase is not None:
            if not self._fleet and (self.helm.paused or (self._held and self.room.short)):
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
