"""Starts pieces of work: from what a phase wants to what the executor has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rltune.clock import Clock
from rltune.executors.base import Executor, Outcome
from rltune.store.base import RunRecord, SegmentRecord, StudyStore
from rltune.store.registry import newest_intact
from rltune.study.budget import Resources
from rltune.study.fitting import Fitting
from rltune.study.flight import InFlight
from rltune.study.orders import Workshop
from rltune.study.results import evaluations_of, level_at_end
from rltune.study.room import Room
from rltune.study.side import Side
from rltune.study.work import Score, Train, Work, model_of
from rltune.types import Cost, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason


@dataclass(frozen=True, slots=True)
class Starter:
    """Gives work to the executor.

    Attributes:
        best: id of the best run at a fidelity, None if there is none (what a forecast is compared with).
        tell: (level, text), to whoever looks at the study, and to its record.
    """

    store: StudyStore
    executor: Executor
    workshop: Workshop
    resources: Resources
    room: Room
    fitting: Fitting
    side: Side
    clock: Clock
    best: Callable[[Fidelity], str | None]
    tell: Callable[[str, str], None]

    def start(self, work: Work, phase: str, expected: float | None) -> InFlight | Train | None:
        """Starts it for a phase; None if it turned out to be done already; what has to be trained first, if that is so:
        nothing is started then, since there may be no room for it.

        Args:
            expected: seconds that it takes.
        """
        if isinstance(work, Train):
            return self._train(work, phase, expected)
        order = self.side.order(work)
        if order is None:
            assert isinstance(work, Score)
            return self._again(work)
        begun = self.clock.monotonic()
        self.executor.submit(order)
        self.room.reserve(order, work)
        return InFlight(work, order, phase, self.resources.units(model_of(work)), begun, expected)

    def _again(self, work: Score) -> Train:
        """The rest of a final run, from its newest intact checkpoint, because the one at its end is damaged."""
        assert work.configuration is not None
        goal = Fidelity(work.model, self.workshop.horizon)
        reason = "its final checkpoint is damaged or gone, so its last steps are trained again"
        self.tell("warning", f"{work.model}, seed {work.seed}: {reason}")
        return Train(Proposal(work.configuration, goal, work.seed, Phase.FINAL, reason))

    def _train(self, work: Train, phase: str, expected: float | None) -> InFlight | None:
        proposal = work.proposal
        run = self.store.run(proposal.configuration, proposal.fidelity.model, proposal.seed)
        curve = self.store.curve(run.id)
        goal = proposal.fidelity.steps
        resume = newest_intact(self.store, run.id, at_most=goal)
        if resume is not None and resume.step == goal:
            if self._already_measured(run, proposal, curve):
                return None
            resume = newest_intact(self.store, run.id, at_most=goal - 1)
        earlier = self.store.segments(run.id)
        folder = self.workshop.segment_folder(run, len(earlier) + 1)
        segment = self.store.begin_segment(proposal, run.id, resume.step if resume else 0, folder)
        best = self._best_level(run.model)
        level = self.fitting.level_of_run(run.id, run.model, goal)
        order = self.workshop.train_order(segment.id, folder, run, proposal, resume, curve, best, level)
        order = replace(order, avoid=_lost_on(earlier, goal))
        begun = self.clock.monotonic()
        process = self.executor.submit(order)
        if process is not None:
            self.store.set_process(segment.id, process.pid, process.started)
        self.room.reserve(order, work)
        self.room.note_retraining(run, segment.id, segment.from_step, goal)
        return InFlight(work, order, phase, self.resources.units(run.model), begun, expected, run, segment)

    def _best_level(self, model: str) -> float | None:
        """The level that the best run of a model has at r_max."""
        horizon = self.workshop.horizon
        run_id = self.best(Fidelity(model, horizon))
        return None if run_id is None else level_at_end(self.store.curve(run_id), horizon)

    def _already_measured(self, run: RunRecord, proposal: Proposal, curve: Sequence[StepMetrics]) -> bool:
        """True if the run was trained and validated at that step before: then nothing has to be trained."""
        step = proposal.fidelity.steps
        outcome = Outcome(StopReason(StopKind.REACHED, step, f"step {step} was reached before"), Cost())
        start = sum(s.cost.start_seconds for s in self.store.segments(run.id))
        found = [e for e in evaluations_of(proposal, outcome, curve, start, ()) if e.succeeded]
        for evaluation in found:
            self.store.add_evaluation(evaluation, run.id)
        return bool(found)


def _lost_on(segments: Sequence[SegmentRecord], goal: int) -> tuple[str, ...]:
    """The machines on which a run was lost on its way to a step."""
    lost = [s.worker for s in segments if s.to_step == goal and s.stop is not None and s.stop.kind is StopKind.LOST]
    return tuple(sorted({machine for machine in lost if machine}))
