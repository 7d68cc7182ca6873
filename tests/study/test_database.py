"""Whole studies whose records are in a PostgreSQL database, and whose database has its bad days."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from sqlalchemy import make_url

from pg_faults import end_connections, vanished
from rltune.errors import StoreError, StudyError
from rltune.store.base import SegmentState, StudyState, StudyStore
from rltune.store.engine import DATABASE_FILE
from rltune.study.api import Study, open_study
from study.toy import StopAfter, toy_study

pytestmark = pytest.mark.slow

FEW = {"budget": {"time": 600, "search": 0.9, "trials": 4}, "confirm": {"top": 1}, "final": {"seeds": 1}}
SLOW = {**FEW, "fixed": {"step_time": 0.2}, "executor": {"slots": 1, "grace_time": 5}}


def without_password(url: str) -> str:
    return make_url(url)._replace(password=None).render_as_string()


def assert_whole(store: StudyStore) -> None:
    """Nothing lost, nothing doubled."""
    measured = Counter((run_id, e.fidelity.steps) for run_id, e in store.evaluations())
    assert set(measured.values()) == {1}
    assert all(s.state is SegmentState.ENDED for s in store.segments())
    for run in store.runs():
        assert [m.step for m in store.curve(run.id)] == list(range(1, 9)), run.id
        assert (run.id, 8) in measured
    proposed = Counter(d.subject for d in store.decisions() if d.kind == "proposal")
    assert proposed == {run.id: 1 for run in store.runs()}


def test_a_study_in_a_database_is_run_moved_and_looked_at_from_afar(server: str, tmp_path: Path, name: str) -> None:
    url = without_password(server)
    with toy_study(tmp_path / "here", name, store=url, **FEW) as study:
        watcher = StopAfter(2)
        assert study.run(watcher, watcher) is StudyState.INTERRUPTED
    (tmp_path / "here").rename(tmp_path / "there")  # as another machine may have it mounted

    with open_study(tmp_path / "there" / name) as study:
        assert study.run() is StudyState.FINISHED
        assert_whole(study.store)
        assert sum(s.retrained for s in study.store.segments()) == 0, "the checkpoints were found at their new place"
        assert all(c.path.is_dir() for c in study.store.checkpoints())

    with open_study(f"{url}#{name}", read_only=True) as study:
        assert study.summary().state == "finished" and study.export("json")
        assert study.report(tmp_path / "r.html").stat().st_size > 10_000
    with pytest.raises(StudyError, match="can only be looked at from here"):
        open_study(f"{url}#{name}")
    with pytest.raises(StudyError, match="none is named"):
        open_study(url, read_only=True)


def test_a_study_outlives_connections_that_are_ended_again_and_again(
    own_server: str, tmp_path: Path, name: str
) -> None:
    over, ended = threading.Event(), []

    def pull_the_plug() -> None:
        while not over.wait(1.0):
            ended.append(end_connections(own_server))

    puller = threading.Thread(target=pull_the_plug)
    with toy_study(tmp_path, name, store=without_password(own_server), **SLOW) as study:
        puller.start()
        try:
            assert study.run() is StudyState.FINISHED
        finally:
            over.set()
            puller.join()
        assert sum(ended) >= 3
        assert_whole(study.store)
        assert sum(s.retrained for s in study.store.segments()) == 0


class Vanishing(StopAfter):
    """Lets the server vanish when the third trial has been begun."""

    def __init__(self, vanish: Callable[[], object]) -> None:
        super().__init__(3)
        self.vanish = vanish

    def stepped(self, run: object, metrics: object) -> None:
        if self.left == 0:
            self.left = -1
            self.vanish()


def test_what_was_measured_while_the_database_was_gone_is_recovered(own_server: str, tmp_path: Path, name: str) -> None:
    with toy_study(tmp_path, name, store=without_password(own_server), **SLOW) as study:
        study.store._transactions._outages._patience = 1.0  # type: ignore[attr-defined]
        gone = vanished(own_server)
        with pytest.raises(StoreError, match="can't be reached|ended the connection") as caught:
            study.run(Vanishing(gone.__enter__))
        assert "rltune resume" in str(caught.value.hint)
        gone.__exit__(None, None, None)

    with open_study(tmp_path / name) as study:
        (cut,) = (s for s in study.store.segments() if s.state is SegmentState.RUNNING)
        told = StopAfter(100)
        # The former lease couldn't be given back, and this process still lives: so it has to run out.
        assert study.run(told, wait=True) is StudyState.FINISHED
        assert any("was in flight" in text for text in told.messages)
        assert_whole(study.store)
        again = [s for s in study.store.segments(cut.run_id) if s.id != cut.id]
        assert sum(s.retrained for s in again) == 0, "its checkpoint and its metrics were in its folder"


def test_a_study_of_the_first_release_is_resumed_to_its_end(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "first"
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database:
        database.executescript((repository / "tests" / "store" / "data" / "v1-sqlite.sql").read_text())
        (config,) = database.execute("SELECT config FROM study").fetchone()
    settings = {**json.loads(config), "output": str(tmp_path), "confirm": {"top": 1}, "final": {"seeds": 1}}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings))

    with open_study(folder, read_only=True) as study:
        before = [(run_id, e.fidelity, e.score) for run_id, e in study.store.evaluations()]
        assert study.summary().state == "crashed" and len(before) == 17
    with open_study(folder) as study:
        assert study.run() is StudyState.FINISHED
        after = [(run_id, e.fidelity, e.score) for run_id, e in study.store.evaluations()]
        assert after[: len(before)] == before
        assert max(Counter((run_id, at) for run_id, at, _ in after).values()) == 1
    assert (folder / "study.v1.db").is_file()


def test_a_second_controller_refuses_or_waits(tmp_path: Path) -> None:
    with toy_study(tmp_path, **FEW, fixed={"step_time": 0.1}) as first, open_study(tmp_path / "toy") as second:
        watcher, waiting = Vanishing(lambda: refused(second)), StopAfter(100)
        runner = threading.Thread(target=first.run, args=(watcher,))
        runner.start()
        while not watcher.messages and watcher.left > 1:
            runner.join(0.1)
        assert second.run(waiting, wait=True) is StudyState.FINISHED
        runner.join()
        assert any("is being run by process" in text for text in waiting.messages)
        assert_whole(second.store)


def refused(study: Study) -> None:
    with pytest.raises(StoreError, match="is being run by process"):
        study.run()
