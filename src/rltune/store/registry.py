"""Which checkpoint a run continues from, and which ones it has no use for any more.

`plan_retention` decides and touches nothing; `newest_intact` and `apply_retention` look at the disk and write to the
store. A deletion is first recorded, then done: killed in between, the next `apply_retention` removes what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from rltune.errors import StorageError
from rltune.store.base import (
    CheckpointRecord,
    CheckpointState,
    CheckpointTier,
    RunRecord,
    SegmentState,
    StudyStore,
)
from rltune.store.remote import remove, verify
from rltune.types import StopKind

KEEP_CHECKPOINTS = 2
"""Newest checkpoints that a run keeps which may go on: if one is damaged, there is another."""

DEAD_ENDS = frozenset({StopKind.RULE, StopKind.FUTILE, StopKind.DIVERGED})
"""Ends after which a run isn't continued, so that its checkpoints may go."""


def newest_intact(store: StudyStore, run_id: str, at_most: int, *, weights: bool = False) -> CheckpointRecord | None:
    """The newest checkpoint of a run, of step `at_most` or before, that is whole on disk; None: start from step 0.

    Args:
        weights: for a scoring, which needs nothing else; without, one that was stripped to its weights is no choice.

    Newer ones that turn out damaged are marked so, each with an event that says which run and step, what is wrong and
    from where the run goes on instead.

    Raises:
        StoreError: if the store fails.
    """
    damaged: list[tuple[CheckpointRecord, str]] = []
    intact = None
    for record in reversed(store.checkpoints(run_id)):
        if record.step > at_most or (record.tier is CheckpointTier.WEIGHTS and not weights):
            continue
        problem = verify(record.path)
        if problem is None:
            intact = record
            break
        damaged.append((record, problem))
    instead = f"from the checkpoint of step {intact.step}" if intact else "from the start"
    for record, problem in damaged:
        store.set_checkpoint_state(run_id, record.step, CheckpointState.DAMAGED)
        store.add_event(
            "warning",
            f"run {run_id}: the checkpoint of step {record.step} is damaged ({problem}); the run goes on {instead}",
        )
    return intact


def plan_retention(
    runs: Sequence[RunRecord],
    checkpoints: Sequence[CheckpointRecord],
    *,
    busy: Collection[str] = (),
    keep_last_per_run: int = KEEP_CHECKPOINTS,
    dead_ends: Collection[StopKind] = DEAD_ENDS,
    intact: Callable[[CheckpointRecord], bool] = lambda record: True,
) -> list[CheckpointRecord]:
    """The checkpoints that may be deleted, by run and step.

    Kept are the pinned ones, the newest `keep_last_per_run` intact ones of each run that may still go on, and all of
    `busy` runs (ids of those in training, whose trainer may be reading one). A run whose newest segment came to one
    of `dead_ends` keeps none but pinned ones.

    Args:
        checkpoints: complete ones.
        intact: says whether a checkpoint is whole on disk. A damaged one isn't counted as kept, and isn't deleted
            here either: `newest_intact` marks it when the run goes on.

    Raises:
        ValueError: if `keep_last_per_run` is less than 1.
    """
    if keep_last_per_run < 1:
        raise ValueError(f"keep_last_per_run must be at least 1, not {keep_last_per_run}")
    doomed: list[CheckpointRecord] = []
    for run in runs:
        if run.id in busy:
            continue
        dead = run.stop is not None and run.stop.kind in dead_ends
        kept = keep_last_per_run if dead else 0
        own = (record for record in checkpoints if record.run_id == run.id)
        for record in sorted(own, key=lambda each: -each.step):
            if kept >= keep_last_per_run:
                if not record.pinned:
                    doomed.append(record)
            elif intact(record):
                kept += 1
    return sorted(doomed, key=lambda each: (each.run_id, each.step))


def apply_retention(
    store: StudyStore,
    *,
    keep_last_per_run: int = KEEP_CHECKPOINTS,
    dead_ends: Collection[StopKind] = DEAD_ENDS,
    only: RunRecord | None = None,
) -> int:
    """Deletes what `plan_retention` allows, and what an earlier deletion left over; returns the bytes set free.

    Args:
        only: this run, as it is now; after each of ten thousand trials the others needn't be looked at.

    Raises:
        StoreError: if the store fails.
    """
    run_id = None if only is None else only.id
    busy = {s.run_id for s in store.segments(run_id) if s.state is SegmentState.RUNNING}
    for record in store.checkpoints(run_id, state=CheckpointState.DELETED):
        if record.run_id not in busy:
            _remove(store, record)
    doomed = plan_retention(
        store.runs() if only is None else [only],
        store.checkpoints(run_id),
        busy=busy,
        keep_last_per_run=keep_last_per_run,
        dead_ends=dead_ends,
        intact=_looks_intact,
    )
    ends = {run.id: run.stop for run in (store.runs() if only is None else [only])}
    for record in doomed:
        end = ends[record.run_id]
        dead = end is not None and end.kind in dead_ends
        reason = f"the run has ended for good: {end.reason}" if dead and end else "newer ones are kept"
        delete(store, record, reason, {"step": record.step, "bytes": record.bytes, "keep": keep_last_per_run})
    return sum(record.bytes for record in doomed)


def delete(store: StudyStore, record: CheckpointRecord, reason: str, inputs: Mapping[str, object]) -> None:
    """Deletes a checkpoint: first in the ledger and the registry, then on disk. One that was pinned meanwhile stays.

    Raises:
        StoreError: if the store fails.
    """
    if store.delete_checkpoint(record.run_id, record.step, reason, inputs):
        _remove(store, record)


def _remove(store: StudyStore, record: CheckpointRecord) -> None:
    """Deletes its files. Where object storage can't be reached now they stay, and are found later."""
    try:
        remove(record.path)
    except StorageError as error:
        text = f"run {record.run_id}: the files of step {record.step} are left over for now: {error}"
        store.add_event("warning", text)


def _looks_intact(record: CheckpointRecord) -> bool:
    # Names and sizes only: hashing every kept checkpoint each time would read all of them again.
    return verify(record.path, contents=False) is None
