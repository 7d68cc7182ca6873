"""Writes down how a segment ended: the one place where a trial's result becomes an evaluation.

The loop calls it for a trial that it has watched to its end, and recovery for one that ended unseen; both give the
same records, and giving them twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rltune.executors.base import Outcome
from rltune.executors.records import read_worker
from rltune.faults.attribute import attribute
from rltune.store.base import RunRecord, SegmentRecord, StudyStore
from rltune.store.registry import apply_retention
from rltune.study.errands import stopped_of
from rltune.study.fitting import Fitting
from rltune.study.results import evaluations_of, gave_up, stopped_by_hand, too_large
from rltune.study.retries import proposal_of, standing
from rltune.types import SAYS_NOTHING, StepMetrics, StopKind, StopReason

MAX_SHORTAGES = 2
"""Tries at lower and lower memory levels of one run on the way to one step: a run is tried again once."""


class Recorder:
    """Commits outcomes to a store.

    Args:
        rungs: validated steps, increasing. fitting: told of trials that ran out of memory.
    """

    def __init__(self, store: StudyStore, rungs: Sequence[int], fitting: Fitting) -> None:
        self.store = store
        self.rungs = tuple(rungs)
        self.fitting = fitting

    def record(self, segment: SegmentRecord, run: RunRecord, outcome: Outcome, memory_level: int = 0) -> float | None:
        """Commits a segment's end in one transaction, then tidies the run's checkpoints.

        Args:
            memory_level: at which it ran. Out of memory, it is tried again once, if there is a lower one.

        Returns:
            The score at the step that was asked for, or None if it wasn't reached.
        """
        outcome = self._as_asked(segment, outcome)
        proposal = proposal_of(segment, run)
        curve = merged(self.store.curve(run.id), outcome.metrics)
        siblings = [s for s in self.store.segments(run.id) if s.id != segment.id]
        start_seconds = sum(s.cost.start_seconds for s in siblings) + outcome.cost.start_seconds
        evaluations = evaluations_of(proposal, outcome, curve, start_seconds, self.rungs)
        if outcome.stop.kind is StopKind.LOST:
            earlier = [s for s in siblings if s.to_step == segment.to_step and _ended(s, StopKind.LOST)]
            stands = standing([*earlier, replace(segment, stop=outcome.stop, log_tail=outcome.log_tail)])
            if not stands.again:
                evaluations.append(gave_up(proposal, stands.words, stands.tries, curve, start_seconds))
        if outcome.stop.kind is StopKind.STOPPED:
            evaluations.append(stopped_by_hand(proposal, outcome.stop, curve, start_seconds))
        if outcome.stop.kind is StopKind.OUT_OF_MEMORY:
            tries = 1 + sum(s.to_step == segment.to_step and _ended(s, StopKind.OUT_OF_MEMORY) for s in siblings)
            if tries >= MAX_SHORTAGES or not self.fitting.has_lower(run.model, memory_level):
                evaluations.append(too_large(proposal, tries, outcome.stop, curve, start_seconds))
        elif outcome.stop.kind not in (*SAYS_NOTHING, StopKind.FAILED):
            self.fitting.got_through(run.model, memory_level)
        new = self.store.finish_segment(
            segment.id,
            outcome.stop,
            outcome.cost,
            outcome.metrics,
            [(c.step, c.path, c.bytes) for c in outcome.checkpoints],
            evaluations,
            outcome.log_tail,
            read_worker(segment.folder),
        )
        found = attribute(outcome.stop, outcome.log_tail)
        if new and found is not None:
            inputs = {"segment": segment.id, "kind": outcome.stop.kind.value, "step": outcome.stop.step}
            values = {"fault": found.fault.value, "cause": found.cause.value, "evidence": found.evidence}
            self.store.add_decision("failure", run.id, str(found), {**inputs, **values})
        apply_retention(self.store, only=replace(run, stop=outcome.stop))
        reached = [e.score for e in evaluations if e.fidelity == proposal.fidelity]
        return reached[0] if reached else None

    def _as_asked(self, segment: SegmentRecord, outcome: Outcome) -> Outcome:
        """The outcome as it counts: a run that somebody has stopped doesn't go on, however its segment came to end, be
        it that it was faster."""
        over = outcome.stop.kind is StopKind.REACHED and segment.to_step < self.rungs[-1]
        if not over and outcome.stop.kind not in (StopKind.INTERRUPTED, StopKind.LOST):
            return outcome
        who = stopped_of(self.store.study().facts).get(segment.id)
        return outcome if who is None else replace(outcome, stop=_by(who, outcome.stop))

    def close(self, segment: SegmentRecord, run: RunRecord, who: str) -> None:
        """Gives a run up that was to go on by itself after its newest segment, because somebody has stopped it."""
        assert segment.stop is not None
        curve = self.store.curve(run.id)
        start_seconds = sum(s.cost.start_seconds for s in self.store.segments(run.id))
        end = stopped_by_hand(proposal_of(segment, run), _by(who, segment.stop), curve, start_seconds)
        self.store.add_evaluation(end, run.id)


def _by(who: str, end: StopReason) -> StopReason:
    return replace(end, kind=StopKind.STOPPED, reason=f"stopped by {who}")


def _ended(segment: SegmentRecord, kind: StopKind) -> bool:
    return segment.stop is not None and segment.stop.kind is kind


def merged(curve: Sequence[StepMetrics], newer: Sequence[StepMetrics]) -> list[StepMetrics]:
    """A run's curve by step, with newer lines in place of older ones."""
    return [m for _, m in sorted({m.step: m for m in (*curve, *newer)}.items())]
