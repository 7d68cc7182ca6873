"""A PostgreSQL connection that breaks in the middle: nothing lost, nothing doubled, and an end if it stays away."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import PoolProxiedConnection, event
from store_values import MODEL, configuration, evaluation, metrics, proposal

from pg_faults import end_connections, vanished
from rltune.errors import StoreError
from rltune.store.lock import StudyLock, lock_study
from rltune.store.open import create_study, open_study
from rltune.store.sql import SqlStudyStore
from rltune.types import Cost

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "postgres"


class Impatient:
    """A clock whose pauses are short, and add up as if they were whole."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        time.sleep(min(seconds, 0.01))


def controlled(url: str, name: str, clock: Impatient | None = None) -> tuple[SqlStudyStore, StudyLock]:
    """A new study with a controller's lease."""
    store = create_study(url, name, {}, clock=clock)
    lock = lock_study(url, name)
    store.fence(lock.token)
    return store, lock


def one_run(store: SqlStudyStore, number: int) -> None:
    """All that a trial writes."""
    of = proposal(10, number=number)
    run = store.run(of.configuration, MODEL, 0)
    segment = store.begin_segment(of, run.id, 0, Path("s"))
    store.add_steps(segment.id, metrics(1, 5))
    result = evaluation(of, number / 1000)
    store.add_seconds(1.0)
    store.finish_segment(segment.id, result.stop, Cost(1.0), metrics(6, 10), [], [result])


def assert_each_once(store: SqlStudyStore, count: int) -> None:
    assert [e.score for e in store.history().evaluations] == [n / 1000 for n in range(count)]
    assert [run.number for run in store.runs()] == list(range(1, count + 1))
    assert [d.kind for d in store.decisions()] == ["proposal"] * count
    assert store.study().seconds == count
    assert all(len(store.curve(run.id)) == 10 for run in store.runs())


@pytest.mark.slow
def test_connections_that_are_ended_again_and_again_lose_and_double_nothing(own_server: str, name: str) -> None:
    store, lock = controlled(own_server, name)
    over = threading.Event()
    ended = []

    def pull_the_plug() -> None:
        while not over.wait(0.4):
            ended.append(end_connections(own_server))

    puller = threading.Thread(target=pull_the_plug)
    puller.start()
    try:
        for number in range(15):
            one_run(store, number)
    finally:
        over.set()
        puller.join()
    assert sum(ended) >= 3
    assert_each_once(store, 15)
    lock.release()


def break_next_commit(store: SqlStudyStore, *, after: bool) -> None:
    """Closes the connection right before, or right after, the next commit; its answer is lost in both cases."""
    dialect, left = store._engine.dialect, [True]
    real = dialect.do_commit

    def commit(connection: PoolProxiedConnection) -> None:
        broken = bool(left)
        left.clear()
        if broken and not after:
            connection.driver_connection.close()  # type: ignore[union-attr]
        real(connection)
        if broken:
            connection.driver_connection.close()  # type: ignore[union-attr]
            raise dialect.loaded_dbapi.OperationalError("the answer was lost with the connection")

    dialect.do_commit = commit  # type: ignore[method-assign]


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_lost_around_a_commit_doubles_nothing(server: str, name: str, after: bool) -> None:
    """Before it, the transaction is gone and done again; after it, it is found done."""
    store, lock = controlled(server, name)
    run = store.run(configuration(), MODEL, 0)
    break_next_commit(store, after=after)
    segment = store.begin_segment(proposal(10), run.id, 0, Path("s"))
    break_next_commit(store, after=after)
    store.add_event("info", "once")
    break_next_commit(store, after=after)
    store.add_seconds(2.0)

    assert [s.id for s in store.segments()] == [segment.id]
    # On a slow machine the outage itself may take long enough to be told as well.
    assert [e.message for e in store.events() if not e.message.startswith("the database was away")] == ["once"]
    assert store.study().seconds == 2.0 and len(store.decisions()) == 1
    lock.release()


def test_without_a_lease_a_commit_in_doubt_is_an_error_and_no_second_try(server: str, name: str) -> None:
    store = create_study(server, name, {})
    break_next_commit(store, after=True)
    with pytest.raises(StoreError, match="whether that went through isn't known"):
        store.add_event("info", "perhaps")
    assert [e.message for e in store.events()] == ["perhaps"]


@pytest.mark.slow
def test_a_server_that_is_restarted_is_waited_for(own_server: str, name: str) -> None:
    store, lock = controlled(own_server, name)
    one_run(store, 0)
    environment = {**os.environ, "RLTUNE_TEST_POSTGRES": own_server}
    restarting = subprocess.Popen([SCRIPT, "restart"], env=environment)
    number = 1
    while number < 10 or restarting.poll() is None:
        one_run(store, number)
        number += 1
    assert restarting.wait(60) == 0
    assert_each_once(store, number)
    # A transaction that just waited for long enough is told of, and nothing else is.
    assert all("the database was away or busy for" in e.message for e in store.events())
    lock.release()


@pytest.mark.slow
def test_a_server_that_stays_away_is_an_error_that_comes_once(
    own_server: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Impatient()
    store, lock = controlled(own_server, name, clock)
    one_run(store, 0)
    with vanished(own_server):
        with pytest.raises(StoreError, match="can't be reached|ended the connection") as caught:
            store.add_event("info", "lost")
        assert 250 < clock.slept < 350 and "rltune resume" in str(caught.value)
        assert "waiting up to 5.0 min" in caplog.text
        slept = clock.slept
        with pytest.raises(StoreError):
            store.add_event("info", "lost too")
        assert clock.slept == slept, "a controller that has given up doesn't wait again"

    store.add_event("info", "back")
    assert [e.message for e in store.events()] == ["back"]
    lock.release()


def test_a_reader_doesnt_wait_for_a_server(server: str, name: str) -> None:
    create_study(server, name, {}).close()
    clock = Impatient()
    reader = open_study(server, name, read_only=True, clock=clock)

    @event.listens_for(reader._engine, "do_connect")
    def refuse(*_: object) -> None:
        raise reader._engine.dialect.loaded_dbapi.OperationalError("connection refused")

    reader._engine.dispose()
    with pytest.raises(StoreError, match="can't be reached"):
        reader.study()
    assert clock.slept == 0.0
