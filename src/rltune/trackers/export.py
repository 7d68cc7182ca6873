"""Mirrors a study once, whether it runs, has ended or died: what `rltune export --format wandb` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rltune.analysis.records import ReadableStore
from rltune.clock import Clock
from rltune.errors import TrackerError
from rltune.trackers.build import TRACKERS, check_tracker, mirror_of
from rltune.trackers.lock import MirrorLock


def mirror_once(
    store: ReadableStore, folder: Path, name: str, options: Mapping[str, object], clock: Clock, *, alive: bool
) -> str:
    """Brings the tracker up to the store. Idempotent. Returns what was done, as one line for people.

    Args:
        folder: the study's. alive: whether a controller is at work.

    Raises:
        TrackerError: if the tracker can't be used, lacks something afterwards, or is being written by the study itself.
        StoreError: if the store can't be read.
    """
    check_tracker(name, options)
    troubles: list[str] = []
    with MirrorLock(folder, name, clock, patience=2.0):
        mirror = mirror_of(name, options, store, folder, clock, lambda level, text: troubles.append(text))
        done = mirror.update(alive=alive, now=True)
        place = mirror.place
        arrived = mirror.close()
    things = TRACKERS[name].things
    if done.missing or not arrived:
        raise TrackerError(
            f"{done.missing or 'some'} of the {things} could not be written: {troubles[0] if troubles else 'unknown'}",
            where=f"tracker {name}",
            hint="mend the cause and export again; what is there already is not written twice",
        )
    return f"{done.written} {things} written, {done.current} were up to date: {place}\n"
