"""Checkpoints whose files lie on object storage: in the study's folder stands a small stand-in for each.

    <run>/checkpoints/step-000040/rltune-remote.json     {"url": where its files lie, "bytes": their size in all}
    <run>/checkpoints/step-000040/rltune-contents.json   the manifest of these files: names, sizes, SHA-256
    <run>/checkpoints/step-000040/rltune-damaged.json    {"url", "problem"}: a reader found it damaged
    <url of the study>/rltune-study.txt           see `rltune.store.storage`
    <url of the study>/<run>/step-000040.3f9c01d2a4b7/   the files, and last of all their manifest.json

A stand-in is published as any checkpoint is (`rltune.store.manifest`), once all that it stands for is there: so a half
upload is never taken for a checkpoint, and who holds the run decides over all of its checkpoints in one place, the
study's folder. Each upload has a name of its own: one of a worker that has lost its run can't touch its successor's.

Whatever deals with checkpoints asks this module; those that lie in the study's folder it leaves to the manifest.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltune.errors import CheckpointError, StorageError
from rltune.store import manifest, storage
from rltune.store.manifest import MANIFEST, always, listed_files, publish, temporary_folder

STAND_IN = "rltune-remote.json"
CONTENTS = "rltune-contents.json"
DAMAGED = "rltune-damaged.json"
_LARGEST = 1 << 16
_READS = 2
"""Times that a checkpoint is read before it counts as damaged: it may have been so on the way."""
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError)
_UPLOAD = re.compile(r"step-([0-9]+)\.[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of a checkpoint lie, and their size."""

    url: str
    bytes: int


def place_of(folder: Path) -> Place | None:
    """Where the files of a published checkpoint lie; None: in the folder itself, or the stand-in can't be read."""
    try:
        plain = _read(folder / STAND_IN)
        place = Place(str(plain["url"]), int(plain["bytes"]))
    except _UNREADABLE:
        return None
    # A stranger's study may name anything; nothing but uploads is ever read or deleted.
    return place if _UPLOAD.fullmatch(place.url.rpartition("/")[2]) else None


def size_of(folder: Path) -> int:
    """Bytes of a published checkpoint's files, without manifest. Raises OSError if they can't be looked at."""
    place = place_of(folder)
    if place is not None:
        return place.bytes
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)


def verify(folder: Path, *, contents: bool = True) -> str | None:
    """As `manifest.verify`. Of files on object storage names and sizes are compared, by one listing, if `contents`;
    their hashes when they are read (`fetch`). Storage that can't be reached now says nothing against a checkpoint."""
    problem = manifest.verify(folder, contents=contents)
    if problem is not None or not (folder / STAND_IN).exists():
        return problem
    place = place_of(folder)
    if place is None:
        return f"its {STAND_IN} names no upload"
    if (said := _said_damaged(folder, place.url)) is not None:
        return said
    return _missing_there(folder, place.url) if contents else None


def upload(
    local: Path,
    final: Path,
    base: str,
    allowed: Callable[[], None] = always,
    alive: Callable[[], None] = storage.quiet,
    sleep: Callable[[float], None] | None = None,
) -> int:
    """Copies a checkpoint that was published on this machine to object storage, and publishes its stand-in; returns its
    size in bytes. An older checkpoint under the final name is replaced.

    Args:
        local: of this machine. final: the stand-in's place. base: URL of the run's uploads.
        allowed: raises if this writer may not write at `final` any more. alive: called while it lasts.

    Raises:
        StorageError: if the storage can't be reached, or refuses. OSError: if the study's folder can't be written.
        Exception: what `allowed` raises. `final` is then as it was.
    """
    entries = listed_files(local / MANIFEST)
    size = sum(entry[1] for entry in entries)
    url = f"{base.rstrip('/')}/{final.name}.{uuid.uuid4().hex[:12]}"
    allowed()
    storage.put({name: local / name for name in (*(e[0] for e in entries), MANIFEST)}, url, alive, sleep)
    older = place_of(final)
    temporary = temporary_folder(final)
    try:
        shutil.copyfile(local / MANIFEST, temporary / CONTENTS)
        (temporary / STAND_IN).write_text(json.dumps({"url": url, "bytes": size}))
        publish(temporary, final, allowed)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    if older is not None:
        delete_quietly(older.url)
    return size


def fetch(
    folder: Path,
    target: Path,
    alive: Callable[[], None] = storage.quiet,
    sleep: Callable[[float], None] | None = None,
) -> None:
    """Copies the files of a checkpoint from object storage into a new folder, and checks their hashes.

    Raises:
        CheckpointError: if it is damaged there; that is then noted beside the stand-in.
        StorageError: if the storage can't be reached. OSError: if the new folder can't be written.
    """
    place = place_of(folder)
    if place is None:
        raise CheckpointError(f"its {STAND_IN} can't be read", where=str(folder), hint="continue from an older one")
    names = [entry[0] for entry in listed_files(folder / CONTENTS)]
    target.mkdir(parents=True)
    problem = ""
    for _ in range(_READS):
        try:
            storage.get(names, place.url, target, alive, sleep)
        except FileNotFoundError as error:
            problem = f"{error} is missing"
            break
        shutil.copyfile(folder / CONTENTS, target / MANIFEST)
        found = manifest.verify(target)
        if found is None:
            return
        problem = found
    (folder / DAMAGED).write_text(json.dumps({"url": place.url, "problem": problem}))
    raise CheckpointError(
        f"{storage.FAILED}: the checkpoint at {place.url} is damaged: {problem}",
        hint="nothing is to be done: the run goes on from an older one",
    )


def remove(folder: Path, allowed: Callable[[], None] = always) -> None:
    """As `manifest.remove`; with its files on object storage, if that is where they lie.

    Raises:
        StorageError: if they can't be deleted there now; `orphans` finds them later. Otherwise it is deleted.
        Exception: what `allowed` raises, with nothing deleted.
    """
    place = place_of(folder)
    manifest.remove(folder, allowed)
    if place is not None:
        storage.delete(place.url)


def delete_quietly(url: str) -> None:
    """Deletes an upload, if the storage can be reached; else `orphans` finds it later."""
    try:
        storage.delete(url)
    except StorageError:
        return


def orphans(base: str, known: Collection[str], kept: Callable[[str, int], bool]) -> Iterator[str]:
    """URLs of uploads below a study's URL that nothing refers to: cut off in the middle, or left by a deletion.

    Args:
        base: the study's. known: URLs that stand-ins name.
        kept: (run's name, step) -> whether the upload stays for another reason.

    Raises:
        StorageError: if the storage can't be reached.
    """
    found = {tuple(name.split("/")[:2]) for name in storage.sizes(base) if name.count("/") >= 2}
    for run, upload_name in sorted(found):
        match, url = _UPLOAD.fullmatch(upload_name), f"{base}/{run}/{upload_name}"
        if match is not None and url not in known and not kept(run, int(match[1])):
            yield url


def _said_damaged(folder: Path, url: str) -> str | None:
    """What a reader has found wrong with this very upload."""
    try:
        plain = _read(folder / DAMAGED)
        return str(plain["problem"]) if plain["url"] == url else None
    except _UNREADABLE:
        return None


def _read(path: Path) -> Any:
    """The JSON in a small file. Raises one of `_UNREADABLE`."""
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is too large")
    return json.loads(path.read_text())


def _missing_there(folder: Path, url: str) -> str | None:
    try:
        entries = listed_files(folder / CONTENTS)
        found = storage.sizes(url)
    except CheckpointError as error:
        return error.message
    except StorageError:
        return None
    for name, size, _ in entries:
        if found.get(name) != size:
            there = f"has {found[name]} bytes instead of {size}" if name in found else "is missing"
            return f"{name} {there} at {url}"
    return None
