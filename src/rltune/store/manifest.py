"""Checkpoints on disk: written under a temporary name, made durable, renamed, and recognizable when damaged.

A folder under its final name is complete: every file and the manifest (names, sizes, SHA-256) were synced before the
rename. What is found damaged later was truncated or changed afterwards. Without the syncs, a power cut could leave a
renamed folder with empty files in it.

Temporary folders carry their writer's host, pid and start time, so that `sweep` removes those of dead writers only.

A writer that was frozen and comes back must not act on what its successor has made. So each change of a published
folder is announced first, by a temporary folder that the change itself has to go through; then the writer's `allowed`
is asked; then comes the one rename. Whoever takes the folder over withdraws the permission first and breaks the
announcements (`break_claims`) second. Wherever the writer was frozen, either its permission or its way is gone: no
lock is held that a dead writer could keep, and no moment is left between asking and acting.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from rltune.clock import Clock, SystemClock
from rltune.errors import CheckpointError

MANIFEST = "manifest.json"
_FORMAT = 1
_CONTENT = "content"
_LARGEST_MANIFEST = 64 << 20
_STEP = re.compile(r"step-[0-9]+")
"""How the folders of checkpoints are called."""
_FOREIGN_SECONDS = 6 * 3600.0
"""After so long without a change, a temporary folder of a host that can't be asked counts as left over."""


def always() -> None:
    """Permission for whoever is the only one to write."""


def temporary_folder(final: Path) -> Path:
    """Makes an empty folder beside `final` to write a checkpoint into, for `publish`.

    Raises:
        OSError: if it can't be made.
    """
    return _make_beside(final, "part")


def publish(temporary: Path, final: Path, allowed: Callable[[], None] = always) -> int:
    """Makes what is in `temporary` durable and renames it to `final`; returns its size in bytes (without manifest).

    An older folder of that name (a damaged one, or of steps that were trained again) is replaced. At no time is there
    an incomplete folder under the final name.

    Args:
        temporary: made by `temporary_folder(final)`.
        allowed: raises if this writer may not write there any more.

    Raises:
        CheckpointError: if there is nothing in it, or something else than files and folders.
        OSError: if the disk is full or fails, or `temporary` was broken; `final` is then as it was.
        Exception: what `allowed` raises; `final` is then as it was.
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
    allowed()
    if final.exists():
        _discard(final, allowed)
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
        entries = listed_files(folder / MANIFEST)
    except CheckpointError as error:
        return error.message
    for name, size, digest in entries:
        problem = _compare(folder / name, name, size, digest if contents else None)
        if problem is not None:
            return problem
    return None


def listed_files(manifest: Path) -> list[tuple[str, int, str]]:
    """Name, bytes and SHA-256 of the files that a manifest lists; no name leads out of the manifest's folder.

    Raises:
        CheckpointError: if it isn't a manifest; one sentence says why.
    """
    try:
        if manifest.stat().st_size > _LARGEST_MANIFEST:
            raise CheckpointError(f"its {manifest.name} is too large to be one")
        content = json.loads(manifest.read_text())
        entries = [(str(e["name"]), int(e["bytes"]), str(e["sha256"])) for e in content["files"]]
        if odd := next((name for name, _, _ in entries if not _stays_inside(name)), None):
            raise CheckpointError(f"its {manifest.name} names a file outside of it, {odd!r:.100}")
    except FileNotFoundError:
        raise CheckpointError(f"its {manifest.name} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise CheckpointError(f"its {manifest.name} can't be read ({type(error).__name__})") from error
    return entries


def remove(folder: Path, allowed: Callable[[], None] = always) -> None:
    """Deletes a checkpoint; killed in between, it leaves no half of one under its name. Nothing to do is no error.
    Raises what `allowed` raises, with nothing deleted.

    What is none, by its manifest and its name, stays: a record of a stranger's study may name any folder.
    """
    if folder.is_symlink():
        allowed()
        folder.unlink()
    elif folder.is_dir() and ((folder / MANIFEST).exists() or _STEP.fullmatch(folder.name)):
        _discard(folder, allowed)


def break_claims(folder: Path) -> None:
    """Ends all writing into a folder of checkpoints that has begun, by whomever: it can't be published any more.
    To be called when nobody has the permission to begin anew (see above)."""
    for path in sorted(folder.glob(".*.*.*.*.*")):
        if path.suffix in (".part", ".trash"):
            broken = _make_beside(path.with_name(path.name.lstrip(".")), "trash")
            # Renamed as a whole first: a writer that is adding files would outrun a deletion.
            with contextlib.suppress(FileNotFoundError):
                os.rename(path, broken / _CONTENT)
            shutil.rmtree(broken, ignore_errors=True)


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
    writer = f"{host_name()}.{os.getpid()}.{_started(os.getpid())}"
    counter = 0
    while True:
        folder = final.parent / f".{final.name}.{writer}.{counter}.{suffix}"
        try:
            folder.mkdir()
        except FileExistsError:
            counter += 1
        else:
            return folder


def _discard(folder: Path, allowed: Callable[[], None]) -> None:
    # Renamed in one go before the files are deleted one by one; into the trash, so that it fails if that was broken.
    trash = _make_beside(folder, "trash")
    try:
        allowed()
        os.rename(folder, trash / _CONTENT)
    finally:
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


def _stays_inside(name: str) -> bool:
    """Whether a manifest's name leads to a file in its folder, and isn't too odd to be looked for."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _compare(path: Path, name: str, size: int, digest: str | None) -> str | None:
    try:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            return f"{name} is no plain file"
        found = state.st_size
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
    if host != host_name():
        times = [each.stat().st_mtime for each in (path, *path.rglob("*"))]
        return now - max(times) > _FOREIGN_SECONDS
    return _started(int(pid)) != started if pid.isdigit() else False


def host_name() -> str:
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
