"""Observers read while the controller writes, and neither write nor keep it waiting."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection
from store_values import metrics, proposal, train

from rltune.errors import StoreError
from rltune.store.base import StudyState
from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study, list_studies, open_study

OBSERVER = """
import sys, time
from rltune.store.open import open_study
store = open_study(sys.argv[1], sys.argv[2], read_only=True)
print("ready", flush=True)
seen = []
while not seen or seen[-1] < 30:
    history = store.history()
    assert len(store.evaluations()) >= len(history.evaluations)
    seen.append(len(history.evaluations))
assert seen == sorted(seen)
print(len(set(seen)), flush=True)
"""


@pytest.mark.slow
def test_an_observer_in_another_process_sees_a_study_grow(location: str, name: str) -> None:
    store = create_study(location, name, {})
    observer = subprocess.Popen([sys.executable, "-c", OBSERVER, location, name], stdout=subprocess.PIPE, text=True)
    try:
        assert observer.stdout is not None and observer.stdout.readline() == "ready\n"
        longest = 0.0
        for number in range(30):
            start = time.monotonic()
            train(store, proposal(20, number=number))
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.01)
        answer = observer.stdout.readline()
        assert observer.wait(30) == 0
    finally:
        observer.kill()
        observer.wait()
    assert int(answer) >= 3, "it saw the study at several moments"
    assert longest < 5.0, "a writer that had to wait would have waited for the reader's end"


def test_an_observer_cant_write(location: str, name: str) -> None:
    create_study(location, name, {}).close()
    observer = open_study(location, name, read_only=True)
    for write in (
        lambda: observer.set_state(StudyState.FAILED),
        lambda: observer.add_event("info", "hello"),
        lambda: train(observer, proposal(10)),
        lambda: observer.add_seconds(1.0),
    ):
        with pytest.raises(StoreError, match="for reading only"):
            write()
    assert observer.study().state is StudyState.CREATED and observer.events() == []


def test_the_database_itself_refuses_an_observers_writes(location: str, name: str) -> None:
    create_study(location, name, {}).close()
    observer = open_study(location, name, read_only=True)
    observer._transactions._read_only = False  # even if the first guard had a hole
    with pytest.raises(StoreError, match="can't be written|for reading only"):
        observer.add_event("info", "hello")
    assert observer.events() == []


def test_a_reading_in_progress_keeps_no_writer_waiting(location: str, name: str) -> None:
    store = create_study(location, name, {})
    train(store, proposal(10))
    observer = open_study(location, name, read_only=True)

    def while_it_reads(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT 1")
        start = time.monotonic()
        train(store, proposal(10, number=1))
        assert time.monotonic() - start < 5.0  # SQLite would wait for 30

    observer._read(while_it_reads)
    assert len(observer.history().evaluations) == 2


def test_observers_follow_a_writer_and_leave_the_file_alone(tmp_path: Path) -> None:
    store = create_study(tmp_path, "s", {})
    observer = open_study(tmp_path, "s", read_only=True)
    for number in range(3):
        train(store, proposal(10, number=number))
        assert len(observer.history().evaluations) == number + 1
    store.close()
    before = hashlib.sha256((tmp_path / DATABASE_FILE).read_bytes()).hexdigest()

    assert len(observer.history().evaluations) == 3
    assert list_studies(tmp_path)[0].study == observer.study()
    observer.close()

    assert hashlib.sha256((tmp_path / DATABASE_FILE).read_bytes()).hexdigest() == before


def test_a_study_in_a_read_only_folder_can_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = create_study(tmp_path, "s", {})
    train(store, proposal(10))
    store.add_steps("r0001-s1", metrics(1, 3))
    store.close()
    # Root may write everywhere, so the folder is only said to be read-only: then no file may be made.
    monkeypatch.setattr("rltune.store.engine.os.access", lambda path, mode: False)

    observer = open_study(tmp_path, "s", read_only=True)

    assert len(observer.history().evaluations) == 1
    assert {p.name for p in tmp_path.iterdir()} == {DATABASE_FILE}
