"""A study's place on object storage: claimed once, and cleared of what nothing refers to any more."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from pathlib import Path

from rltune.errors import StorageError
from rltune.store import storage
from rltune.store.base import SegmentState, StudyStore
from rltune.store.remote import orphans, place_of
from rltune.types import Configuration, Phase

_FACT = "remote"
WINNERS = "winner_uploads"


def claim(store: StudyStore, prefix: str | None) -> str:
    """The URL below which the study keeps its checkpoints; empty if it keeps them in its folder. The same in all
    sittings, and no other study's, whatever that one is called.

    Args:
        prefix: `checkpoints.remote`; another one than before is for what is saved from now on.

    Raises:
        StorageError: if nothing can be written there, or what was written before can't be seen.
    """
    if prefix is None:
        return ""
    known = store.study().facts.get(_FACT)
    if isinstance(known, Mapping) and known.get("prefix") == prefix:
        storage.require_marker(
            str(known["url"])
        )  # made anew, it would make a disk that isn't mounted look like an empty one
        return str(known["url"])
    name = store.study().name
    url = f"{prefix}/{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}-{uuid.uuid4().hex[:8]}"
    storage.mark(
        url, f"rltune keeps checkpoints of the study {name} here, and deletes those it doesn't need any more.\n"
    )
    store.set_fact(_FACT, {"prefix": prefix, "url": url, "urls": [*_urls(known), url]})
    return url


def _urls(known: object) -> list[str]:
    """All that the study ever kept checkpoints below."""
    urls = known.get("urls") if isinstance(known, Mapping) else None
    return [str(url) for url in urls] if isinstance(urls, (list, tuple)) else []


def clear(store: StudyStore, folder: Path) -> int:
    """Deletes uploads that nothing refers to: those that were cut off, and those whose deletion was. Returns how many.
    Not those of runs in training. Storage that can't be reached is left for the next time, with a warning.

    Args:
        folder: the study's.
    """
    bases = _urls(store.study().facts.get(_FACT))
    if not bases:
        return 0
    records = store.checkpoints()
    used = {place.url for path in folder.glob("runs/*/checkpoints/step-*") if (place := place_of(path)) is not None}
    # A disk of the cluster may show late what was written elsewhere: what is on record stays.
    unseen = {(record.path.parents[1].name, record.step) for record in records if place_of(record.path) is None}
    busy = {s.folder.parents[1].name for s in store.segments() if s.state is SegmentState.RUNNING}
    count = 0
    for base in bases:
        try:
            for url in orphans(base, used, lambda run, step: run in busy or (run, step) in unseen):
                storage.delete(url)
                count += 1
        except StorageError as error:
            store.add_event("warning", f"what is left over on object storage couldn't be cleared: {error}")
    return count


def note_winner(store: StudyStore) -> None:
    """Writes down where the winner's checkpoints lie, for who wants to use them."""
    winner = store.study().facts.get("winner")
    values = winner.get("configuration") if isinstance(winner, Mapping) else None
    if not isinstance(values, Mapping):
        return
    target, configuration = store.study().facts.get("target"), Configuration(values)
    final = {segment.run_id for segment in store.segments() if segment.phase is Phase.FINAL}
    runs = [r for r in store.runs() if r.id in final and r.configuration == configuration and r.model == target]
    newest = {run.id: record for run in runs for record in store.checkpoints(run.id)}
    places = [place for record in newest.values() if (place := place_of(record.path)) is not None]
    if places:
        store.set_fact(WINNERS, sorted(place.url for place in places))
