"""Folders of files on object storage, by their URLs (`s3://bucket/prefix/...`): written, looked at, read, deleted.

fsspec knows how, with one package for each protocol; it is imported when the first URL comes up, and no sooner.
Credentials are what that package finds in the environment; rltune neither asks for nor keeps any.

Storage that doesn't answer must never look like storage whose files are gone: whoever believed that would give up, and
delete, all that a study has. So beside a study's folders lies a marker, and only where that can be seen is a missing
file missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from rltune.clock import SystemClock
from rltune.errors import StorageError
from rltune.redaction import redacted

T = TypeVar("T")
MARKER = "rltune-study.txt"
WAITS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before each further try of what failed."""
FAILED = "object storage failed"
"""What every error begins with; `rltune.faults.texts` knows the storage's fault by it."""
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^:\x00-\x1f][^\x00-\x1f]*")
_HERE = ("file", "local")
_NO_STORAGE = ("memory", "http", "https", "github", "data", "reference", "zip", "tar")
"""Protocols of fsspec that nothing can be kept with, or not beyond one process."""
_FINAL = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)
"""What a second try doesn't mend."""


def quiet() -> None:
    """Signs of life for nobody."""


def check_url(url: str) -> None:
    """Raises StorageError if nothing can be kept at this URL, or its protocol's package is missing. Asks no network."""
    _protocol_class(url)


def put(
    files: Mapping[str, Path],
    url: str,
    alive: Callable[[], None] = quiet,
    sleep: Callable[[float], None] | None = None,
) -> None:
    """Writes files below a URL that nothing lies at yet, in the order given, and sees that they arrived.

    Args:
        files: names below the URL -> local files. alive: called while it lasts. sleep: between tries.

    Raises:
        StorageError: if it can't be reached, or refuses, for half a minute.
        OSError: if a local file can't be read.
    """
    sizes = {name: path.stat().st_size for name, path in files.items()}

    def write(name: str, path: Path) -> None:
        storage, place = _open(url)
        storage.put_file(str(path), f"{place}/{name}", callback=_callback(alive))

    _see_marker(_study_of(url), alive, sleep)  # else a disk that isn't mounted would be written below its mount point
    for name, path in files.items():
        try:
            _tried(f"upload of {name}", url, lambda n=name, p=path: write(n, p), alive, sleep)
        except FileNotFoundError as error:  # there is no such bucket
            raise _failure(f"upload of {name}", url, error) from error
        alive()
    found = _tried("a look at what was uploaded", url, lambda: _sizes(url), alive, sleep)
    if wrong := next((name for name, size in sizes.items() if found.get(name) != size), None):
        raise StorageError(
            f"{FAILED}: expected {sizes[wrong]} bytes of {wrong} after the upload, got {found.get(wrong, 0)}", where=url
        )


def get(
    names: Sequence[str],
    url: str,
    folder: Path,
    alive: Callable[[], None] = quiet,
    sleep: Callable[[float], None] | None = None,
) -> None:
    """Reads files below a URL into a folder.

    Args:
        names: below the URL and the folder; they must not lead out of it.

    Raises:
        FileNotFoundError: if one isn't there, though the study's marker is.
        StorageError: if it can't be reached, or refuses. OSError: if the folder can't be written.
    """

    def read(name: str) -> None:
        storage, place = _open(url)
        storage.get_file(f"{place}/{name}", str(folder / name), callback=_callback(alive))

    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            _tried(f"download of {name}", url, lambda n=name: read(n), alive, sleep)
        except FileNotFoundError as error:
            if name in sizes(url):  # it isn't the one that is missing
                raise _failure(f"download of {name}", url, error) from error
            raise FileNotFoundError(name) from error
        alive()


def sizes(url: str) -> dict[str, int]:
    """The files of an upload, or of a whole study, in one listing: name -> bytes. Empty if there are none, though the
    study's marker is there.

    Raises:
        StorageError: if it can't be reached; tried once.
    """
    found = _tried("a look", url, lambda: _sizes(url), quiet, None, waits=())
    if not found:
        require_marker(_study_of(url))
    return found


def delete(url: str) -> None:
    """Deletes all below a URL; nothing to do is no error. Raises StorageError if it can't; tried once."""

    def remove() -> None:
        storage, place = _open(url)
        try:
            storage.rm(place, recursive=True)
        except FileNotFoundError:
            return

    _tried("deletion", url, remove, quiet, None, waits=())


def mark(url: str, text: str) -> None:
    """Makes sure that a study can keep folders at a URL: writes its marker, and reads it back.

    Raises:
        StorageError: if that can't be done.
    """

    def write() -> bytes:
        storage, place = _open(url)
        storage.pipe_file(f"{place}/{MARKER}", text.encode())
        return storage.cat_file(f"{place}/{MARKER}")

    try:
        found = _tried("a first small file", url, write, quiet, None, waits=WAITS[:2])
    except FileNotFoundError as error:
        raise _failure("a first small file", url, error) from error
    if found != text.encode():
        raise StorageError(f"{FAILED}: a first small file was read back as another one", where=url)


def require_marker(base: str) -> None:
    """Raises StorageError if the marker of the study whose URL this is isn't to be seen; tried once."""
    _see_marker(base, quiet, None, waits=())


def _see_marker(
    base: str,
    alive: Callable[[], None],
    sleep: Callable[[float], None] | None,
    waits: Sequence[float] = WAITS,
) -> None:
    def look() -> None:
        storage, place = _open(base)
        storage.invalidate_cache()
        if not storage.exists(f"{place}/{MARKER}"):
            # A disk that isn't mounted now may be in a moment.
            raise ConnectionError(f"nothing of the study is to be seen, not even {MARKER}")

    _tried("a look", base, look, alive, sleep, waits)


def _study_of(url: str) -> str:
    """The URL of the study that an upload belongs to."""
    return url.rsplit("/", 2)[0]


def _sizes(url: str) -> dict[str, int]:
    storage, place = _open(url)
    storage.invalidate_cache()
    try:
        found = storage.find(place, detail=True)
    except FileNotFoundError:
        return {}
    # What a listing calls a file may begin with a slash or not, as the protocol has it.
    start = len(place.strip("/")) + 1
    return {name.strip("/")[start:]: int(entry["size"] or 0) for name, entry in found.items()}


def _tried(
    what: str,
    url: str,
    action: Callable[[], T],
    alive: Callable[[], None],
    sleep: Callable[[float], None] | None,
    waits: Sequence[float] = WAITS,
) -> T:
    """What the action gives, after as many tries as there are waits and one. A missing file isn't tried again."""
    for wait in (*waits, None):
        try:
            return action()
        except FileNotFoundError:
            raise
        except StorageError:
            raise
        except Exception as error:  # each protocol's package has errors of its own
            if wait is None or isinstance(error, _FINAL):
                raise _failure(what, url, error) from error
            alive()
            (sleep or SystemClock().sleep)(wait)
    raise AssertionError("unreachable")


def _failure(what: str, url: str, error: Exception) -> StorageError:
    said = " ".join(redacted(f"{type(error).__name__}: {error}").split())
    return StorageError(
        f"{FAILED}: {what} didn't succeed: {said}",
        where=url,
        hint="look whether it can be reached from this machine: the credentials of its environment, the bucket's name, "
        "the mounted disk",
    )


def _open(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    protocol = _protocol_class(url)
    options = {"auto_mkdir": True} if protocol in _HERE else {}
    storage, path = import_module("fsspec").url_to_fs(url, **options)
    return storage, path.rstrip("/")


def _protocol_class(url: str) -> str:
    """The protocol of a URL that something can be kept at, once its package has been found."""
    if not _URL.fullmatch(url) or "::" in url:
        raise StorageError(
            f"expected a URL such as s3://bucket/prefix, got {url!r:.200}",
            hint="for a folder that all machines see: file:///shared/checkpoints",
        )
    protocol = url.partition("://")[0]
    registry = import_module("fsspec.registry")
    known = sorted({*registry.known_implementations, *registry.registry} - set(_NO_STORAGE))
    if protocol not in known and protocol != "memory":
        raise StorageError(f"unknown protocol {protocol!r}; known are {', '.join(known)}", where=url)
    try:
        registry.get_filesystem_class(protocol)
    except ImportError as error:
        package = registry.known_implementations[protocol]["class"].partition(".")[0]
        raise StorageError(
            f"the protocol {protocol} needs the package {package}, which isn't installed",
            where=url,
            hint=f"pip install {package}, on all machines that train",
        ) from error
    return protocol


def _callback(alive: Callable[[], None]) -> Any:
    """fsspec's: tells of life with each part that was moved."""
    return import_module("fsspec.callbacks").Callback(hooks={"alive": lambda *_, **__: alive()})
