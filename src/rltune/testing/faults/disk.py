"""A full disk: the study lies on a small one of its own (a tmpfs mount, which needs root), and a file fills it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from rltune.testing.faults.base import Injected, Moment, NothingToHit, Scene

LARGEST_BYTES = 1 << 30
"""Only a disk up to this size is filled: any larger one is somebody's."""
_FILLER = "filler"
_CHUNK = bytes(1 << 20)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own at `folder`, gone at the end with all that is on it.

    Raises:
        NothingToHit: if it can't be mounted here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        raise NothingToHit("a tmpfs can't be mounted here", where=str(folder), hint="that takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@dataclass(frozen=True, slots=True)
class FillDisk:
    """Fills the study's small disk to the last byte until it is undone."""

    name: str = "fill_disk"
    moment: Moment = Moment.RUNNING
    loses_tail: bool = False

    def inject(self, scene: Scene, rng: Random) -> Injected:
        mount = next(parent for parent in (scene.folder, *scene.folder.parents) if parent.is_mount())
        if shutil.disk_usage(mount).total > LARGEST_BYTES:
            raise NothingToHit("the study isn't on a small disk of its own", where=str(scene.folder))
        filler = mount / _FILLER
        return Injected(f"disk filled with {_fill(filler)} bytes", partial(filler.unlink, missing_ok=True))


def _fill(filler: Path) -> int:
    written = 0
    with filler.open("wb", buffering=0) as stream:
        while True:
            try:
                written += stream.write(_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return written
