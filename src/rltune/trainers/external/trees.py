"""Moving and handing back whole folders without copying what is large: a checkpoint may have a hundred gigabytes."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_SMALL_BYTES = 1 << 20


def move_into(source: Path, folder: Path) -> None:
    """Moves a file, or what a folder holds, into an existing folder; within a file system nothing is copied.

    Links are replaced by copies of what they point to, since a published checkpoint must hold plain files, and what
    lies elsewhere, such as a cache of models, isn't the program's to lose.

    Raises:
        OSError: if something can't be read or written.
    """
    if source.is_dir() and source.is_symlink():
        shutil.copytree(source.resolve(strict=True), folder, dirs_exist_ok=True)
        source.unlink()
    elif source.is_dir():
        for entry in sorted(source.iterdir()):
            _move(entry, folder / entry.name)
        source.rmdir()
    else:
        _move(source, folder / source.name)


def hand_back(source: Path, target: Path, without: Iterable[str] = ()) -> None:
    """Puts a published file or folder where a program looks for it, as if the program had written it there.

    Large files are hard links: a program reads checkpoints, deletes or replaces them, but doesn't write into them.
    Small ones, such as the name of the latest checkpoint, are written over in place by some, and so are copied.

    Args:
        without: names in `source` that stay behind.

    Raises:
        OSError: if something can't be read or written.
    """
    if not source.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, target)
        return
    target.mkdir(parents=True, exist_ok=True)
    left = set(without)
    for entry in source.iterdir():
        if entry.name not in left:
            hand_back(entry, target / entry.name)


def copy_to(source: Path, target: Path) -> None:
    """Copies a file or folder that the program may write over in place.

    Raises:
        OSError: if something can't be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def remove(path: Path) -> None:
    """Deletes a file or folder, if there is one, as far as it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    if source.is_symlink():
        content = source.resolve(strict=True)
        shutil.copytree(content, target) if content.is_dir() else shutil.copyfile(content, target)
        source.unlink()
    elif source.is_dir():
        target.mkdir()
        for entry in sorted(source.iterdir()):
            _move(entry, target / entry.name)
        source.rmdir()
    else:
        shutil.move(source, target)


def _link_or_copy(source: Path, target: Path) -> None:
    if source.stat().st_size > _SMALL_BYTES:
        try:
            os.link(source, target)
            return
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
    shutil.copyfile(source, target)
