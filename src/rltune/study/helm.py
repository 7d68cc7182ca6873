"""Obeys what people ask of a study that runs: requests in its store, from whatever process.

A request is answered in one transaction with the facts that carry it out; what follows from these facts can be done
again. So a controller that is killed in between has obeyed or not, never twice, and its successor does the rest: trials
to be stopped are recognized by their segments, training that was asked for by what is there of it, the budget is read
anew. Only a pause doesn't outlive its controller: going on is what `rltune resume` is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from rltune.clock import Clock
from rltune.errors import RltuneError
from rltune.executors.base import Executor
from rltune.store.base import RequestRecord, RequestState, SegmentState, StudyStore
from rltune.study.allowance import BUDGET, LIMITS
from rltune.study.asked import Asked, Budget, Pause, Pin, Resume, StopRun, read_values
from rltune.study.errands import stopped_of
from rltune.study.flight import Fleet
from rltune.study.granting import BEGUN, PAUSED, Grant, begun_of
from rltune.study.phases import Budgeted, StudyPhase
from rltune.study.plan import PlanTerms, make_plan, timings_of
from rltune.study.recorder import Recorder
from rltune.study.steering import carry_out_pin, grant, said
from rltune.study.work import View

LOOK_SECONDS = 0.25
"""Requests are looked for so often."""
AFTER_SEARCH = ("confirm", "final", "test")
NEW_SITTING = "the study was resumed since, which ends a pause"


class Helm:
    """Answers requests and makes the loop's parts obey.

    Args:
        look: what is known now. tell: (level, text), to whoever looks at the study, and to its record.
        terms: of the study's spending; None: its budget can't be changed. seed: that the search trains with.

    Attributes:
        paused: nothing may begin, and what is in flight has to end.
        anew: a phase before has to choose anew; for the loop to take back.
    """

    def __init__(
        self,
        store: StudyStore,
        executor: Executor,
        fleet: Fleet,
        recorder: Recorder,
        phases: Sequence[StudyPhase],
        clock: Clock,
        look: Callable[[], View],
        tell: Callable[[str, str], None],
        terms: PlanTerms | None,
        seed: int,
    ) -> None:
        self.store = store
        self.executor = executor
        self.fleet = fleet
        self.recorder = recorder
        self.phases = phases
        self.clock = clock
        self.look = look
        self.tell = tell
        self.terms = terms
        self.seed = seed
        self.paused = False
        self.anew = False
        self._next = -math.inf

    def heed(self, *, now: bool = False) -> bool:
        """Answers what was asked since the last look; whether there was anything.

        Args:
            now: also if the last look was a moment ago.
        """
        if not now and self.clock.monotonic() < self._next:
            return False
        self._next = self.clock.monotonic() + LOOK_SECONDS
        waiting = self.store.requests(RequestState.WAITING)
        for record in waiting:
            self._answer(record)
        return bool(waiting)

    def is_called(self) -> bool:
        """Whether there is something to heed; for those who are about to begin something that takes its time."""
        return self.clock.monotonic() >= self._next and bool(self.store.requests(RequestState.WAITING))

    def halt(self) -> None:
        """Makes all that is in flight save a checkpoint and end, to be gone on with later."""
        for flying in self.fleet:
            self.executor.stop(flying.order.id)

    def close_stopped(self) -> None:
        """Gives up the runs that were stopped while they weren't in flight, and would have gone on."""
        stopped = stopped_of(self.store.study().facts)
        if not stopped:
            return
        runs = {run.id: run for run in self.store.runs()}
        evaluated = {(run_id, e.fidelity.steps) for run_id, e in self.store.evaluations()}
        newest = {segment.run_id: segment for segment in self.store.segments()}
        for segment in newest.values():
            known = (segment.run_id, segment.to_step) in evaluated
            if segment.id in stopped and segment.state is SegmentState.ENDED and not known:
                self.recorder.close(segment, runs[segment.run_id], stopped[segment.id])

    # --- one request -----------------------------------------------------------------------------------------------
    def _answer(self, record: RequestRecord) -> None:
        try:
            asked = read_values(record.kind, record.values)
            if isinstance(asked, Pin):
                carry_out_pin(asked, self.store, record)
                return
            granted = grant(asked, self.store, record.by, record.id, seed=self.seed)
            if isinstance(asked, Budget):
                granted = self._spending(granted)
        except RltuneError as error:
            self.store.answer_request(record.id, RequestState.REFUSED, said(error))
            self.tell("warning", f"{record.by} asked for {record.kind}, which can't be done: {said(error)}")
            return
        facts = dict(granted.facts)
        begun = begun_of(self.store.study())
        anew = bool(begun & set(granted.anew))
        if anew:
            facts[BEGUN] = sorted(begun - set(granted.anew))
        if self.store.answer_request(
            record.id, RequestState.DONE, granted.answer, subject=granted.subject, facts=facts
        ):
            self.anew = self.anew or anew
            self._do(asked)
            self.tell("info", f"{record.by} asked for {record.kind}: {granted.answer}")

    def _do(self, asked: Asked) -> None:
        """What follows from the facts of an answer, as far as it can't wait."""
        match asked:
            case Pause():
                self.paused = True
            case Resume():
                self.paused = False
            case StopRun():
                for flying in self.fleet:
                    if flying.run is not None and flying.run.id == asked.run:
                        self.executor.stop(flying.order.id)
                self.close_stopped()
            case Budget():
                self._allow()

    # --- the budget ------------------------------------------------------------------------------------------------
    def _spending(self, granted: Grant) -> Grant:
        """The grant of a new budget, with what follows from it: the plan, and whether the search goes on."""
        known = granted.facts[BUDGET]
        terms = None if self.terms is None else _with_limits(self.terms, known)
        if terms is None:
            return granted
        view = self.look()
        facts = dict(granted.facts)
        if "plan" in view.facts:
            facts["plan"] = make_plan(terms, timings_of(view.facts), view.seconds).to_json()
        if not begun_of(self.store.study()) & set(AFTER_SEARCH):
            return replace(granted, facts=facts)
        gone, most = terms.limits.gone(view.spent), terms.trials
        if gone < terms.search_seconds and (most is None or view.trials < most):
            answer = f"{granted.answer}; the search goes on, then the best are confirmed anew"
            return replace(granted, answer=answer, facts=facts, anew=AFTER_SEARCH)
        why = "its share is used up" if gone >= terms.search_seconds else f"it has had its {most} trials"
        return replace(granted, answer=f"{granted.answer}; the search stays over: {why}", facts=facts)

    def _allow(self) -> None:
        """Makes the phases plan with the budget that is in force now."""
        if self.terms is None:
            return
        self.terms = _with_limits(self.terms, self.store.study().facts[BUDGET])
        for phase in self.phases:
            if isinstance(phase, Budgeted):
                phase.allow(self.terms)


def _with_limits(terms: PlanTerms, known: object) -> PlanTerms:
    """The terms with the limits of the fact `budget`."""
    assert isinstance(known, dict)
    time, gpu_hours, trials = (known.get(name) for name in LIMITS)
    return replace(
        terms,
        budget=math.inf if time is None else float(time),
        gpu_seconds=math.inf if gpu_hours is None else 3600 * float(gpu_hours),
        trials=None if trials is None else int(trials),
    )


def begin_sitting(store: StudyStore, tell: Callable[[str, str], None]) -> None:
    """Lifts a pause, before anything else is done: whoever resumes a study wants it to go on."""
    for record in store.requests(RequestState.WAITING):
        if record.kind in ("pause", "resume"):
            store.answer_request(record.id, RequestState.REFUSED, NEW_SITTING)
    if store.study().paused:
        store.set_fact(PAUSED, False)
        store.add_decision("resume", "study", NEW_SITTING, {"by": "resume"})
        tell("info", "the study was paused when it ended; that is over now")
