"""Checkpoints on disk: complete or not there, and damage is seen."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltune.errors import CheckpointError
from rltune.store import manifest
from rltune.store.manifest import MANIFEST, publish, remove, sweep, temporary_folder, verify


def write(folder: Path, salt: bytes = b"") -> None:
    (folder / "weights.safetensors").write_bytes(b"w" * 1000 + salt)
    (folder / "rng").mkdir()
    (folder / "rng" / "state.bin").write_bytes(b"r" * 10)
    (folder / "empty").write_bytes(b"")


def published(final: Path, salt: bytes = b"") -> int:
    temporary = temporary_folder(final)
    write(temporary, salt)
    return publish(temporary, final)


def test_publishing_gives_an_intact_folder_and_its_size(tmp_path: Path) -> None:
    final = tmp_path / "run" / "step-000040"
    assert published(final) == 1010
    assert verify(final) is None
    assert [p.name for p in final.parent.iterdir()] == ["step-000040"]


def test_temporary_folders_are_new_empty_and_hidden(tmp_path: Path) -> None:
    final = tmp_path / "step-000040"
    one, two = temporary_folder(final), temporary_folder(final)
    assert one != two and not list(one.iterdir()) and one.name.startswith(".")
    assert verify(final) == "its folder is missing"


DAMAGES = {
    "truncated": (
        lambda f: os.truncate(f / "weights.safetensors", 10),
        "weights.safetensors has 10 bytes .* 1000",
    ),
    "grown": (lambda f: (f / "empty").write_bytes(b"x"), "empty has 1 bytes instead of 0"),
    "changed": (
        lambda f: (f / "rng" / "state.bin").write_bytes(b"q" * 10),
        "contents of rng/state.bin have changed",
    ),
    "file gone": (lambda f: (f / "weights.safetensors").unlink(), "weights.safetensors is missing"),
    "manifest gone": (lambda f: (f / MANIFEST).unlink(), "manifest.json is missing"),
    "manifest cut": (lambda f: os.truncate(f / MANIFEST, 30), "manifest.json can't be read"),
    "manifest odd": (lambda f: (f / MANIFEST).write_text('{"files": [1]}'), "manifest.json can't be read"),
    "manifest a list": (lambda f: (f / MANIFEST).write_text("[]"), "manifest.json can't be read"),
    "manifest binary": (lambda f: (f / MANIFEST).write_bytes(b"\xff\xfe\x00"), "manifest.json can't be read"),
    "folder gone": (lambda f: shutil.rmtree(f), "its folder is missing"),
    "folder for file": (
        lambda f: ((f / "empty").unlink(), (f / "empty").mkdir(), os.truncate(f / "weights.safetensors", 10)),
        "empty|weights",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_in_one_sentence(tmp_path: Path, damage: str) -> None:
    final = tmp_path / "step-000040"
    published(final)
    do, expected = DAMAGES[damage]
    do(final)
    problem = verify(final)
    assert problem is not None
    assert re.search(expected, problem)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 1009), bit=st.integers(0, 7))
def test_every_flipped_bit_is_seen(tmp_path: Path, position: int, bit: int) -> None:
    final = tmp_path / "step-000040"
    if not final.exists():
        published(final)
    path, at = (
        (final / "weights.safetensors", position) if position < 1000 else (final / "rng/state.bin", position - 1000)
    )
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)
    assert verify(final) is not None
    assert verify(final, contents=False) is None  # the fast look can't
    content[at] ^= 1 << bit
    path.write_bytes(content)
    assert verify(final) is None


def test_a_damaged_folder_is_replaced_by_publishing_again(tmp_path: Path) -> None:
    final = tmp_path / "step-000040"
    published(final)
    (final / "weights.safetensors").unlink()
    (final / "stranger").write_text("left over")

    assert published(final, b"new") == 1013

    assert verify(final) is None
    assert not (final / "stranger").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["step-000040"]


def test_a_failure_while_publishing_leaves_the_old_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "step-000040"
    published(final)
    temporary = temporary_folder(final)
    write(temporary, b"new")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        publish(temporary, final)
    assert verify(final) is None
    assert (final / "weights.safetensors").stat().st_size == 1000


def test_nothing_and_links_cant_be_published(tmp_path: Path) -> None:
    final = tmp_path / "step-000040"
    with pytest.raises(CheckpointError, match="has none"):
        publish(temporary_folder(final), final)
    temporary = temporary_folder(final)
    (temporary / "link").symlink_to("/etc/hostname")
    with pytest.raises(CheckpointError, match="plain files only"):
        publish(temporary, final)
    assert not final.exists()


def test_remove_deletes_and_minds_nothing_missing(tmp_path: Path) -> None:
    final = tmp_path / "step-000040"
    published(final)
    remove(final)
    remove(final)
    assert list(tmp_path.iterdir()) == []


def test_sweep_removes_what_dead_writers_left_and_nothing_else(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from rltune.store.manifest import temporary_folder as t;"
        "(t(pathlib.Path(sys.argv[1])) / 'half').write_text('x')"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "step-000020")], check=True)
    published(tmp_path / "step-000010")
    mine = temporary_folder(tmp_path / "step-000030")
    (tmp_path / ".nfs000.part").write_text("not ours")
    assert len(list(tmp_path.iterdir())) == 4

    removed = sweep(tmp_path)

    assert len(removed) == 1 and removed[0].name.startswith(".step-000020.")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["step-000010", mine.name, ".nfs000.part"])
    assert sweep(tmp_path / "nowhere") == []


def test_sweep_tells_a_recycled_pid_from_the_writer(tmp_path: Path) -> None:
    mine = temporary_folder(tmp_path / "step-000030")
    head, pid, started, counter, suffix = mine.name.rsplit(".", 4)
    reused = mine.with_name(f"{head}.{pid}.{int(started) - 1}.{counter}.{suffix}")
    mine.rename(reused)
    assert sweep(tmp_path) == [reused]


def test_sweep_leaves_other_hosts_alone_until_they_are_stale(tmp_path: Path) -> None:
    other = tmp_path / ".step-000030.far-away.12.34.0.part"
    other.mkdir()
    (other / "weights").write_text("x")
    written = (other / "weights").stat().st_mtime

    class At:
        def __init__(self, seconds: float) -> None:
            self.seconds = seconds

        def now(self) -> float:
            return self.seconds

        def monotonic(self) -> float:
            return self.seconds

        def sleep(self, seconds: float) -> None:
            raise AssertionError("nothing here waits")

    assert sweep(tmp_path, clock=At(written + 3600)) == []
    assert sweep(tmp_path, clock=At(written + 7 * 3600)) == [other]


def test_the_manifest_can_be_checked_with_common_tools(tmp_path: Path) -> None:
    final = tmp_path / "step-000040"
    published(final)
    entries = json.loads((final / MANIFEST).read_text())["files"]
    lines = "".join(f"{e['sha256']}  {e['name']}\n" for e in entries)
    subprocess.run(["sha256sum", "-c", "--quiet"], input=lines, text=True, cwd=final, check=True)
    assert {e["name"]: e["bytes"] for e in entries} == {
        "weights.safetensors": 1000,
        "rng/state.bin": 10,
        "empty": 0,
    }
