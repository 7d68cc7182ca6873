"""Where a trial's checkpoints are made and kept: in the study's folder, or on this machine's own disk with a copy on
object storage.

What is on this machine's disk is this trial's alone, and goes when the trial ends; what a trial that was killed has
left there, the next one on this machine clears away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from rltune.errors import ExecutorError, StorageError
from rltune.executors.base import Depot, Order
from rltune.executors.fence import Fence
from rltune.executors.records import SegmentFiles, checkpoint_folder, touch_alive
from rltune.store import remote
from rltune.store.manifest import publish, sweep, temporary_folder
from rltune.store.remote import STAND_IN
from rltune.trainers.base import ScoreJob, TrainJob

_READ = "resume"


class Shelf(Protocol):
    """Makes checkpoints durable, one after the other."""

    workspace: Path
    """For files that a trainer's program writes, on the file system of `begin`'s folders; it needn't exist yet."""

    def begin(self, step: int) -> Path:
        """A new folder to write the checkpoint of a step into. Raises OSError."""
        ...

    def publish(self, step: int, temporary: Path) -> tuple[Path, Path, int]:
        """Publishes what was written. Returns where it is on record, where this machine can read it until the next
        one is published, and its bytes.

        Raises:
            OSError, StorageError: if it can't be kept. FencedError: if the run was given to another.
        """
        ...

    def remove(self, path: Path) -> None:
        """Deletes a checkpoint that is on record."""
        ...


class FolderShelf:
    """Checkpoints in the study's folder."""

    def __init__(self, order: Order) -> None:
        self.workspace = SegmentFiles(order.folder).workspace
        self._checkpoints, self._fence = order.checkpoints, Fence(order.checkpoints, order.id)

    def begin(self, step: int) -> Path:
        return temporary_folder(checkpoint_folder(self._checkpoints, step))

    def publish(self, step: int, temporary: Path) -> tuple[Path, Path, int]:
        final = checkpoint_folder(self._checkpoints, step)
        size = publish(temporary, final, self._fence.check)
        return final, final, size

    def remove(self, path: Path) -> None:
        with contextlib.suppress(StorageError):  # one of an earlier segment; what stays there is found later
            remote.remove(path, self._fence.check)


class DepotShelf:
    """Checkpoints on this machine's disk, the newest one only; copied to object storage, if the depot names some.

    Args:
        scratch: an empty folder of this machine, for this trial alone.
    """

    def __init__(self, order: Order, depot: Depot, scratch: Path) -> None:
        self.workspace = scratch / "workspace"
        self._folder, self._url = order.folder, depot.url
        self._checkpoints, self._fence = order.checkpoints, Fence(order.checkpoints, order.id)
        self._local = scratch / "checkpoints"
        self._newest: Path | None = None

    def begin(self, step: int) -> Path:
        touch_alive(self._folder)
        return temporary_folder(checkpoint_folder(self._local, step))

    def publish(self, step: int, temporary: Path) -> tuple[Path, Path, int]:
        local, final = checkpoint_folder(self._local, step), checkpoint_folder(self._checkpoints, step)
        size = publish(temporary, local)
        touch_alive(self._folder)
        if self._url:
            remote.upload(local, final, self._url, self._fence.check, self._alive)
        if self._newest not in (None, local):
            shutil.rmtree(self._newest, ignore_errors=True)
        self._newest = local
        return (final if self._url else local), local, size

    def remove(self, path: Path) -> None:
        with contextlib.suppress(StorageError):  # what stays there is found later
            remote.remove(path, self._fence.check)

    def _alive(self) -> None:
        touch_alive(self._folder)


@contextmanager
def shelf_of(order: Order) -> Iterator[tuple[Shelf, TrainJob | ScoreJob]]:
    """The shelf of an order, and its job as it is on this machine: what it reads was fetched from object storage.

    Raises:
        CheckpointError: if that checkpoint is damaged. StorageError: if it can't be fetched.
        ExecutorError: if this machine has no place for it.
    """
    source = job_source(order.job)
    if order.depot is None and (source is None or not (source / STAND_IN).exists()):
        yield FolderShelf(order), order.job
        return
    depot = order.depot or Depot()
    scratch = _scratch(depot, order.id)
    try:
        job = _fetched(order.job, scratch, lambda: touch_alive(order.folder))
        yield (FolderShelf(order) if order.depot is None else DepotShelf(order, depot, scratch)), job
    finally:
        _keep_small(scratch / "workspace", SegmentFiles(order.folder).workspace)
        shutil.rmtree(scratch, ignore_errors=True)


def job_source(job: TrainJob | ScoreJob) -> Path | None:
    """The checkpoint that a job reads."""
    named = job.resume_from if isinstance(job, TrainJob) else job.checkpoint
    return Path(named) if named else None


def _fetched(job: TrainJob | ScoreJob, scratch: Path, alive: Callable[[], None]) -> TrainJob | ScoreJob:
    source = job_source(job)
    if source is None or not (source / STAND_IN).exists():
        return job
    target = scratch / _READ / source.name
    remote.fetch(source, target, alive)
    if isinstance(job, TrainJob):
        return replace(job, resume_from=str(target))
    return replace(job, checkpoint=str(target))


def _scratch(depot: Depot, order_id: str) -> Path:
    """A new folder for an order on this machine's disk; those of dead trials go."""
    root = Path(depot.scratch).expanduser() if depot.scratch else Path(tempfile.gettempdir())
    own = root / f"rltune-{os.getuid()}"
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own.is_symlink() or own.stat().st_uid != os.getuid():
            raise PermissionError(f"{own} belongs to somebody else")
        sweep(own)
        return temporary_folder(own / order_id.replace("/", "-"))
    except OSError as error:
        raise ExecutorError(
            f"the disk is no place for checkpoints: {error.strerror or error}",
            where=str(own),
            hint="name a folder of the machine's own disk in checkpoints.scratch",
        ) from error


def _keep_small(workspace: Path, target: Path) -> None:
    """Copies what a program has left, which is what people read, to the segment's folder. Best effort."""
    if workspace.is_dir():
        with contextlib.suppress(OSError, shutil.Error):
            shutil.copytree(workspace, target, dirs_exist_ok=True, ignore=_large)


_LARGEST_KEPT = 64 << 20


def _large(folder: str, names: list[str]) -> set[str]:
    paths = {name: Path(folder, name) for name in names}
    return {n for n, p in paths.items() if p.is_symlink() or (p.is_file() and p.stat().st_size > _LARGEST_KEPT)}
