"""Which checkpoints go first when room is short: pure, from what keeping each is worth.

Notation
    p   chance that the run goes on from its newest checkpoint     c   seconds to train again what a checkpoint saves
    b   bytes of a checkpoint                                      v = p c / b, what keeping a byte of it is worth
Removed are, in this order, what nobody will need (p = 0); of what is only to be scored any more, all but the weights;
then checkpoints by increasing v, which is computed anew after each removal: without its newest checkpoint a run goes
on from the one before, and with both gone from the start. Protected, pinned and busy ones always stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rltune.store.base import CheckpointRecord, CheckpointTier

SPARE_CHANCE = 0.01
"""Chance that a run's newest checkpoint turns out damaged, so that the one before it is needed."""


WEIGHED = "seconds_to_retrain"
"""Among the inputs of each removal for room, and of no other."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a run's checkpoints are worth.

    Attributes:
        chance: p, in [0, 1]. step_seconds: to train a step again. reason: why, in words.
        protected: never deleted. weights_only: its newest checkpoint is only scored, or kept for its weights.
    """

    chance: float
    step_seconds: float
    reason: str
    protected: bool = False
    weights_only: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """A checkpoint to delete, or to strip to its weights.

    Attributes:
        frees: bytes. chance: p. seconds: c; what it costs to train again if it is missed. reason: why it may go.
    """

    record: CheckpointRecord
    strip: bool
    frees: int
    chance: float
    seconds: float
    reason: str

    @property
    def value(self) -> float:
        """v, in seconds a byte."""
        return self.chance * self.seconds / max(self.record.bytes, 1)

    def inputs(self) -> dict[str, object]:
        """For the ledger."""
        return {
            "step": self.record.step,
            "bytes": self.record.bytes,
            "frees": self.frees,
            "chance": self.chance,
            WEIGHED: self.seconds,
            "seconds_a_byte": self.value,
        }


@dataclass(frozen=True, slots=True)
class Clearance:
    """What to remove, in this order, and the bytes that are still too many after that."""

    removals: tuple[Removal, ...]
    missing: int


def plan_clearance(
    checkpoints: Sequence[CheckpointRecord],
    worths: Mapping[str, Worth],
    room: int | None,
    *,
    busy: Collection[str] = (),
    weights: Mapping[tuple[str, int], int] | None = None,
) -> Clearance:
    """What has to go so that the rest takes at most `room` bytes; None: only what nobody will need.

    Args:
        checkpoints: complete ones. worths: by run id, of all their runs. busy: ids of runs that are being used.
        weights: by (run id, step), the bytes of a checkpoint that its weights take, where it can be stripped to them.
    """
    left = {(c.run_id, c.step): c for c in checkpoints}
    taken = sum(c.bytes for c in checkpoints)
    found: list[Removal] = []

    def enough() -> bool:
        return room is not None and taken <= room

    def take(removal: Removal) -> None:
        nonlocal taken
        found.append(removal)
        taken -= removal.frees
        if not removal.strip:
            del left[removal.record.run_id, removal.record.step]

    for removal in _unneeded(left, worths, busy):
        if enough():
            break
        take(removal)
    for removal in _strips(left, worths, busy, weights or {}):
        if enough():
            break
        take(removal)
    while room is not None and taken > room and (least := _least(left, worths, busy)) is not None:
        take(least)
    return Clearance(tuple(found), 0 if room is None else max(0, taken - room))


def removals_of(
    left: Mapping[tuple[str, int], CheckpointRecord], worths: Mapping[str, Worth], busy: Collection[str] = ()
) -> list[Removal]:
    """Each checkpoint that may be deleted, as if it were the only one that is: by run and step."""
    by_run: dict[str, list[CheckpointRecord]] = {}
    for record in left.values():
        by_run.setdefault(record.run_id, []).append(record)
    found = []
    for run_id, own in by_run.items():
        worth = worths[run_id]
        if run_id in busy:
            continue
        own.sort(key=lambda record: record.step)
        for index, record in enumerate(own):
            newest = index == len(own) - 1
            if record.pinned or (worth.protected and newest):
                continue
            resumable = [o.step for o in own[:index] if o.tier is CheckpointTier.FULL]
            seconds = (record.step - max(resumable, default=0)) * worth.step_seconds
            chance = worth.chance if newest else worth.chance * SPARE_CHANCE
            reason = worth.reason if newest else f"a newer one is there, of step {own[-1].step}; {worth.reason}"
            if worth.protected or worth.weights_only:
                chance = worth.chance if newest else 0.0  # its run is over: the others can't be needed
            found.append(Removal(record, False, record.bytes, chance, seconds, reason))
    return found


def _unneeded(
    left: Mapping[tuple[str, int], CheckpointRecord], worths: Mapping[str, Worth], busy: Collection[str]
) -> list[Removal]:
    found = [removal for removal in removals_of(left, worths, busy) if removal.chance == 0]
    return sorted(found, key=lambda r: (-r.frees, r.record.run_id, r.record.step))


def _strips(
    left: Mapping[tuple[str, int], CheckpointRecord],
    worths: Mapping[str, Worth],
    busy: Collection[str],
    weights: Mapping[tuple[str, int], int],
) -> list[Removal]:
    newest = {run_id: max(step for run, step in left if run == run_id) for run_id, _ in left}
    found = []
    for (run_id, step), record in left.items():
        size = weights.get((run_id, step))
        skip = run_id in busy or record.tier is not CheckpointTier.FULL or size is None or record.pinned
        if skip or not worths[run_id].weights_only or newest[run_id] != step or size is None:
            continue
        reason = f"only its weights are needed any more: {worths[run_id].reason}"
        found.append(Removal(record, True, record.bytes - size, 0.0, 0.0, reason))
    return sorted(found, key=lambda r: (-r.frees, r.record.run_id, r.record.step))


def _least(
    left: Mapping[tuple[str, int], CheckpointRecord], worths: Mapping[str, Worth], busy: Collection[str]
) -> Removal | None:
    """The removal that costs least for each byte that it frees."""
    found = removals_of(left, worths, busy)
    return min(found, key=lambda r: (r.value, r.record.run_id, r.record.step), default=None)
