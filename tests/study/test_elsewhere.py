"""Whole studies whose checkpoints are kept on object storage."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from rltune.errors import RltuneError, StorageError
from rltune.store import storage
from rltune.store.base import CheckpointState, StudyState
from rltune.store.remote import place_of, verify
from rltune.study.api import Study, open_study
from rltune.study.clean import clean
from rltune.study.elsewhere import claim, clear
from study.toy import StopAfter, toy_study

slow = pytest.mark.slow


def remote_study(folder: Path, **changes: object) -> Study:
    section = {"remote": f"file://{folder}/bucket", "scratch": str(folder / "disk")}
    return toy_study(folder / "out", checkpoints={**section, **changes})  # type: ignore[arg-type]


def url_of(study: Study) -> str:
    known = study.store.study().facts["remote"]
    assert isinstance(known, dict)
    return str(known["url"])


def uploads(study: Study) -> set[str]:
    """URLs of all that lies there."""
    names = {"/".join(name.split("/")[:2]) for name in storage.sizes(url_of(study)) if name.count("/") > 1}
    return {f"{url_of(study)}/{name}" for name in names}


def on_record(study: Study) -> set[str]:
    places = [place_of(record.path) for record in study.store.checkpoints()]
    return {place.url for place in places if place is not None}


def ended_well(study: Study) -> None:
    evaluated = Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())
    assert set(evaluated.values()) == {1}
    for run in study.store.runs():
        steps = [m.step for m in study.store.curve(run.id)]
        assert steps == list(range(1, len(steps) + 1))
    assert study.store.scores(), "the final runs were tested"


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@slow
def test_a_study_keeps_them_there_alone(tmp_path: Path) -> None:
    with remote_study(tmp_path) as study:
        assert study.run() is StudyState.FINISHED
        ended_well(study)
        assert uploads(study) == on_record(study) and len(uploads(study)) == len(study.store.checkpoints())
        assert not files_below(tmp_path / "disk")
        assert all(verify(record.path) is None for record in study.store.checkpoints())
        winner = json.loads(study.export("json"))["provenance"]["checkpoints"].split(", ")
        assert winner and set(winner) <= uploads(study) and all("/step-000008." in url for url in winner)
    clean(tmp_path / "out" / "toy", "winner")
    with open_study(tmp_path / "out" / "toy", read_only=True) as study:
        assert uploads(study) == on_record(study) == set(winner)


@slow
def test_a_limit_holds_there(tmp_path: Path) -> None:
    with remote_study(tmp_path, limit=1_000) as study:  # 77 bytes each
        assert study.run() is StudyState.FINISHED
        ended_well(study)
        assert sum(record.bytes for record in study.store.checkpoints()) <= 1_000
        assert uploads(study) == on_record(study)
        assert {d.kind for d in study.store.decisions()} >= {"delete"}


@slow
def test_it_goes_on_on_another_machine_with_what_is_whole(tmp_path: Path) -> None:
    stop = StopAfter(6)
    with remote_study(tmp_path) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        runs = {run.id: run for run in study.store.runs()}
        damaged = next(c for c in reversed(study.store.checkpoints()) if runs[c.run_id].last_step == c.step < 8)
        place = place_of(damaged.path)
        assert place is not None
        (Path(place.url.removeprefix("file://")) / "state.json").write_bytes(b"")
        cut_off = Path(url_of(study).removeprefix("file://")) / "0001-x" / "step-000004.0123456789ab"
        cut_off.mkdir(parents=True)
        (cut_off / "state.json").write_text("half")
        path = study.folder / "study.yaml"
    changed = yaml.safe_load(path.read_text())
    changed["checkpoints"]["scratch"] = str(tmp_path / "other")
    path.write_text(yaml.safe_dump(changed))
    with open_study(path.parent) as study:
        assert study.run() is StudyState.FINISHED
        ended_well(study)
        assert uploads(study) == on_record(study) and not cut_off.exists()
        assert not files_below(tmp_path / "disk") and not files_below(tmp_path / "other")


@slow
def test_storage_that_is_away_ends_no_checkpoint(tmp_path: Path) -> None:
    stop = StopAfter(4)
    with remote_study(tmp_path) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
    (tmp_path / "bucket").rename(tmp_path / "away")
    with open_study(tmp_path / "out" / "toy") as study, pytest.raises(StorageError, match="nothing of the study"):
        study.run()
    with open_study(tmp_path / "out" / "toy", read_only=True) as study:
        before = [(c.run_id, c.step) for c in study.store.checkpoints()]
    (tmp_path / "away").rename(tmp_path / "bucket")
    with open_study(tmp_path / "out" / "toy") as study:
        assert before and all(verify(record.path) is None for record in study.store.checkpoints())
        assert study.store.checkpoints(state=CheckpointState.DAMAGED) == []
        assert study.run() is StudyState.FINISHED
        ended_well(study)
        assert all(segment.retrained == 0 for segment in study.store.segments())


@slow
def test_it_may_begin_and_end_in_the_middle_of_a_study(tmp_path: Path) -> None:
    stop = StopAfter(4)
    with toy_study(tmp_path / "out") as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        path = study.folder / "study.yaml"
    plain = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**plain, "checkpoints": {"remote": f"file://{tmp_path}/bucket"}}))
    stop = StopAfter(4)
    with open_study(path.parent) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        assert on_record(study)
    path.write_text(yaml.safe_dump(plain))
    with open_study(path.parent) as study:
        assert study.run() is StudyState.FINISHED
        ended_well(study)
        assert all(segment.retrained == 0 for segment in study.store.segments())
        assert all(verify(record.path) is None for record in study.store.checkpoints())


def test_a_study_has_one_place_at_each_prefix(tmp_path: Path) -> None:
    with remote_study(tmp_path) as study:
        assert claim(study.store, None) == "" and clear(study.store, study.folder) == 0
        first = claim(study.store, f"file://{tmp_path}/bucket")
        assert claim(study.store, f"file://{tmp_path}/bucket") == first
        assert (tmp_path / "bucket" / first.rpartition("/")[2] / storage.MARKER).is_file()
        second = claim(study.store, f"file://{tmp_path}/other")
        assert second.startswith(f"file://{tmp_path}/other/toy-")
        (tmp_path / "other").rename(tmp_path / "away")
        with pytest.raises(StorageError, match="nothing of the study is to be seen"):
            claim(study.store, f"file://{tmp_path}/other")
        assert not (tmp_path / "other").exists(), "a mount point without its disk stays empty"


def test_what_nothing_refers_to_goes_and_what_is_on_record_stays(tmp_path: Path) -> None:
    with remote_study(tmp_path) as study:
        bases = [claim(study.store, f"file://{tmp_path}/{name}") for name in ("first", "bucket")]
        left = [Path(base.removeprefix("file://")) / "0001-x" / "step-000002.0123456789ab" for base in bases]
        notes = left[1].with_name("notes")
        for folder in (*left, notes):
            folder.mkdir(parents=True)
            (folder / "file").write_text("x")
        (tmp_path / "bucket").rename(tmp_path / "away")
        assert clear(study.store, study.folder) == 1 and not left[0].exists()
        assert [event.level for event in study.store.events()] == ["warning"]
        (tmp_path / "away").rename(tmp_path / "bucket")
        assert clear(study.store, study.folder) == 1
        assert not left[1].exists() and notes.exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oss://bucket/prefix", "the package ossfs, which isn't installed"),
        ("s4://bucket/prefix", "unknown protocol 's4'"),
        ("bucket/prefix", "expected a URL such as s3://bucket/prefix"),
        ("memory://bucket", "memory: ends with its process"),
        ("s3://key:hunter/2@bucket/prefix", "credentials come from the environment"),
        ("simplecache::s3://bucket", "expected a URL"),
        ("file://shared/there", "expected a whole path after file://"),
        ("file:///", "expected a folder or a bucket"),
        ("s3://bucket/[lab]/prefix", r"without any of \*, \[ and \]"),
    ],
)
def test_a_url_that_cant_be_used_is_told_before_anything_is_spent(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(RltuneError, match=words) as caught:
        toy_study(tmp_path / "out", checkpoints={"remote": url})
    assert "checkpoints.remote" in str(caught.value) and "hunter" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"scratch": "disk"}, "expected a whole path such as /local/scratch"),
        ({"scratch": "~nobody-here/disk"}, "expected a whole path such as /local/scratch"),
        ({"remote": None}, "`scratch` does nothing without `remote`"),
    ],
)
def test_a_scratch_that_would_not_be_the_one_meant_is_refused(
    tmp_path: Path, section: dict[str, object], words: str
) -> None:
    with pytest.raises(RltuneError, match=words):
        remote_study(tmp_path, **section)
