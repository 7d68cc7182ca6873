"""The loop: the only place that wires. Asks the phases for work, gives it to the executor, records how it went.

Everything measured is committed before the next decision; every decision is made from the store alone. So the loop
can be killed at any moment, and another one goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rltune.clock import Clock
from rltune.errors import StudyError
from rltune.executors.base import Ended, Executor, Order, Outcome, Stepped
from rltune.store.base import RunRecord, SegmentRecord, StudyState, StudyStore
from rltune.store.registry import newest_intact
from rltune.study.alarms import Alarms
from rltune.study.fitting import Fitting
from rltune.study.meter import Meter
from rltune.study.observer import Observer
from rltune.study.orders import Workshop
from rltune.study.phases import Noting, StudyPhase
from rltune.study.recorder import Recorder
from rltune.study.results import best_level, evaluations_of
from rltune.study.side import Side
from rltune.study.snapshot import take_snapshot
from rltune.study.work import Score, Train, View, Work, model_of
from rltune.types import (
    Configuration,
    Cost,
    Fidelity,
    Phase,
    Proposal,
    StepMetrics,
    StopKind,
    StopReason,
)

POLL_SECONDS = 0.2


@dataclass(slots=True)
class InFlight:
    """A piece of work that the executor has."""

    work: Work
    order: Order
    run: RunRecord | None = None
    segment: SegmentRecord | None = None
    fresh: list[StepMetrics] = field(default_factory=list)


class StudyLoop:
    """Runs a study's phases to their end, or until it is asked to stop.

    Args:
        phases: in order. recipe: what timing runs train. limit: the whole budget in seconds (for display).
        stop_requested: polled a few times a second; True ends the sitting cleanly.
        landing_seconds: longest wait for trials in flight to save and end; more than the executor's grace.
    """

    def __init__(
        self,
        *,
        store: StudyStore,
        executor: Executor,
        workshop: Workshop,
        phases: Sequence[StudyPhase],
        recipe: Configuration,
        limit: float,
        clock: Clock,
        observer: Observer,
        stop_requested: Callable[[], bool],
        landing_seconds: float = 60.0,
    ) -> None:
        self.store = store
        self.executor = executor
        self.workshop = workshop
        self.phases = phases
        self.limit = limit
        self.clock = clock
        self.observer = observer
        self.stop_requested = stop_requested
        self.landing_seconds = landing_seconds
        self.fitting = Fitting(store, workshop.memory_levels, self._tell)
        self.side = Side(store, workshop, recipe, self.fitting)
        self.recorder = Recorder(store, workshop.rungs, self.fitting)
        self.alarms = Alarms(store, self._tell, str(workshop.folder))
        self._flying: dict[str, InFlight] = {}
        self._held: Work | None = None
        self._tried: set[tuple[Configuration, str, int]] = set()
        self._view: View | None = None
        self.meter = Meter(store, clock)

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
                finished = self._carry_out(phase)
                self.meter.book(phase.name, force=True)
                if not finished:
                    state = StudyState.INTERRUPTED
                    return state
            state = StudyState.FINISHED
            return state
        finally:
            self._land()
            self.meter.book(self.store.study().phase, force=True)
            self.store.set_state(state)

    def _enter(self, phase: StudyPhase, begun: set[object]) -> None:
        self.store.set_state(StudyState.RUNNING, phase.name)
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
        self._held = None
        if phase.done(self._look()):
            return True
        self.observer.phase(phase.name, (phase.__doc__ or "").strip().splitlines()[0])
        while not self.stop_requested():
            self._dispatch(phase)
            if not self._flying and phase.done(self._look()):
                return True
            self._collect()
            self.meter.book(phase.name)
            self.observer.tick(phase.name, self.meter.seconds, self.limit)
        return False

    def _dispatch(self, phase: StudyPhase) -> None:
        while len(self._flying) < self.executor.slots:
            work = self._held or self._ask(phase)
            # What needs more GPUs than are free now waits for them, and everything else behind it: smaller trials in
            # its place would keep it waiting for ever.
            gpus = None if work is None else self.workshop.gpus.get(model_of(work))
            self._held = work if self._flying and not self.executor.has_room(gpus) else None
            if work is None or self._held is not None:
                return
            self._start(work)

    def _ask(self, phase: StudyPhase) -> Work | None:
        asked = self.clock.monotonic()
        self._write_notes(phase)
        work = phase.next(self._look())
        if phase.name == "search":
            self.meter.asked(self.clock.monotonic() - asked)
        return work

    def _write_notes(self, phase: StudyPhase) -> None:
        if not isinstance(phase, Noting):
            return
        while notes := phase.notes(self._look()):
            for note in notes:
                self._tell(note.level, note.text)
                self.store.add_decision(note.name, note.level, note.text, note.value)
                self.store.set_fact(note.name, note.value)
            self._view = None

    # --- starting ------------------------------------------------------------------------------------------------
    def _start(self, work: Work) -> None:
        self._view = None
        if isinstance(work, Train):
            self._start_training(work)
            return
        order = self.side.order(work)
        if order is None:
            assert isinstance(work, Score)
            self._retrain(work)
            return
        self.executor.submit(order)
        self._flying[order.id] = InFlight(work, order)

    def _retrain(self, work: Score) -> None:
        """Trains a final run again, from its newest intact checkpoint, because the one at its end is damaged."""
        assert work.configuration is not None
        goal = Fidelity(work.model, self.workshop.horizon)
        reason = "its final checkpoint is damaged or gone, so its last steps are trained again"
        self._tell("warning", f"{work.model}, seed {work.seed}: {reason}")
        self._start_training(Train(Proposal(work.configuration, goal, work.seed, Phase.FINAL, reason)))

    def _start_training(self, work: Train) -> None:
        proposal = work.proposal
        run = self.store.run(proposal.configuration, proposal.fidelity.model, proposal.seed)
        curve = self.store.curve(run.id)
        goal = proposal.fidelity.steps
        resume = newest_intact(self.store, run.id, at_most=goal)
        if resume is not None and resume.step == goal:
            if self._already_measured(run, proposal, curve):
                return
            resume = newest_intact(self.store, run.id, at_most=goal - 1)
        count = len(self.store.segments(run.id)) + 1
        folder = self.workshop.segment_folder(run, count)
        segment = self.store.begin_segment(proposal, run.id, resume.step if resume else 0, folder)
        best = best_level(self.store, Fidelity(run.model, self.workshop.horizon))
        level = self.fitting.level_of_run(run.id, run.model, goal)
        order = self.workshop.train_order(segment.id, folder, run, proposal, resume, curve, best, level)
        process = self.executor.submit(order)
        self.store.set_process(segment.id, process.pid, process.started)
        self._flying[order.id] = InFlight(work, order, run, segment)
        self._tried.add((run.configuration, run.model, run.seed))
        self.observer.trial_started(run, proposal, segment.from_step)

    def _already_measured(self, run: RunRecord, proposal: Proposal, curve: Sequence[StepMetrics]) -> bool:
        """True if the run was trained and validated at that step before: then nothing has to be trained."""
        step = proposal.fidelity.steps
        outcome = Outcome(StopReason(StopKind.REACHED, step, f"step {step} was reached before"), Cost())
        start = sum(s.cost.start_seconds for s in self.store.segments(run.id))
        found = [e for e in evaluations_of(proposal, outcome, curve, start, ()) if e.succeeded]
        for evaluation in found:
            self.store.add_evaluation(evaluation, run.id)
        return bool(found)

    # --- watching and recording ----------------------------------------------------------------------------------
    def _collect(self) -> None:
        for event in self.executor.poll(POLL_SECONDS):
            flying = self._flying.get(event.order_id)
            if flying is None:
                continue
            if isinstance(event, Stepped):
                self._stepped(flying, event.metrics)
            elif isinstance(event, Ended):
                del self._flying[event.order_id]
                self._ended(flying, event.outcome)
        for flying in self._flying.values():
            if flying.segment is not None and flying.fresh:
                self.store.add_steps(flying.segment.id, flying.fresh)
                flying.fresh = []

    def _stepped(self, flying: InFlight, metrics: StepMetrics) -> None:
        if flying.run is not None:
            flying.fresh.append(metrics)
            self.observer.stepped(flying.run, metrics)

    def _ended(self, flying: InFlight, outcome: Outcome) -> None:
        self._view = None
        work = flying.work
        if isinstance(work, Train):
            assert flying.run is not None and flying.segment is not None
            score = self.recorder.record(flying.segment, flying.run, outcome, flying.order.job.memory_level)
            self.observer.trial_ended(flying.run, work.proposal, outcome, score)
            self.alarms.look_at(outcome)
        else:
            self.side.ended(work, flying.order, outcome)

    def _land(self) -> None:
        """Ends what is in flight with a checkpoint each, records it, and frees the executor."""
        for order_id in list(self._flying):
            self.executor.stop(order_id)
        deadline = self.clock.monotonic() + self.landing_seconds
        try:
            while self._flying and self.clock.monotonic() < deadline:
                self._collect()
        except StudyError:
            pass  # what was recorded is recorded; the error that ended the sitting is the one to show
        finally:
            self.executor.close()

    # --- bookkeeping ---------------------------------------------------------------------------------------------
    def _look(self) -> View:
        """What is known now; read anew after each change."""
        seconds = self.meter.seconds
        if self._view is None:
            running = [f.work for f in self._flying.values()]
            self._view = take_snapshot(self.store, running, self._tried, self.side.failed, seconds)
        return replace(self._view, seconds=seconds)

    def _tell(self, level: str, text: str) -> None:
        self.store.add_event(level, text)
        self.observer.message(level, text)
