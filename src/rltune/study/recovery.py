"""After any kind of end: what was in flight is ended for good, read from disk, and recorded.

A controller that dies leaves RUNNING segments. Their processes (recognized by pid *and* start time, never a recycled
pid) are ended; those on other machines end themselves, with a checkpoint, and are waited for while they renew their
lease. Then all are fenced off, so that none which comes back later can touch a run's checkpoints. What they left on
disk is committed exactly as if the controller had watched: a trial that had reached its end gives its evaluation, one
that hadn't gives its metrics and its complete checkpoints, and is continued.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rltune.clock import SystemClock
from rltune.errors import ExecutorError
from rltune.executors.base import ProcessIdentity
from rltune.executors.fence import revoke
from rltune.executors.lease import wait_for_silence
from rltune.executors.processes import is_here
from rltune.executors.records import SegmentFiles, collect, read_identity, read_order
from rltune.executors.recover import kill_leftovers
from rltune.store.base import SegmentRecord, SegmentState, StudyStore
from rltune.store.manifest import sweep
from rltune.store.registry import apply_retention, newest_intact
from rltune.study.fitting import Fitting
from rltune.study.orders import Workshop
from rltune.study.recorder import Recorder
from rltune.study.retries import settled

_OTHERS_SECONDS = 120.0
"""How long workers on other machines may take to end; one that takes longer loses what it hasn't saved by then."""


def recover(store: StudyStore, workshop: Workshop) -> list[str]:
    """Ends and records everything that an earlier sitting left in flight.

    Returns:
        One sentence for each segment that was found, for people.
    """
    recorder = Recorder(store, workshop.rungs, Fitting(store, workshop.memory_levels, store.add_event))
    runs = {run.id: run for run in store.runs()}
    open_segments = [s for s in store.segments() if s.state is SegmentState.RUNNING]
    forgotten = _forgotten(store, workshop)
    unknown = (read_identity(folder) for folder in (*forgotten, *workshop.folder.glob("work/*")))
    identities = {s.id: found for s in open_segments if (found := _identity(s)) is not None}
    kill_leftovers(found for found in (*identities.values(), *unknown) if found is not None and is_here(found))
    _wait_for_others([s for s in open_segments if s.id in identities and not is_here(identities[s.id])])
    told = _tell_forgotten(store, workshop, forgotten)
    for segment in open_segments:
        run = runs[segment.run_id]
        checkpoints = workshop.run_folder(run) / "checkpoints"
        revoke(checkpoints)
        outcome = settled(collect(segment.folder, checkpoints))
        recorder.record(segment, run, outcome, _memory_level(segment))
        kept = newest_intact(store, run.id, at_most=segment.to_step)
        found = (
            f"run {run.number} ({run.model}) to step {segment.to_step} was in flight: {outcome.stop.reason}; its "
            f"newest checkpoint is at step {kept.step if kept else 0}"
        )
        store.add_event("info", found)
        told.append(found)
    for checkpoints in workshop.folder.glob("runs/*/checkpoints"):
        sweep(checkpoints)
    apply_retention(store)  # what was being deleted when the sitting ended
    shutil.rmtree(workshop.folder / "work", ignore_errors=True)
    return told


def _wait_for_others(segments: Sequence[SegmentRecord]) -> None:
    """Waits for workers on other machines, which are ending: the controller that they worked for is gone."""

    def unfinished_folders() -> list[Path]:
        return [s.folder for s in segments if not SegmentFiles(s.folder).outcome.exists()]

    wait_for_silence(unfinished_folders, SystemClock().sleep, _OTHERS_SECONDS)


def _forgotten(store: StudyStore, workshop: Workshop) -> list[Path]:
    """Segments that lie in the study's folder though the store knows nothing of them. A segment is committed before its
    folder is made, so the store has lost its newest transactions (a damaged write-ahead log)."""
    known = {segment.folder.absolute() for segment in store.segments()}
    return sorted(path for path in workshop.folder.glob("runs/*/segments/*") if path.absolute() not in known)


def _tell_forgotten(store: StudyStore, workshop: Workshop, forgotten: Sequence[Path]) -> list[str]:
    """Says, once, which segments the store has forgotten."""
    fact = store.study().facts.get("forgotten")
    said = set(fact) if isinstance(fact, list) else set()
    fresh = [name for path in forgotten if (name := path.relative_to(workshop.folder).as_posix()) not in said]
    if not fresh:
        return []
    text = (
        f"the store has lost its newest records (was its write-ahead log damaged?): it doesn't know of "
        f"{', '.join(fresh)}; what was trained there is trained again"
    )
    store.set_fact("forgotten", sorted({*said, *fresh}))
    store.add_event("warning", text)
    return [text]


def _identity(segment: SegmentRecord) -> ProcessIdentity | None:
    """The segment's process, from disk, which knows the machine, too; else from the store."""
    found = read_identity(segment.folder)
    if found is None and segment.pid is not None and segment.pid_started is not None:
        return ProcessIdentity(segment.pid, segment.pid_started)
    return found


def _memory_level(segment: SegmentRecord) -> int:
    try:
        return read_order(segment.folder).job.memory_level
    except ExecutorError:
        return 0
