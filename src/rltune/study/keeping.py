"""Making room among a study's checkpoints: what is known is read, what goes is decided by `rltune.store.retention`, and
each removal is in the ledger with its inputs before it is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rltune.errors import CheckpointError
from rltune.store.base import (
    CheckpointRecord,
    CheckpointState,
    CheckpointTier,
    RunRecord,
    SegmentRecord,
    SegmentState,
    StudyState,
    StudyStore,
)
from rltune.store.registry import delete
from rltune.store.remote import STAND_IN
from rltune.store.retention import WEIGHED, Clearance, Removal, plan_clearance
from rltune.store.stripping import bytes_without, strip
from rltune.study.errands import Errand, errands_of
from rltune.study.plan import timings_of
from rltune.study.retries import tried_again
from rltune.study.worth import Known, worths_of
from rltune.tasks.ood import split_of
from rltune.trainers.base import Trainer
from rltune.trainers.capabilities import Strips
from rltune.types import Configuration, Evaluation


def known_of(store: StudyStore) -> Known:
    """What is known of a study, for what its checkpoints are worth."""
    study, runs, segments, evaluations = store.study(), store.runs(), store.segments(), store.evaluations()
    facts = study.facts
    rungs = facts.get("rungs")
    chosen = facts.get("confirm")
    again = _cut_short(segments, evaluations)
    others = facts.get("other_tests")
    named = [_configuration(facts.get(name)) for name in ("winner", "recipe")]
    return Known(
        runs=runs,
        segments=segments,
        evaluations=evaluations,
        scores=store.scores(),
        timings=timings_of(facts),
        phase=study.phase,
        horizon=int(rungs[-1])
        if isinstance(rungs, (list, tuple)) and rungs
        else max((s.to_step for s in segments), default=1),
        target=str(facts.get("target") or ""),
        winner=named[0],
        confirmed={*(Configuration(c) for c in chosen if isinstance(c, Mapping)), *filter(None, named[1:])}
        if isinstance(chosen, (list, tuple))
        else (),
        tests=("test", *map(split_of, others if isinstance(others, (list, tuple)) else ())),
        wanted={
            *((run.configuration, run.model, run.seed) for run in runs if run.id in again),
            *(
                (e.configuration, e.model, e.seed)
                for e in errands_of(facts)
                if _is_open(e, runs, segments, evaluations)
            ),
        },
        finished=study.state is StudyState.FINISHED,
    )


def _cut_short(segments: Sequence[SegmentRecord], evaluations: Sequence[tuple[str, Evaluation]]) -> set[str]:
    """Ids of the runs that are to be tried again."""
    evaluated: dict[str, set[int]] = {}
    for run_id, evaluation in evaluations:
        evaluated.setdefault(run_id, set()).add(evaluation.fidelity.steps)
    of_run: dict[str, list[SegmentRecord]] = {}
    for segment in segments:
        of_run.setdefault(segment.run_id, []).append(segment)
    return {run_id for run_id, own in of_run.items() if tried_again(own, evaluated.get(run_id, ())) is not None}


def _is_open(
    errand: Errand,
    runs: Sequence[RunRecord],
    segments: Sequence[SegmentRecord],
    evaluations: Sequence[tuple[str, Evaluation]],
) -> bool:
    """Whether people still wait for it."""
    ids = {run.id for run in runs if errand.is_of(run)}
    known = {e.fidelity.steps: e for run_id, e in evaluations if run_id in ids}
    return not errand.is_done([s for s in segments if s.run_id in ids], known, again=False)


def _configuration(fact: object) -> Configuration | None:
    values = fact.get("configuration") if isinstance(fact, Mapping) else None
    return Configuration(values) if isinstance(values, Mapping) else None


def plan_room(
    store: StudyStore,
    room: int | None,
    trainer: Trainer | None = None,
    busy: Collection[str] = (),
    *,
    winner_only: bool = False,
) -> Clearance:
    """What has to go so that the study's checkpoints take at most `room` bytes; None: what nobody will need.

    Args:
        trainer: tells which files are only for a resume; None: nothing is stripped. busy: ids of runs, beside those in
            training, whose checkpoints are in use. winner_only: as if nobody needed any but the winner's.
    """
    known, checkpoints = known_of(store), store.checkpoints()
    worths = worths_of(replace(known, finished=True) if winner_only else known)
    running = {s.run_id for s in known.segments if s.state is SegmentState.RUNNING}
    candidates = [c for c in checkpoints if worths[c.run_id].weights_only and c.tier is CheckpointTier.FULL]
    weights = (
        {}
        if trainer is None
        else {(c.run_id, c.step): size for c in candidates if (size := _weights_bytes(c, trainer)) is not None}
    )
    return plan_clearance(checkpoints, worths, room, busy={*running, *busy}, weights=weights)


def carry_out(store: StudyStore, removals: Collection[Removal], trainer: Trainer | None, why: str) -> int:
    """Deletes and strips; returns the bytes set free.

    Args:
        why: what the room is for; the ledger's lines begin with it.

    Raises:
        StoreError: if the store fails.
    """
    freed = 0
    for removal in removals:
        if removal.strip:
            freed += _strip(store, removal, trainer, why)
        else:
            delete(store, removal.record, f"{why}: {removal.reason}", removal.inputs())
            freed += removal.record.bytes
    return freed


def deleted_for_room(store: StudyStore, run_id: str) -> set[int]:
    """Steps of a run whose checkpoints `carry_out` has deleted, and nothing else since."""
    lines = [d for d in store.decisions() if d.kind == "delete" and d.subject == run_id]
    newest = {int(str(d.values["step"])): d for d in lines}
    return {step for step, line in newest.items() if WEIGHED in line.values}


def remove_damaged(store: StudyStore) -> None:
    """Deletes damaged checkpoints that still take room: nothing continues from them any more. Not those of runs in
    training, which may have written that step anew in the same place."""
    damaged = store.checkpoints(state=CheckpointState.DAMAGED)
    busy = {s.run_id for s in store.segments() if s.state is SegmentState.RUNNING} if damaged else set()
    for record in (r for r in damaged if r.run_id not in busy):
        delete(store, record, "it is damaged", {"step": record.step, "bytes": record.bytes})


def _strip(store: StudyStore, removal: Removal, trainer: Trainer | None, why: str) -> int:
    record = removal.record
    try:
        size = strip(record.path, _training_only(record, trainer))
    except (OSError, CheckpointError) as error:
        store.add_event("warning", f"run {record.run_id}: step {record.step} can't be stripped to its weights: {error}")
        return 0
    store.add_decision("strip", record.run_id, f"{why}: {removal.reason}", removal.inputs())
    store.strip_checkpoint(record.run_id, record.step, size)
    return record.bytes - size


def _weights_bytes(record: CheckpointRecord, trainer: Trainer) -> int | None:
    """Bytes that its weights take; None if they can't be told from the rest."""
    dropped = _training_only(record, trainer)
    return bytes_without(record.path, dropped) if dropped else None


def _training_only(record: CheckpointRecord, trainer: Trainer | None) -> frozenset:
    # What lies on object storage is kept whole, or deleted.
    if not isinstance(trainer, Strips) or not record.path.is_dir() or (record.path / STAND_IN).exists():
        return frozenset()
    return trainer.training_only(record.path)
