"""Checkpoints on object storage: there as a whole or not at all, and damage is seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_values import proposal, train

from rltune.errors import CheckpointError, StorageError
from rltune.store import manifest, storage
from rltune.store.base import CheckpointState
from rltune.store.manifest import publish, temporary_folder
from rltune.store.open import create_study
from rltune.store.registry import apply_retention, newest_intact
from rltune.store.remote import CONTENTS, DAMAGED, STAND_IN, fetch, orphans, place_of, remove, size_of, upload, verify
from rltune.store.storage import MARKER


@pytest.fixture
def base(tmp_path: Path) -> str:
    url = f"file://{tmp_path}/bucket/study"
    storage.mark(url, "kept here")
    return url


def local(folder: Path, salt: bytes = b"") -> Path:
    """A checkpoint on this machine's disk."""
    final = folder / "disk" / "step-000004"
    temporary = temporary_folder(final)
    (temporary / "weights").write_bytes(b"w" * 1000 + salt)
    (temporary / "rng").mkdir()
    (temporary / "rng" / "state").write_bytes(b"r" * 10)
    publish(temporary, final)
    return final


def files_of(final: Path) -> Path:
    """Where the files of a checkpoint lie in the bucket."""
    place = place_of(final)
    assert place is not None
    return Path(place.url.removeprefix("file://"))


@pytest.fixture
def final(base: str, tmp_path: Path) -> Path:
    """The stand-in of an uploaded checkpoint."""
    path = tmp_path / "study" / "runs" / "run" / "checkpoints" / "step-000004"
    assert upload(local(tmp_path), path, f"{base}/run") == 1010
    return path


def test_it_comes_back_as_it_was(final: Path, tmp_path: Path) -> None:
    assert verify(final) is None and size_of(final) == 1010
    assert sum(path.stat().st_size for path in final.iterdir()) < 2000
    fetch(final, tmp_path / "other" / "step-000004")
    assert manifest.verify(tmp_path / "other" / "step-000004") is None
    assert (tmp_path / "other/step-000004/weights").read_bytes() == b"w" * 1000


def test_what_lies_there_is_a_checkpoint_by_itself(final: Path) -> None:
    assert manifest.verify(files_of(final)) is None


def test_a_truncated_file_is_seen_without_reading_it(final: Path, tmp_path: Path) -> None:
    os.truncate(files_of(final) / "weights", 3)
    assert (verify(final) or "").startswith("weights has 3 bytes instead of 1000 at file://")
    with pytest.raises(CheckpointError, match="is damaged: weights has 3 bytes"):
        fetch(final, tmp_path / "back")


def test_a_missing_file_is_seen_without_reading_it(final: Path, tmp_path: Path) -> None:
    (files_of(final) / "rng" / "state").unlink()
    assert (verify(final) or "").startswith("rng/state is missing at file://")
    with pytest.raises(CheckpointError, match="rng/state is missing"):
        fetch(final, tmp_path / "back")


def test_a_changed_byte_is_seen_by_who_reads_it_and_then_by_all(final: Path, tmp_path: Path) -> None:
    (files_of(final) / "weights").write_bytes(b"w" * 999 + b"x")
    assert verify(final) is None
    with pytest.raises(CheckpointError, match="the contents of weights have changed"):
        fetch(final, tmp_path / "back")
    assert verify(final, contents=False) == "the contents of weights have changed"


def test_training_the_step_again_replaces_it_and_its_files(final: Path, base: str, tmp_path: Path) -> None:
    (files_of(final) / "weights").write_bytes(b"w" * 999 + b"x")
    with pytest.raises(CheckpointError):
        fetch(final, tmp_path / "back")
    older = files_of(final)
    upload(local(tmp_path, b"new"), final, f"{base}/run")
    assert verify(final) is None and size_of(final) == 1013 and not older.exists()


def test_a_damaged_stand_in_is_seen(final: Path) -> None:
    (final / CONTENTS).write_text((final / CONTENTS).read_text().replace("1000", "9999"))
    assert verify(final) == f"the contents of {CONTENTS} have changed"


def test_storage_that_cant_be_reached_says_nothing_against_a_checkpoint(final: Path, tmp_path: Path) -> None:
    (tmp_path / "bucket").rename(tmp_path / "away")
    assert verify(final) is None
    with pytest.raises(StorageError, match=MARKER):
        fetch(final, tmp_path / "back", sleep=lambda _: None)
    (tmp_path / "away").rename(tmp_path / "bucket")
    assert verify(final) is None
    fetch(final, tmp_path / "later")


def test_an_upload_that_was_killed_is_no_checkpoint_and_is_found(base: str, tmp_path: Path) -> None:
    final = tmp_path / "study/runs/run/checkpoints/step-000004"
    code = f"""
        import os, signal
        from pathlib import Path
        from fsspec.implementations.local import LocalFileSystem
        from rltune.store.remote import upload
        real, done = LocalFileSystem.put_file, []
        def put_file(self, source, target, **options):
            if done:
                os.kill(os.getpid(), signal.SIGKILL)
            done.append(1)
            real(self, source, target, **options)
        LocalFileSystem.put_file = put_file
        upload(Path({str(local(tmp_path))!r}), Path({str(final)!r}), {base + "/run"!r})
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(code)]).returncode == -9
    assert not final.exists()
    (cut,) = orphans(base, set(), lambda run, step: False)
    assert storage.sizes(cut) == {"rng/state": 10}
    assert list(orphans(base, set(), lambda run, step: (run, step) == ("run", 4))) == []
    assert upload(local(tmp_path), final, f"{base}/run") == 1010 and verify(final) is None
    assert list(orphans(base, {place.url for place in [place_of(final)] if place}, lambda *_: False)) == [cut]


def test_a_writer_that_has_lost_its_run_changes_nothing(final: Path, base: str, tmp_path: Path) -> None:
    before, asked = files_of(final), []

    def lost_meanwhile() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise PermissionError("held by another")

    with pytest.raises(PermissionError):
        upload(local(tmp_path, b"late"), final, f"{base}/run", lost_meanwhile)
    assert files_of(final) == before and verify(final) is None
    with pytest.raises(PermissionError):
        remove(final, lost_meanwhile)
    assert verify(final) is None


def test_removing_takes_the_files_along(final: Path) -> None:
    files = files_of(final)
    remove(final)
    assert not final.exists() and not files.exists()
    remove(final)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["url", "bytes", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_stands_in_a_stand_in_nothing_is_read_or_deleted(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "step-000004"
    folder.mkdir(exist_ok=True)
    (folder / STAND_IN).write_bytes(content)
    (folder / DAMAGED).write_bytes(content)
    assert place_of(folder) is None and verify(folder) is not None
    remove(folder)
    assert not folder.exists()


def test_a_strangers_stand_in_deletes_nothing_but_uploads(final: Path, tmp_path: Path) -> None:
    (tmp_path / "bucket" / "dear").mkdir()
    (final / STAND_IN).write_text(json.dumps({"url": f"file://{tmp_path}/bucket/dear", "bytes": 1}))
    assert place_of(final) is None
    remove(final)
    assert (tmp_path / "bucket" / "dear").is_dir()


# --- what the registry makes of it -----------------------------------------------------------------------------------
def test_a_run_goes_on_from_the_newest_whole_one_and_retention_frees_the_storage(base: str, tmp_path: Path) -> None:
    store = create_study(tmp_path / "study", "s", {})
    folder = tmp_path / "study/runs/0001/checkpoints"
    finals = {step: folder / f"step-{step:06d}" for step in (10, 20, 40)}
    for final in finals.values():
        upload(local(tmp_path), final, f"{base}/0001")
    files = {step: files_of(final) for step, final in finals.items()}
    saved = tuple((step, final, size_of(final)) for step, final in finals.items())
    run_id = train(store, proposal(50), checkpoints=saved)

    (tmp_path / "bucket").rename(tmp_path / "away")
    found = newest_intact(store, run_id, 50)
    assert found is not None and found.step == 40, "an outage is no damage"
    (tmp_path / "away").rename(tmp_path / "bucket")

    os.truncate(files[40] / "weights", 3)
    found = newest_intact(store, run_id, 50)
    assert found is not None and found.step == 20
    assert [c.step for c in store.checkpoints(run_id, state=CheckpointState.DAMAGED)] == [40]

    assert apply_retention(store, keep_last_per_run=1) == 1010
    assert files[20].is_dir() and not files[10].exists()


def test_a_deletion_during_an_outage_is_told_and_leaves_an_orphan(base: str, tmp_path: Path) -> None:
    store = create_study(tmp_path / "study", "s", {})
    finals = {step: tmp_path / f"study/runs/0001/checkpoints/step-{step:06d}" for step in (10, 20)}
    for final in finals.values():
        upload(local(tmp_path), final, f"{base}/0001")
    train(store, proposal(50), checkpoints=tuple((s, f, 1010) for s, f in finals.items()))
    old = files_of(finals[10])

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("reset")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalFileSystem, "rm", refuse)
        apply_retention(store, keep_last_per_run=1)
    assert not finals[10].exists() and old.exists()
    assert ["left over for now" in event.message for event in store.events()] == [True]
    assert list(orphans(base, {f"file://{files_of(finals[20])}"}, lambda *_: False)) == [f"file://{old}"]
