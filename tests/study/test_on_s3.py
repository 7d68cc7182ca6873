"""Checkpoints in a bucket: the same by S3's own protocol, of a server on this machine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.errors import StorageError
from rltune.store import storage
from rltune.store.base import StudyState
from rltune.store.remote import place_of, verify
from rltune.study.api import open_study
from study.toy import StopAfter, toy_study

pytestmark = pytest.mark.slow
PARTS_BYTES = 60 << 20
"""More than one part of an upload."""
SECRET = "0123456789abcdefSECRETkey"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    s3fs = pytest.importorskip("s3fs", reason="needs a package of its protocol: pip install s3fs 'moto[server]'")
    moto = pytest.importorskip("moto.server", reason="needs a server of S3: pip install s3fs 'moto[server]'")
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem().mkdir("kept")
        yield "s3://kept/rltune"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_files_come_back_and_others_deletions_are_seen(bucket: str, tmp_path: Path) -> None:
    base, beats = f"{bucket}/one", []
    storage.mark(base, "kept here")
    (tmp_path / "weights").write_bytes(os.urandom(PARTS_BYTES))
    (tmp_path / "state").write_bytes(b"r")
    files = {"weights": tmp_path / "weights", "rng/state": tmp_path / "state"}
    url = f"{base}/run/step-000004.0123456789ab"
    storage.put(files, url, lambda: beats.append(1))
    assert len(beats) > len(files), "it tells of life with each part"
    assert storage.sizes(url) == {"weights": PARTS_BYTES, "rng/state": 1}
    storage.get(list(files), url, tmp_path / "back")
    assert (tmp_path / "back/weights").read_bytes() == (tmp_path / "weights").read_bytes()
    assert set(storage.sizes(base)) == {
        storage.MARKER, *(f"run/step-000004.0123456789ab/{name}" for name in files)
    }  # fmt: skip
    storage.delete(url)
    assert storage.sizes(url) == {}
    with pytest.raises(FileNotFoundError, match="weights"):
        storage.get(["weights"], url, tmp_path / "again")


def test_a_bucket_that_isnt_there_is_an_error_and_no_missing_checkpoint(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"r")
    base = "s3://another/study"
    with pytest.raises(StorageError):
        storage.mark(base, "kept here")
    with pytest.raises(StorageError):
        storage.sizes(f"{base}/run/up")
    with pytest.raises(StorageError):
        storage.put({"state": tmp_path / "state"}, f"{base}/run/up", sleep=lambda _: None)


def test_a_study_goes_on_from_a_bucket(bucket: str, tmp_path: Path) -> None:
    stop = StopAfter(5)
    kept = {"remote": bucket, "scratch": str(tmp_path / "disk")}
    with toy_study(tmp_path / "out", checkpoints=kept) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
    with open_study(tmp_path / "out" / "toy") as study:
        assert study.run() is StudyState.FINISHED
        evaluated = Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())
        assert set(evaluated.values()) == {1}
        records = study.store.checkpoints()
        assert records and all(verify(record.path) is None for record in records)
        urls = {place.url for record in records if (place := place_of(record.path)) is not None}
        known = study.store.study().facts["remote"]
        assert isinstance(known, dict)
        found = {"/".join(name.split("/")[:2]) for name in storage.sizes(known["url"]) if "/" in name}
        assert urls == {f"{known['url']}/{name}" for name in found}
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert files and not any(SECRET.encode() in path.read_bytes() for path in files)
