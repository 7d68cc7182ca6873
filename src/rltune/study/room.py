"""Room for checkpoints before they are written: within the study's limit, and on its disk.

A trial starts only once there is room for what it will write: the room is reserved until it has ended, and what it
leaves is then counted as it is. So no save meets a full disk, as far as sizes can be known before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.errors import StudyError
from rltune.executors.base import Order, SavedCheckpoint
from rltune.executors.fence import revoke
from rltune.store.base import CheckpointState, CheckpointTier, RunRecord, StudyStore
from rltune.store.manifest import sweep
from rltune.store.remote import size_of
from rltune.study.disk import free_bytes, gigabytes
from rltune.study.keeping import carry_out, deleted_for_room, plan_room, remove_damaged
from rltune.study.looking import STUDY_FILE
from rltune.study.orders import Workshop
from rltune.study.plan import timings_of
from rltune.study.work import Score, Timing, Work, model_of, run_of
from rltune.trainers.base import TrainJob
from rltune.trainers.build import build_trainer
from rltune.words import several

_STAY = "the winner's, those still to be tested, and those that trials go on from"
SLACK = 1.05
"""By how much a checkpoint may be larger than those seen so far: trainers add a line of history for each step."""


@dataclass(frozen=True, slots=True)
class _Reserved:
    """What work in flight may write: `bytes` at a time into `folder`, of steps after `from_step`."""

    work: Work
    bytes: int
    folder: Path
    from_step: int

    def missing(self) -> int:
        """Bytes of it that aren't written yet."""
        return max(0, self.bytes - _written(self.folder, self.from_step))


class Room:
    """Admits work, keeps count of what is reserved, and makes room by what is worth least.

    Args:
        tell: (level, text), to whoever looks at the study, and to its record. free: bytes that are free in a folder.
    """

    def __init__(
        self,
        store: StudyStore,
        workshop: Workshop,
        tell: Callable[[str, str], None],
        free: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        self.store = store
        self.folder = workshop.folder
        self.terms = workshop.room
        self.trainer = build_trainer(workshop.trainer, workshop.settings)
        self.tell = tell
        self.free = free
        self.short = False
        self._sizes = _sizes_seen(store)
        self._reserved: dict[str, _Reserved] = {}
        self._waiting: tuple[str, ...] | None = None

    def admits(self, work: Work) -> bool:
        """Whether there is room for what the work will write; within a limit, others make room. False: it has to wait,
        for a trial in flight to end, or for somebody to free the disk.

        Raises:
            StudyError: if there will never be room within the limit.
        """
        need = self._need(work)
        return need == 0 or (self._within_limit(need, work) and self._on_disk(need))

    def reserve(self, order: Order, work: Work) -> None:
        """Notes that an order has been submitted, which may write from now on."""
        start = order.job.start_step if isinstance(order.job, TrainJob) else 0
        self._reserved[order.id] = _Reserved(work, self._need(work), order.checkpoints, start)

    def release(self, order_id: str, saved: Sequence[SavedCheckpoint] = ()) -> None:
        """Notes that an order has ended and that what it saved has been recorded; what it left unfinished goes."""
        reserved = self._reserved.pop(order_id, None)
        if reserved is not None:
            try:
                revoke(reserved.folder)  # its process is gone: half a save needn't wait for its machine to be asked
            except OSError:  # on a full disk
                sweep(reserved.folder)
            largest = max((checkpoint.bytes for checkpoint in saved), default=0)
            model = model_of(reserved.work)
            self._sizes[model] = max(largest, self._sizes.get(model, 0))

    def note_retraining(self, run: RunRecord, segment_id: str, from_step: int, goal: int) -> None:
        """Writes down how many steps are trained again because the checkpoint that had them was deleted for room; not
        because it was damaged, or an older one than a damaged one."""
        deleted = {c.step for c in self.store.checkpoints(run.id, state=CheckpointState.DELETED)}
        lost = [step for step in deleted if from_step < step <= goal]
        newest = max(set(lost) & deleted_for_room(self.store, run.id), default=0) if lost else 0
        if newest > 0:
            reason = f"the checkpoint of step {newest} was deleted, so it goes on from step {from_step}"
            values = {"segment": segment_id, "steps": newest - from_step, "from_step": from_step, "deleted": newest}
            self.store.add_decision("retrain", run.id, reason, values)

    # --- the limit -----------------------------------------------------------------------------------------------
    def _within_limit(self, need: int, work: Work) -> bool:
        limit, reserved = self.terms.limit, sum(r.bytes for r in self._reserved.values())
        if limit is None:
            return True
        remove_damaged(self.store)
        if sum(c.bytes for c in self.store.checkpoints()) + reserved + need <= limit:
            return True
        flying = tuple(self._reserved)
        if self._waiting is not None and self._waiting == flying:
            return False  # nothing has ended since there was no room
        used = {run_of(w) for w in (work, *(r.work for r in self._reserved.values()))}
        busy = {run.id for run in self.store.runs() if (run.configuration, run.model, run.seed) in used}
        clearance = plan_room(self.store, limit - reserved - need, self.trainer, busy)
        if clearance.missing and flying:
            self._waiting = flying
            return False
        if clearance.missing:
            stay = max(0, limit - need + clearance.missing)
            others = f", and {gigabytes(stay)} must stay ({_STAY})" if stay else ""
            # Its run goes on from one more, unless that is among those that stay already.
            least = limit + clearance.missing + (0 if stay else self._size(model_of(work)))
            raise StudyError(
                f"the limit of {gigabytes(limit)} for checkpoints is too small: a trial of {model_of(work)} writes "
                f"{gigabytes(need)}{others}",
                where="checkpoints.limit",
                hint=f"raise it to {gigabytes(least)} at least, in {self.folder / STUDY_FILE}, then `rltune resume`",
            )
        self._waiting = None
        carry_out(self.store, clearance.removals, self.trainer, f"room for {gigabytes(need)} of {gigabytes(limit)}")
        return True

    # --- the disk ------------------------------------------------------------------------------------------------
    def _on_disk(self, need: int) -> bool:
        free = self.free(self.folder / "runs")
        if free is None:
            return True
        # What goes to object storage takes no room here; records and logs do.
        written = 0 if self.terms.elsewhere else sum(r.missing() for r in self._reserved.values()) + need
        expected = written + self.terms.margin
        if free >= expected:
            if self.short:
                self.short = False
                self.tell("info", f"there is room on the disk again ({gigabytes(free)} free): trials go on")
            return True
        if not self.short:
            self.short = True
            self.tell("warning", self._shortage(free, expected))
        return False

    def _shortage(self, free: int, expected: int) -> str:
        removals = plan_room(self.store, None, self.trainer).removals
        gain = sum(r.frees for r in removals)
        flying = several(len(self._reserved), "trial")
        return (
            f"the disk is nearly full: {gigabytes(free)} are free below {self.folder}, and {gigabytes(expected)} are "
            f"needed for the checkpoints of {flying} in flight and the next one, and a margin of "
            f"{gigabytes(self.terms.margin)}. No new trial starts until {gigabytes(expected - free)} more are free; "
            f"then it goes on by itself. `rltune clean {self.folder}` would free {gigabytes(gain)} (stop the study "
            "with Ctrl-C first, and `rltune resume` it afterwards)"
        )

    # --- sizes ---------------------------------------------------------------------------------------------------
    def _need(self, work: Work) -> int:
        """Bytes that the work has on disk at most at a time, beside what is there; 0 if nobody knows."""
        if isinstance(work, Score):
            return 0
        copies = 1 if isinstance(work, Timing) else self.terms.keep + 1  # those it keeps, and the one being written
        return copies * self._size(model_of(work))

    def _size(self, model: str) -> int:
        """Bytes of a checkpoint of a model: the largest seen, else as computed, else 0."""
        return round(SLACK * (self._sizes.get(model) or (self.terms.sizes or {}).get(model, 0)))


def _sizes_seen(store: StudyStore) -> dict[str, int]:
    """By model, bytes of the largest checkpoint so far, of timing runs too."""
    models = {run.id: run.model for run in store.runs()}
    timed = timings_of(store.study().facts)
    found = {model: timing.checkpoint_bytes for model, timing in timed.items() if timing.checkpoint_bytes is not None}
    for record in store.checkpoints():
        if record.tier is CheckpointTier.FULL:
            model = models[record.run_id]
            found[model] = max(record.bytes, found.get(model, 0))
    return found


def _written(folder: Path, from_step: int) -> int:
    """Bytes of the checkpoints of later steps, and of what is being written, in a run's folder of checkpoints."""
    if not folder.is_dir():
        return 0
    total = 0
    for entry in folder.iterdir():
        step = entry.name.removeprefix("step-")
        if entry.name.endswith(".part") or (step.isdigit() and int(step) > from_step):
            total += _size_of(entry)
    return total


def _size_of(folder: Path) -> int:
    try:
        return size_of(folder)
    except OSError:
        return 0  # renamed or removed meanwhile
