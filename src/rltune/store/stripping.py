"""Checkpoints with nothing but what scoring needs: the rest of their files goes, atomically."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from rltune.store.manifest import MANIFEST, publish, temporary_folder


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a checkpoint, without its manifest, relative to its folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder)


def bytes_without(folder: Path, dropped: Collection[Path]) -> int:
    """Bytes of a checkpoint that would be left."""
    return sum((folder / name).stat().st_size for name in files_of(folder) if name not in dropped)


def strip(folder: Path, dropped: Collection[Path]) -> int:
    """Takes files out of a published checkpoint; returns the bytes that are left. What stays is linked, not copied:
    at no time does it take more room, and a crash in between leaves the old checkpoint or the new one.

    Args:
        dropped: relative to the folder.

    Raises:
        CheckpointError: if nothing would be left. OSError: if the file system fails or knows no links.
    """
    temporary = temporary_folder(folder)
    try:
        for name in files_of(folder):
            if name not in dropped:
                (temporary / name).parent.mkdir(parents=True, exist_ok=True)
                os.link(folder / name, temporary / name)
        return publish(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
