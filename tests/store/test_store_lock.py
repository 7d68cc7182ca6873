"""One controller a study."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rltune.errors import StoreError
from rltune.store.lock import lock_holder, lock_study

HOLD = """
import sys
from rltune.store.lock import lock_study
lock = lock_study(sys.argv[1], sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def hold_elsewhere(location: str, name: str) -> subprocess.Popen[str]:
    """A process that holds the lock until its input ends or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, location, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_controller_is_told_who_the_first_one_is(location: str, name: str) -> None:
    with lock_study(location, name) as lock:
        holder = lock_holder(location, name)
        assert holder is not None
        assert (holder.pid, holder.host) == (os.getpid(), socket.gethostname())
        assert abs(holder.since - lock.holder.since) < 60

        with pytest.raises(StoreError, match=f"run by process {os.getpid()} on .* since 2.* UTC") as caught:
            lock_study(location, name)
        assert "not-to-be-shown" not in str(caught.value)

    assert lock_holder(location, name) is None
    lock_study(location, name).release()


def test_other_studies_have_other_locks(location: str, name: str) -> None:
    with lock_study(location, name), lock_study(location, f"{name}-b"):
        assert lock_holder(location, f"{name}-c") is None


@pytest.mark.slow
def test_a_killed_controller_gives_its_lock_back(location: str, name: str) -> None:
    process = hold_elsewhere(location, name)
    try:
        holder = lock_holder(location, name)
        assert holder is not None and holder.pid == process.pid
        with pytest.raises(StoreError, match=f"process {process.pid} on"):
            lock_study(location, name)
    finally:
        process.kill()
        process.wait()

    with lock_study(location, name) as lock:
        assert lock.holder.pid == os.getpid()


def test_looking_at_a_lock_doesnt_keep_a_controller_out(tmp_path: Path) -> None:
    for _ in range(20):
        assert lock_holder(tmp_path, "s") is None
        lock_study(tmp_path, "s").release()


def test_a_lock_in_an_impossible_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="lock can't be used"):
        lock_study(tmp_path / "file" / "x", "s")


def test_releasing_twice_frees_nobody_elses_lock(tmp_path: Path) -> None:
    first = lock_study(tmp_path, "s")
    first.release()
    with lock_study(tmp_path, "s"):
        first.release()
        with pytest.raises(StoreError):
            lock_study(tmp_path, "s")
