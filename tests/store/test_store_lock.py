"""One controller a study: leases, who may take one over, and what its former holder can still do (nothing)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import update
from store_values import proposal, train

from rltune.errors import StoreError
from rltune.store import schema as t
from rltune.store.engine import WRITES, Access, open_engine, parse_location
from rltune.store.lock import StudyLock, Terms, lock_holder, lock_study
from rltune.store.open import create_study
from rltune.store.process import is_dead, this_process
from rltune.store.sql import SqlStudyStore

SHORT = Terms(beat=0.05, lease=0.5, watch=0.3)

HOLD = """
import sys
from rltune.store.lock import Terms, lock_study
from rltune.store.open import open_study
store = open_study(sys.argv[1], sys.argv[2])
lock = lock_study(sys.argv[1], sys.argv[2], terms=Terms(beat=0.05, lease=0.5, watch=0.3))
store.fence(lock.token)
print("held", flush=True)
for line in sys.stdin:
    try:
        store.add_event("info", line.strip())
        print("written", flush=True)
    except Exception as error:
        print(error, flush=True)
"""


def hold_elsewhere(location: str, name: str) -> subprocess.Popen[str]:
    """A process that holds the study until its input ends or it is killed, and writes each line of it as an event."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, location, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def ask(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None and process.stdout is not None
    print(line, file=process.stdin, flush=True)
    return process.stdout.readline()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_controller_is_told_who_the_first_one_is(store: SqlStudyStore, location: str, name: str) -> None:
    with lock_study(location, name) as lock:
        holder = lock_holder(location, name)
        assert holder is not None
        assert (holder.pid, holder.host) == (os.getpid(), socket.gethostname())
        assert abs(holder.since - lock.holder.since) < 60

        begun = time.monotonic()
        with pytest.raises(StoreError, match=f"run by process {os.getpid()} on .* since 2.* UTC") as caught:
            lock_study(location, name)
        assert time.monotonic() - begun < 5.0
        assert "not-to-be-shown" not in str(caught.value) and "--wait" in str(caught.value.hint)

    assert lock_holder(location, name) is None
    lock_study(location, name).release()


def test_other_studies_have_other_leases(store: SqlStudyStore, location: str, name: str) -> None:
    for other in (f"{name}-b", f"{name}-c"):
        create_study(location, other, {}).close()
    with lock_study(location, name), lock_study(location, f"{name}-b"):
        assert lock_holder(location, f"{name}-c") is None


def test_a_study_that_isnt_there_cant_be_held(store: SqlStudyStore, location: str, name: str) -> None:
    with pytest.raises(StoreError, match="no study named"):
        lock_study(location, f"{name}-x")


@pytest.mark.slow
def test_a_killed_controller_is_followed_at_once(store: SqlStudyStore, location: str, name: str) -> None:
    process = hold_elsewhere(location, name)
    try:
        holder = lock_holder(location, name)
        assert holder is not None and holder.pid == process.pid
        with pytest.raises(StoreError, match=f"process {process.pid} on"):
            lock_study(location, name)
    finally:
        end(process)

    assert lock_holder(location, name) is None
    begun = time.monotonic()
    with lock_study(location, name) as lock:
        assert lock.holder.pid == os.getpid()
    assert time.monotonic() - begun < 10.0  # its lease would have lasted for 30


@pytest.mark.slow
def test_a_controller_back_from_the_dead_cant_write_over_its_successor(
    store: SqlStudyStore, location: str, name: str
) -> None:
    process = hold_elsewhere(location, name)
    try:
        assert ask(process, "before") == "written\n"
        process.send_signal(signal.SIGSTOP)
        told: list[str] = []
        with lock_study(location, name, terms=SHORT, wait=True, tell=told.append) as lock:
            store.fence(lock.token)
            store.add_event("info", "by its successor")
            process.send_signal(signal.SIGCONT)
            time.sleep(0.3)  # some of its heartbeats
            answer = ask(process, "from the dead")
            assert f"taken over by process {os.getpid()} on" in answer and "lost the study" in answer
            store.add_event("info", "still there")
        assert told and f"process {process.pid}" in told[0]
    finally:
        process.send_signal(signal.SIGCONT)
        end(process)
    assert [e.message for e in store.events()] == ["before", "by its successor", "still there"]


@pytest.mark.slow
def test_a_frozen_controller_that_nobody_followed_goes_on(store: SqlStudyStore, location: str, name: str) -> None:
    process = hold_elsewhere(location, name)
    try:
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # twice its lease
        process.send_signal(signal.SIGCONT)
        assert ask(process, "awake") == "written\n"
        with pytest.raises(StoreError, match="being run"):
            lock_study(location, name, terms=SHORT)
    finally:
        end(process)


def elsewhere(location: str, name: str, *, renewed: float) -> None:
    """Makes the lease one of another machine, renewed so many seconds from now."""
    place = parse_location(location)
    engine = open_engine(place, Access.WRITE).execution_options(**{WRITES: True})
    with engine.begin() as connection:
        values = {"holder": "another-boot pid:[1] 17 4711", "host": "node-7", "renewed": time.time() + renewed}
        connection.execute(update(t.controller).values(**values))
    engine.dispose()


def left_behind(location: str, name: str, renewed: float) -> None:
    """The lease of a machine that has vanished."""
    lock = lock_study(location, name, terms=Terms(beat=100, lease=300, watch=300))
    elsewhere(location, name, renewed=renewed)
    lock._over.set()  # no more heartbeats, and not given back


def test_the_lease_of_another_machine_is_respected_until_it_runs_out(server: str, name: str) -> None:
    create_study(server, name, {}).close()
    left_behind(server, name, renewed=0.0)
    with pytest.raises(StoreError, match="on node-7"):
        lock_study(server, name)
    begun = time.monotonic()
    with lock_study(server, name, wait=True, terms=SHORT) as lock:
        assert lock.token == 2
    assert time.monotonic() - begun > 0.3


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_jumped_costs_no_living_controller_its_study(server: str, name: str, jump: float) -> None:
    """A day ahead or behind, the lease looks as if nobody had renewed it; its holder does, before our eyes."""
    create_study(server, name, {}).close()
    with lock_study(server, name, terms=Terms(beat=0.05, lease=300, watch=300)) as lock:
        elsewhere(server, name, renewed=jump)
        with pytest.raises(StoreError, match="being run by"):
            lock_study(server, name, terms=Terms(beat=0.2, lease=0.5, watch=0.5))
        assert lock.token == 1
    left_behind(server, name, renewed=jump)
    lock_study(server, name, terms=SHORT).release()


def test_after_a_restart_of_the_machine_a_folders_study_is_free(tmp_path: Path) -> None:
    create_study(tmp_path, "s", {}).close()
    left_behind(str(tmp_path), "s", renewed=0.0)
    assert lock_holder(tmp_path, "s") is None
    lock_study(tmp_path, "s").release()


def test_only_a_process_that_can_be_looked_at_is_known_to_be_dead() -> None:
    boot, namespace, pid, start = this_process().split()
    assert not is_dead(this_process(), here=True)
    assert is_dead(f"{boot} {namespace} {pid} {int(start) + 1}", here=False), "its pid is used again"
    assert not is_dead(f"{boot} pid:[1] {pid} 1", here=False), "another container's"
    assert not is_dead(f"other {namespace} {pid} {start}", here=False), "another machine's"
    assert is_dead(f"other {namespace} {pid} {start}", here=True), "the machine was started anew since"


@pytest.mark.slow
def test_two_that_come_at_once_dont_both_get_it(store: SqlStudyStore, location: str, name: str) -> None:
    code = "import sys; from rltune.store.lock import lock_study\n"
    code += "lock = lock_study(*sys.argv[1:]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, location, name]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    rivals = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    try:
        deadline = time.monotonic() + 60
        while sum(rival.poll() is not None for rival in rivals) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        (winner,) = (rival for rival in rivals if rival.poll() is None)
        assert winner.stdout is not None and winner.stdout.readline() == "held\n"
        for loser in rivals:
            if loser is not winner:
                assert f"process {winner.pid}" in loser.communicate()[1]
    finally:
        for rival in rivals:
            end(rival)


def test_releasing_twice_frees_nobody_elses_lease(tmp_path: Path) -> None:
    create_study(tmp_path, "s", {}).close()
    first: StudyLock = lock_study(tmp_path, "s")
    first.release()
    with lock_study(tmp_path, "s"):
        first.release()
        with pytest.raises(StoreError):
            lock_study(tmp_path, "s")


def test_a_fenced_method_that_is_refused_has_changed_nothing(store: SqlStudyStore, location: str, name: str) -> None:
    with lock_study(location, name) as lock:
        store.fence(lock.token)
        train(store, proposal(10))
    before = (store.history(), store.decisions(), store.study())
    lock_study(location, name).release()
    for write in (
        lambda: train(store, proposal(20), from_step=10),
        lambda: store.add_seconds(5.0),
        lambda: store.set_fact("winner", 1),
        lambda: store.add_event("info", "hello"),
    ):
        with pytest.raises(StoreError, match="lost the study"):
            write()
    assert (store.history(), store.decisions(), store.study()) == before


def test_terms_under_which_the_living_would_be_taken_for_dead_are_refused() -> None:
    with pytest.raises(ValueError, match="longer than two heartbeats"):
        Terms(beat=10, lease=15, watch=40)
