"""Which checkpoint a run continues from, and which ones may go.

`plan_retention` decides and touches nothing; `newest_intact` and `apply_retention` look at the disk and write to the
store. A deletion is first recorded, then done: killed in between, the next `apply_retention` removes what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rltune.store.base import (
    CheckpointRecord,
    CheckpointState,
    RunRecord,
    SegmentState,
    StudyStore,
)
from rltune.store.manifest import remove, verify
from rltune.types import StopKind

KEEP_CHECKPOINTS = 2
"""Newest checkpoints that a run keeps which may go on: if one is damaged, there is another."""

DEAD_ENDS = frozenset({StopKind.RULE, StopKind.FUTILE, StopKind.DIVERGED})
"""Ends after which a run isn't continued, so that its checkpoints may go."""


def newest_intact(store: StudyStore, run_id: str, at_most: int) -> CheckpointRecord | None:
    """The newest checkpoint of a run, of step `at_most` or before, that is whole on disk; None: start from step 0.

    Newer ones that turn out damaged are marked so, each with an event that says which run and step, what is wrong and
    from where the run goes on instead.

    Raises:
        StoreError: if the store fails.
    """
    damaged: list[tuple[CheckpointRecord, str]] = []
    intact = None
    for record in reversed(store.checkpoints(run_id)):
        if record.step > at_most:
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
) -> int:
    """Deletes what `plan_retention` allows, and what an earlier deletion left over; returns the bytes set free.

    Raises:
        StoreError: if the store fails.
    """
    busy = {s.run_id for s in store.segments() if s.state is SegmentState.RUNNING}
    for record in store.checkpoints(state=CheckpointState.DELETED):
        if record.run_id not in busy:
            remove(record.path)
    doomed = plan_retention(
        store.runs(),
        store.checkpoints(),
        busy=busy,
        keep_last_per_run=keep_last_per_run,
        dead_ends=dead_ends,
        intact=_looks_intact,
    )
    for record in doomed:
        store.set_checkpoint_state(record.run_id, record.step, CheckpointState.DELETED)
        remove(record.path)
    return sum(record.bytes for record in doomed)


def _looks_intact(record: CheckpointRecord) -> bool:
    # Names and sizes only: hashing every kept checkpoint each time would read all of them again.
    return verify(record.path, contents=False) is None
