"""Folders on object storage: what arrives, what is missing, and storage that doesn't answer."""

from __future__ import annotations

import importlib.util
import uuid
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from rltune.errors import StorageError
from rltune.faults.attribute import attribute
from rltune.faults.base import Cause
from rltune.store.storage import MARKER, WAITS, check_url, delete, get, mark, put, require_marker, sizes
from rltune.types import StopKind, StopReason


@pytest.fixture
def base() -> str:
    """A study's URL, with its marker."""
    url = f"memory://{uuid.uuid4().hex}/study"
    mark(url, "kept here")
    return url


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {"weights": tmp_path / "weights", "rng/state": tmp_path / "state", "empty": tmp_path / "empty"}
    for size, path in zip((1000, 10, 0), found.values(), strict=True):
        path.write_bytes(b"w" * size)
    return found


def fail(times: int, error: Exception, real: Callable[..., object]) -> Callable[..., object]:
    """A method that raises so many times, and then works."""
    left = [times]

    def method(self: object, *arguments: object, **options: object) -> object:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return real(self, *arguments, **options)

    return method


def test_what_was_put_is_there_and_comes_back(base: str, files: dict[str, Path], tmp_path: Path) -> None:
    url, beats = f"{base}/run/up", []
    put(files, url, lambda: beats.append(1))
    assert sizes(url) == {"weights": 1000, "rng/state": 10, "empty": 0} and len(beats) >= 3
    get(list(files), url, tmp_path / "back")
    assert all((tmp_path / "back" / name).read_bytes() == path.read_bytes() for name, path in files.items())
    delete(url)
    assert sizes(url) == {} and not delete(url)
    require_marker(base)


def test_a_folder_that_all_machines_see_is_storage_too(files: dict[str, Path], tmp_path: Path) -> None:
    base = f"file://{tmp_path}/shared disk/study"
    mark(base, "kept here")
    put(files, f"{base}/run/up")
    assert sizes(f"{base}/run/up") == {"weights": 1000, "rng/state": 10, "empty": 0}
    get(["weights"], f"{base}/run/up", tmp_path / "back")
    assert (tmp_path / "back/weights").stat().st_size == 1000


def test_what_fails_is_tried_again_after_longer_and_longer_waits(
    base: str, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    real = MemoryFileSystem.put_file
    monkeypatch.setattr(MemoryFileSystem, "put_file", fail(2, ConnectionError("reset"), real))
    put(files, f"{base}/run/up", sleep=slept.append)
    assert slept == list(WAITS[:2]) and len(sizes(f"{base}/run/up")) == 3


def test_storage_that_stays_away_is_an_error_that_says_so(
    base: str, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    real = MemoryFileSystem.put_file
    monkeypatch.setattr(MemoryFileSystem, "put_file", fail(99, ConnectionError("reset"), real))
    with pytest.raises(StorageError, match=r"upload of weights didn't succeed: ConnectionError: reset") as caught:
        put(files, f"{base}/run/up", sleep=slept.append)
    assert tuple(slept) == WAITS
    # The end of a trial with such an error is the storage's fault, not its configuration's.
    found = attribute(StopReason(StopKind.FAILED, 4, str(caught.value)))
    assert found is not None and found.cause is Cause.STORAGE


def test_refused_credentials_are_not_tried_again(
    base: str, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = MemoryFileSystem.put_file
    monkeypatch.setattr(MemoryFileSystem, "put_file", fail(99, PermissionError("Access Denied"), real))
    with pytest.raises(StorageError, match="Access Denied"):
        put(files, f"{base}/run/up", sleep=lambda _: pytest.fail("waited"))


def test_a_file_that_arrived_short_is_an_error(
    base: str, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: MemoryFileSystem, source: str, target: str, **_: object) -> None:
        self.pipe_file(target, Path(source).read_bytes()[:7])

    monkeypatch.setattr(MemoryFileSystem, "put_file", cut)
    with pytest.raises(StorageError, match="expected 1000 bytes of weights after the upload, got 7"):
        put(files, f"{base}/run/up")


def test_missing_is_missing_only_where_the_marker_is_seen(base: str, files: dict[str, Path], tmp_path: Path) -> None:
    url = f"{base}/run/up"
    put(files, url)
    fsspec.filesystem("memory").rm_file(f"{url}/weights")
    with pytest.raises(FileNotFoundError, match="weights"):
        get(["weights"], url, tmp_path / "back")
    fsspec.filesystem("memory").rm(base, recursive=True)  # another bucket, or a disk that isn't mounted
    with pytest.raises(StorageError, match=MARKER):
        get(["weights"], url, tmp_path / "back", sleep=lambda _: None)
    with pytest.raises(StorageError, match=MARKER):
        sizes(url)
    with pytest.raises(StorageError, match=MARKER):
        put(files, url, sleep=lambda _: None)


def test_a_disk_that_comes_back_is_waited_for(files: dict[str, Path], tmp_path: Path) -> None:
    disk, base = tmp_path / "mount", f"file://{tmp_path}/mount/study"
    mark(base, "kept here")
    disk.rename(tmp_path / "away")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (tmp_path / "away").rename(disk)

    put(files, f"{base}/run/up", sleep=sleep)
    assert len(waits) == 3 and len(sizes(f"{base}/run/up")) == 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s4://bucket", "unknown protocol 's4'; known are .*s3"),
        ("bucket/prefix", "expected a URL such as s3://bucket/prefix"),
        ("simplecache::s3://bucket", "expected a URL"),
        ("https://example.org/x", "unknown protocol 'https'"),
    ],
)
def test_urls_that_nothing_can_be_kept_at(url: str, words: str) -> None:
    with pytest.raises(StorageError, match=words):
        check_url(url)


@pytest.mark.skipif(importlib.util.find_spec("ossfs") is not None, reason="ossfs is installed")
def test_a_missing_package_is_named_with_its_remedy() -> None:
    with pytest.raises(StorageError, match="the package ossfs, which isn't installed") as caught:
        check_url("oss://bucket/prefix")
    assert caught.value.hint is not None and caught.value.hint.startswith("pip install ossfs")


def test_a_marker_that_is_read_back_as_another_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryFileSystem, "cat_file", lambda self, path, **_: b"something else")
    with pytest.raises(StorageError, match="read back as another one"):
        mark("memory://b/study", "kept here")
