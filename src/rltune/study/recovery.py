"""After any kind of end: what was in flight is ended for good, read from disk, and recorded.

A controller that dies leaves RUNNING segments. Their processes (recognized by pid *and* start time, never a recycled
pid) are ended; what they left on disk is committed exactly as if the controller had watched: a trial that had reached
its end gives its evaluation, one that hadn't gives its metrics and its complete checkpoints, and is continued.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from rltune.errors import ExecutorError
from rltune.executors.base import ProcessIdentity
from rltune.executors.records import collect, read_identity, read_order
from rltune.executors.recover import kill_leftovers
from rltune.store.base import SegmentRecord, SegmentState, StudyStore
from rltune.store.manifest import sweep
from rltune.store.registry import newest_intact
from rltune.study.fitting import Fitting
from rltune.study.orders import Workshop
from rltune.study.recorder import MAX_LOSSES, Recorder, proposal_of
from rltune.types import Evaluation, Proposal, StopKind


def recover(store: StudyStore, workshop: Workshop) -> list[str]:
    """Ends and records everything that an earlier sitting left in flight.

    Returns:
        One sentence for each segment that was found, for people.
    """
    recorder = Recorder(store, workshop.rungs, Fitting(store, workshop.memory_levels, store.add_event))
    runs = {run.id: run for run in store.runs()}
    open_segments = [s for s in store.segments() if s.state is SegmentState.RUNNING]
    kill_leftovers(found for s in open_segments if (found := _identity(s)) is not None)
    told = []
    for segment in open_segments:
        run = runs[segment.run_id]
        checkpoints = workshop.run_folder(run) / "checkpoints"
        sweep(checkpoints)
        outcome = collect(segment.folder, checkpoints)
        recorder.record(segment, run, outcome, _memory_level(segment))
        kept = newest_intact(store, run.id, at_most=segment.to_step)
        found = (
            f"run {run.number} ({run.model}) to step {segment.to_step} was in flight: {outcome.stop.reason}; its "
            f"newest checkpoint is at step {kept.step if kept else 0}"
        )
        store.add_event("info", found)
        told.append(found)
    shutil.rmtree(workshop.folder / "work", ignore_errors=True)
    return told


def _identity(segment: SegmentRecord) -> ProcessIdentity | None:
    """The segment's process, from the store, or from disk if the controller died before it could write it down."""
    if segment.pid is not None and segment.pid_started is not None:
        return ProcessIdentity(segment.pid, segment.pid_started)
    return read_identity(segment.folder)


def _memory_level(segment: SegmentRecord) -> int:
    try:
        return read_order(segment.folder).job.memory_level
    except ExecutorError:
        return 0


def unfinished(store: StudyStore, evaluations: Iterable[tuple[str, Evaluation]]) -> list[Proposal]:
    """Proposals whose newest segment ended without saying anything about the configuration, oldest first."""
    evaluated = {(run_id, e.fidelity.steps) for run_id, e in evaluations}
    runs = {run.id: run for run in store.runs()}
    newest: dict[str, SegmentRecord] = {}
    losses: dict[tuple[str, int], int] = {}
    for segment in store.segments():
        newest[segment.run_id] = segment
        if segment.stop is not None and segment.stop.kind is StopKind.LOST:
            key = (segment.run_id, segment.to_step)
            losses[key] = losses.get(key, 0) + 1
    return [
        proposal_of(segment, runs[run_id])
        for run_id, segment in newest.items()
        if segment.state is SegmentState.ENDED
        and (run_id, segment.to_step) not in evaluated
        and losses.get((run_id, segment.to_step), 0) < MAX_LOSSES
    ]
