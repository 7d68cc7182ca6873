"""Requests of people: added by any process, answered once, with their line in the ledger."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from store_values import proposal, train

from rltune.errors import StoreError
from rltune.store.base import RequestState
from rltune.store.lock import lock_study
from rltune.store.open import create_study, open_study
from rltune.store.registry import delete
from rltune.store.sql import SqlStudyStore

WAITING, DONE, REFUSED = RequestState.WAITING, RequestState.DONE, RequestState.REFUSED


def test_a_request_waits_until_it_is_answered(store: SqlStudyStore) -> None:
    first = store.add_request("enqueue", {"configuration": {"learning_rate": 1e-5}, "steps": None}, "cli")
    second = store.add_request("pause", {}, "page")

    assert (first.id, second.id) == (1, 2)
    assert store.requests() == store.requests(WAITING) == [first, second]
    assert (first.state, first.answer, first.answered, first.by) == (WAITING, "", None, "cli")
    assert first.values == {"configuration": {"learning_rate": 1e-5}, "steps": None} and first.time > 1e9

    assert store.answer_request(2, DONE, "no new trials begin", facts={"paused": True})
    assert store.answer_request(1, REFUSED, "learning_rate must be less", subject="r0001")

    assert store.requests(WAITING) == []
    (done,) = store.requests(DONE)
    assert (done.id, done.answer) == (2, "no new trials begin") and (done.answered or 0) >= done.time
    assert store.study().facts == {"paused": True}
    ledger = store.decisions()
    assert [(line.kind, line.subject, line.reason) for line in ledger] == [
        ("pause", "study", "no new trials begin"),
        ("enqueue", "r0001", "learning_rate must be less"),
    ]
    assert ledger[1].values["by"] == "cli" and ledger[1].values["state"] == "refused"
    assert ledger[1].values["configuration"] == {"learning_rate": 1e-5} and ledger[1].values["request"] == 1


def test_a_second_answer_changes_nothing(store: SqlStudyStore) -> None:
    store.add_request("pause", {}, "api")
    assert store.answer_request(1, DONE, "paused", facts={"paused": True})
    before = (store.requests(), store.decisions(), store.study())

    assert not store.answer_request(1, REFUSED, "no", facts={"paused": False})
    assert (store.requests(), store.decisions(), store.study()) == before
    with pytest.raises(StoreError, match="no request 7"):
        store.answer_request(7, DONE, "what?")
    with pytest.raises(ValueError, match="answered"):
        store.answer_request(1, WAITING, "later")


def test_studies_of_one_database_number_and_keep_their_own(location: str, name: str) -> None:
    one, other = create_study(location, name, {}), create_study(location, f"{name}-b", {})
    assert one.add_request("pause", {}, "cli").id == other.add_request("resume", {}, "cli").id == 1
    assert [r.kind for r in other.requests()] == ["resume"]
    assert other.answer_request(1, DONE, "goes on")
    assert [r.state for r in one.requests()] == [WAITING]
    one.close()
    other.close()


def test_a_request_neither_disturbs_a_controller_nor_is_disturbed_by_it(location: str, name: str) -> None:
    store = create_study(location, name, {})
    with lock_study(location, name) as lock:
        store.fence(lock.token)
        asking = open_study(location, name)
        for number in range(5):
            asking.add_request("stop_run", {"run": f"r{number:04d}"}, "cli")
            train(store, proposal(20, number=number))
            assert store.answer_request(number + 1, DONE, "it ends")
        asking.close()
    assert len(store.evaluations()) == len(store.requests(DONE)) == 5
    store.close()


def test_observers_read_requests_and_cant_add_any(location: str, name: str) -> None:
    store = create_study(location, name, {})
    observer = open_study(location, name, read_only=True)
    store.add_request("pause", {}, "cli")
    assert [r.kind for r in observer.requests()] == ["pause"]
    with pytest.raises(StoreError, match="reading only"):
        observer.add_request("resume", {}, "page")
    observer.close()
    store.close()


def test_a_password_in_a_request_isnt_stored(store: SqlStudyStore) -> None:
    store.add_request("enqueue", {"configuration": {"data": "postgresql://me:geheim@db/x"}}, "cli")
    assert "geheim" not in str(store.requests())


ASKER = """
import sys
from rltune.store.open import open_study
store = open_study(sys.argv[1], sys.argv[2])
print("ready", flush=True)
sys.stdin.read(1)
for number in range(10):
    store.add_request("pause", {"asker": int(sys.argv[3]), "number": number}, "api")
"""


@pytest.mark.slow
def test_many_who_ask_at_once_each_get_a_number_of_their_own(location: str, name: str) -> None:
    store = create_study(location, name, {})
    command = [sys.executable, "-c", ASKER, location, name]
    askers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in range(6)
    ]
    try:
        for asker in askers:
            assert asker.stdout is not None and asker.stdout.readline() == "ready\n"
        for asker in askers:
            assert asker.stdin is not None
            asker.stdin.write("\n")
            asker.stdin.flush()
        # Meanwhile a controller works, and answers: it is neither kept out nor made to fail.
        with lock_study(location, name) as lock:
            store.fence(lock.token)
            answered = 0
            while answered < 60:
                for asked in store.requests(WAITING):
                    assert store.answer_request(asked.id, DONE, "yes")
                    answered += 1
        assert [asker.wait(60) for asker in askers] == [0] * 6
    finally:
        for asker in askers:
            asker.kill()
            asker.communicate()
    found = store.requests()
    assert [r.id for r in found] == list(range(1, 61))
    assert {(r.values["asker"], r.values["number"]) for r in found} == {(a, n) for a in range(6) for n in range(10)}
    assert len(store.decisions()) == 60
    store.close()


def test_a_requests_record_survives_its_process(tmp_path: Path) -> None:
    location = str(tmp_path / "a")
    create_study(location, "a", {}).close()
    code = (
        "import os, signal, sys; from rltune.store.open import open_study;"
        "open_study(sys.argv[1], 'a').add_request('pause', {}, 'cli'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, location]).returncode == -9
    store = open_study(location, "a")
    assert [(r.id, r.kind, r.state) for r in store.requests()] == [(1, "pause", WAITING)]
    store.close()


def test_what_was_pinned_since_it_was_chosen_isnt_deleted(store: SqlStudyStore, tmp_path: Path) -> None:
    for number in (0, 1):
        folder = tmp_path / f"c{number}" / "step-000020"
        folder.mkdir(parents=True)
        train(store, proposal(20, number=number), checkpoints=((20, folder, 7),))
    pinned, other = store.checkpoints()
    store.pin_checkpoint(pinned.run_id, pinned.step, True)  # as another process does, between a plan and its deed
    for record in (pinned, other):
        delete(store, record, "no room", {"step": record.step})
    assert pinned.path.is_dir() and not other.path.exists()
    assert [c.run_id for c in store.checkpoints()] == [pinned.run_id]
    assert [d.subject for d in store.decisions() if d.kind == "delete"] == [other.run_id]
