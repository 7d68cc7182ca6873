"""What the database adds up for a status, added up from records: for a report, which has read them all anyway."""

from __future__ import annotations

from collections import Counter

from rltune.analysis.records import Records
from rltune.store.base import SegmentRecord, SegmentState, Totals, TrialRecord
from rltune.types import SAYS_NOTHING, Phase, StopKind


def totals_of(records: Records) -> Totals:
    """As `rltune.store.base.StudyStore.outline` gives them."""
    promotions, recoveries = _continuations(records)
    search = [s for s in records.segments if s.phase is Phase.SEARCH and s.state is SegmentState.ENDED]
    configurations = {r.configuration.id for r in records.runs.values()}
    return Totals(
        configurations=len(configurations),
        moved_up=len({(r.configuration.id, r.model) for r in records.runs.values()}) - len(configurations),
        evaluations=Counter((e.fidelity.model, e.fidelity.steps) for _, e in records.evaluations),
        promotions=len(promotions),
        promotions_exact=sum(1 for s in promotions if s.retrained == 0),
        steps_saved=sum(s.from_step for s in promotions),
        recoveries=len(recoveries),
        steps_trained=sum(_trained(s) for s in records.segments),
        steps_retrained=sum(s.retrained for s in records.segments),
        steps_retrained_for_room=_for_room(records),
        checkpoints_deleted=sum(d.kind == "delete" for d in records.decisions),
        trials=sum(1 for s in search if s.stop is not None and s.stop.kind not in SAYS_NOTHING),
        search_seconds=sum(s.cost.seconds for s in search),
        full_runs=_full_runs(records),
        train_seconds=sum(s.cost.train_seconds for s in records.segments),
        validate_seconds=sum(s.cost.validate_seconds for s in records.segments),
        start_seconds=sum(s.cost.start_seconds for s in records.segments),
    )


def trials_of(records: Records) -> tuple[TrialRecord, ...]:
    """The trials that run, and those that ended before the step that they were asked for, in the order of their
    start."""
    return tuple(
        TrialRecord(
            run.id,
            run.number,
            run.configuration.id,
            run.model,
            s.phase,
            s.from_step,
            s.to_step,
            s.stop,
            s.log_tail,
            s.worker,
        )
        for s in records.segments
        if (run := records.runs.get(s.run_id)) and (s.stop is None or s.stop.kind is not StopKind.REACHED)
    )


def _trained(segment: SegmentRecord) -> int:
    """Rollout steps that an ended segment has trained."""
    return 0 if segment.stop is None else max(0, segment.stop.step - segment.from_step)


def _for_room(records: Records) -> int:
    """Steps that were in a checkpoint which was deleted: as far as their segment has trained them again by now."""
    retrained = {s.id: s.retrained for s in records.segments}
    lines = [d.values for d in records.decisions if d.kind == "retrain"]
    return sum(min(int(str(v["steps"])), retrained.get(str(v["segment"]), 0)) for v in lines)


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


def _full_runs(records: Records) -> tuple[float, ...]:
    """Seconds of each target run that was trained to r_max; what was trained twice is not counted twice."""
    if records.target is None or records.horizon is None:
        return ()
    found: list[float] = []
    ended: dict[str, list[SegmentRecord]] = {}
    for segment in records.segments:
        if segment.stop is not None:
            ended.setdefault(segment.run_id, []).append(segment)
    for run in records.runs.values():
        segments = ended.get(run.id, [])
        if run.model != records.target or max((s.to_step for s in segments), default=0) < records.horizon:
            continue
        if not any(s.stop and s.stop.step >= records.horizon for s in segments):
            continue
        trained = sum(_trained(s) for s in segments)
        seconds = sum(s.cost.seconds for s in segments)
        found.append(seconds * min(1.0, records.horizon / trained) if trained else seconds)
    return tuple(found)
