"""Checkpoints on disk: written under a temporary name, made durable, renamed, and recognizable when damaged.

A folder under its final name is complete: every file and the manifest (names, sizes, SHA-256) were synced before the
rename. What is found damaged later was truncated or changed afterwards. Without the syncs, a power cut could leave a
renamed folder with empty files in it.

Temporary folders carry their writer's host, pid and start time, so that `sweep` removes those of dead writers only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rltune.clock import Clock, SystemClock
from rltune.errors import CheckpointError

MANIFEST = "manifest.json"
_FORMAT = 1
_FOREIGN_SECONDS = 6 * 3600.0
"""After so long without a change, a temporary folder of a host that can't be asked counts as left over."""


def temporary_folder(final: Path) -> Path:
    """Makes an empty folder beside `final` to write a checkpoint into, for `publish`.

    Raises:
        OSError: if it can't be made.
    """
    return _make_beside(final, "part")


def publish(temporary: Path, final: Path) -> int:
    """Makes what is in `temporary` durable and renames it to `final`; returns its size in bytes (without manifest).

    An older folder of that name (a damaged one, or of steps that were trained again) is replaced. At no time is there
    an incomplete folder under the final name.

    Args:
        temporary: on the same file system as `final`.

    Raises:
        CheckpointError: if there is nothing in it, or something else than files and folders.
        OSError: if the disk is full or fails; `final` is then as it was.
    """
    files = _files(temporary)
    if not files:
        raise CheckpointError(
            "a checkpoint must have files, this one has none", where=str(final), hint="save before publishing"
        )
    # At once, so that the file system can serve many syncs with one write of its journal: 3 times as fast.
    with ThreadPoolExecutor(max_workers=min(len(files), 8)) as pool:
        entries = list(pool.map(lambda path: _sync_and_describe(path, temporary), files))
    content = json.dumps({"format": _FORMAT, "files": entries}, indent=1)
    with (temporary / MANIFEST).open("w") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    for folder in {path.parent for path in files} | {temporary}:
        _sync_folder(folder)
    if final.exists():
        _discard(final)
    os.rename(temporary, final)
    _sync_folder(final.parent)
    return sum(int(entry["bytes"]) for entry in entries)


def verify(folder: Path, *, contents: bool = True) -> str | None:
    """None if a published checkpoint is intact, else one sentence on what is wrong.

    Args:
        contents: read every file and compare its hash; without, only names and sizes are compared (fast).
    """
    if not folder.is_dir():
        return "its folder is missing"
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        entries = [(str(e["name"]), int(e["bytes"]), str(e["sha256"])) for e in manifest["files"]]
    except FileNotFoundError:
        return f"its {MANIFEST} is missing"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its {MANIFEST} can't be read ({type(error).__name__})"
    for name, size, digest in entries:
        problem = _compare(folder / name, name, size, digest if contents else None)
        if problem is not None:
            return problem
    return None


def remove(folder: Path) -> None:
    """Deletes a checkpoint; killed in between, it leaves no half of one under its name. Nothing to do is no error."""
    if folder.exists():
        _discard(folder)


def sweep(folder: Path, *, clock: Clock | None = None) -> list[Path]:
    """Removes what dead writers left unfinished in a folder of checkpoints; returns what was removed.

    Those of living writers stay; those of other hosts stay until nothing has changed in them for six hours.
    """
    if not folder.is_dir():
        return []
    now = (clock or SystemClock()).now()
    removed = []
    for path in sorted(folder.glob(".*.*.*.*.*")):
        if path.suffix in (".part", ".trash") and _abandoned(path, now):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _make_beside(final: Path, suffix: str) -> Path:
    """An empty folder named `.<name>.<host>.<pid>.<start>.<counter>.<suffix>`."""
    final.parent.mkdir(parents=True, exist_ok=True)
    writer = f"{_host()}.{os.getpid()}.{_started(os.getpid())}"
    counter = 0
    while True:
        folder = final.parent / f".{final.name}.{writer}.{counter}.{suffix}"
        try:
            folder.mkdir()
        except FileExistsError:
            counter += 1
        else:
            return folder


def _discard(folder: Path) -> None:
    # Renamed onto an empty folder, which is atomic, before the files go one by one.
    trash = _make_beside(folder, "trash")
    os.rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)  # what stays, `sweep` removes


def _files(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise CheckpointError(
                "a checkpoint holds plain files only, not links or devices",
                where=str(path),
                hint="copy the file",
            )
        if path.is_file() and path != folder / MANIFEST:
            found.append(path)
    return found


def _sync_and_describe(path: Path, base: Path) -> dict[str, str | int]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
        os.fsync(stream.fileno())
    return {"name": path.relative_to(base).as_posix(), "bytes": size, "sha256": digest}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _compare(path: Path, name: str, size: int, digest: str | None) -> str | None:
    try:
        found = path.stat().st_size
        if found != size:
            return f"{name} has {found} bytes instead of {size}"
        if digest is None:
            return None
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                return f"the contents of {name} have changed"
    except FileNotFoundError:
        return f"{name} is missing"
    except OSError as error:
        return f"{name} can't be read ({error.strerror})"
    return None


def _abandoned(path: Path, now: float) -> bool:
    host, pid, started = path.name.split(".")[-5:-2]
    if host != _host():
        times = [each.stat().st_mtime for each in (path, *path.rglob("*"))]
        return now - max(times) > _FOREIGN_SECONDS
    return _started(int(pid)) != started if pid.isdigit() else False


def _host() -> str:
    """A name for this machine without dots; containers of one image get different ones."""
    return socket.gethostname().replace(".", "-") or "unknown"


def _started(pid: int) -> str:
    """When a living process started, in the kernel's ticks since boot; '' if there is none. '0' where there is no
    /proc: then a recycled pid can't be told from the writer, and its folder stays."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    else:
        return stat.rpartition(")")[2].split()[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "0"
