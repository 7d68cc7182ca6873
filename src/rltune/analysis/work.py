"""What a study has done so far, counted: evaluations, promotions, and steps trained, repeated and saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rltune.analysis.records import Records
from rltune.store.base import SegmentRecord, SegmentState
from rltune.types import SAYS_NOTHING


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """Counts over all phases.

    Attributes:
        configurations: distinct configurations that were run.
        evaluations: how many results there are; evaluations_by: the same by model and step.
        promotions: segments that continued a run from a checkpoint because it earned more steps.
        promotions_exact: those of them that trained no step twice.
        recoveries: segments that continued a run after an interruption or a loss.
        moved_up: (configuration, model) pairs where a smaller model was trained with it too.
        steps_trained: rollout steps, repeated ones included. steps_retrained: the repeated ones.
        steps_saved: steps that checkpoints saved: where each promotion would have begun anew at 0.
    """

    configurations: int
    evaluations: int
    evaluations_by: dict[str, dict[int, int]]
    promotions: int
    promotions_exact: int
    recoveries: int
    moved_up: int
    steps_trained: int
    steps_retrained: int
    steps_saved: int


def count_work(records: Records) -> WorkCounts:
    """Counts what the records hold."""
    promotions, recoveries = _continuations(records)
    done = Counter((e.fidelity.model, e.fidelity.steps) for _, e in records.evaluations)
    by_model: dict[str, dict[int, int]] = {}
    for (model, steps), count in sorted(done.items()):
        by_model.setdefault(model, {})[steps] = count
    return WorkCounts(
        configurations=len({r.configuration.id for r in records.runs.values()}),
        evaluations=sum(done.values()),
        evaluations_by=by_model,
        promotions=len(promotions),
        promotions_exact=sum(1 for s in promotions if s.retrained == 0),
        recoveries=len(recoveries),
        moved_up=_moved_up(records),
        steps_trained=sum(steps_of(records, s) for s in records.segments),
        steps_retrained=sum(s.retrained for s in records.segments),
        steps_saved=sum(s.from_step for s in promotions),
    )


def steps_of(records: Records, segment: SegmentRecord) -> int:
    """Rollout steps that a segment has trained, as far as they were recorded."""
    if segment.stop is not None:
        return max(0, segment.stop.step - segment.from_step)
    curve = records.curves.get(segment.run_id, ())
    return sum(1 for m in curve if segment.from_step < m.step <= segment.to_step)


def _continuations(records: Records) -> tuple[list[SegmentRecord], list[SegmentRecord]]:
    """(promotions, recoveries): continuing segments, by what ended the segment before them."""
    promotions: list[SegmentRecord] = []
    recoveries: list[SegmentRecord] = []
    before: dict[str, SegmentRecord] = {}
    for segment in records.segments:
        previous = before.get(segment.run_id)
        broken = (previous is not None and previous.stop is not None and previous.stop.kind in SAYS_NOTHING) or (
            previous is not None and previous.state is SegmentState.RUNNING
        )
        if segment.from_step > 0:
            (recoveries if broken else promotions).append(segment)
        before[segment.run_id] = segment
    return promotions, recoveries


def _moved_up(records: Records) -> int:
    models: dict[str, set[str]] = {}
    for run in records.runs.values():
        models.setdefault(run.configuration.id, set()).add(run.model)
    return sum(len(trained) - 1 for trained in models.values())
