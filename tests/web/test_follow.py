"""The page follows a study that goes on, on both databases, and survives what happens to them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from pg_faults import vanished
from report.factory import CONFIG, Filler, begin, fill_half, propose
from rltune.store.engine import DATABASE_FILE
from rltune.store.lines import pulse
from rltune.store.open import create_study, open_study
from rltune.store.records import RequestState, ScoreRecord, StudyState
from rltune.store.sql import SqlStudyStore
from rltune.web.board import Board
from web.conftest import Served, ask, client_of, make_study, served, wait_for

WRITERS, RUNS = 8, 3
OLD = Path(__file__).parents[1] / "store" / "data" / "v2-sqlite.sql"

WRITER = """
import sys
from pathlib import Path
from rltune.store.open import open_study
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason
location, name, writer, runs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = open_study(location, name)
print("ready", flush=True)
sys.stdin.read(1)
for number in range(runs):
    of = Proposal(Configuration({"rate": 1.0 + 100 * writer + number}), Fidelity("m", 10), 0, Phase.SEARCH, "a try")
    run = store.run(of.configuration, "m", 0)
    segment = store.begin_segment(of, run.id, 0, Path("s"))
    for step in range(1, 10):
        store.add_steps(segment.id, [StepMetrics(step, {"reward": 0.5})])
    stop = StopReason(StopKind.REACHED, 10, "reached")
    result = Evaluation(of.configuration, of.fidelity, 0, of.phase, 0.5, Cost(1.0), stop, 10)
    store.finish_segment(segment.id, stop, Cost(1.0), [StepMetrics(10, {"reward": 0.5})], [], [result])
    store.add_seconds(1.0)
    store.add_event("info", f"{writer} {number}")
"""


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a study can be made: a folder, or a server."""
    return request.getfixturevalue("server") if request.param == "postgres" else str(tmp_path / "study")


@pytest.fixture
def study(location: str, name: str) -> Iterator[SqlStudyStore]:
    store = create_study(location, name, {**CONFIG, "name": name})
    if "://" not in location:
        Path(location, "study.yaml").write_text(f"name: {name}\n")
    yield store
    store.close()


@pytest.fixture
def place(location: str, name: str, study: SqlStudyStore) -> str:
    """What `rltune dashboard` is given."""
    return f"{location}#{name}" if "://" in location else location


@contextmanager
def listening(server: Served) -> Iterator[list[set[str]]]:
    """The parts that have changed, as the page is told."""
    told: list[set[str]] = []
    opened = threading.Event()

    def listen() -> None:
        with suppress(httpx.HTTPError), httpx.stream("GET", f"{server.url}/api/events", timeout=None) as events:
            for line in events.iter_lines():
                if line.startswith("data:"):
                    opened.set()
                    told.append(set(json.loads(line[5:]).get("parts", [])))

    threading.Thread(target=listen, daemon=True).start()
    assert opened.wait(30)
    yield told


def has(told: list[set[str]], part: str) -> bool:
    return any(part in parts for parts in told)


@pytest.mark.slow
def test_what_is_committed_comes_to_the_page(study: SqlStudyStore, place: str) -> None:
    fill_half(study)
    with served(place) as server, listening(server) as told, httpx.Client(base_url=server.url, timeout=60) as client:
        before = client.get("/api/overview").json()
        tag = client.get("/api/runs").headers["etag"]
        Filler(study).segment(propose(6)[5], "embedded/xs", 15)
        wait_for(lambda: has(told, "runs") and has(told, "overview") and has(told, "ledger"))
        after = client.get("/api/overview").json()
        assert after["counts"]["evaluations"] == before["counts"]["evaluations"] + 1
        assert client.get("/api/runs", headers={"If-None-Match": tag}).status_code == 200
        # A step of a run in flight is news as well.
        (run,) = [s for s in study.segments() if s.ended is None]
        told.clear()
        study.add_steps(run.id, [Filler(study).metrics(propose(6)[4], "embedded/xs", 9)])
        wait_for(lambda: has(told, "curves"))
        assert client.get("/api/overview").json()["in_flight"][0]["step"] == 9


@pytest.mark.slow
def test_polling_while_eight_write_disturbs_nobody(study: SqlStudyStore, place: str, location: str, name: str) -> None:
    begin(study)
    arguments = [sys.executable, "-c", WRITER, location, name]
    writers = [
        subprocess.Popen(
            [*arguments, str(number), str(RUNS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    statuses: list[int] = []
    with served(place) as server:
        over = threading.Event()

        def poll() -> None:
            with httpx.Client(base_url=server.url, timeout=120) as client:
                while not over.is_set():
                    for view in ("overview", "runs?sort=score", "ledger", "configurations", "run/r0001"):
                        statuses.append(client.get(f"/api/{view}").status_code)

        pollers = [threading.Thread(target=poll) for _ in range(2)]
        try:
            for writer in writers:
                assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
            for poller in pollers:
                poller.start()
            for writer in writers:
                assert writer.stdin is not None
                writer.stdin.write("\n")
                writer.stdin.flush()
            errors = [writer.communicate(timeout=300)[1] for writer in writers]
        finally:
            over.set()
            for writer in writers:
                writer.kill()
            for poller in pollers:
                poller.join()
        assert errors == [""] * WRITERS
        assert {status for status in statuses if status != 404} == {200}, "only a run that isn't there yet is missing"
        with httpx.Client(base_url=server.url) as client:

            def counted() -> int:
                return client.get("/api/overview").json()["counts"]["evaluations"]

            wait_for(lambda: counted() == WRITERS * RUNS)
            rows = client.get("/api/runs?limit=500").json()["rows"]
    assert len(study.evaluations()) == WRITERS * RUNS and len(study.events()) == WRITERS * RUNS
    assert [len(study.curve(run.id)) for run in study.runs()] == [10] * (WRITERS * RUNS)
    assert sorted(row["run"] for row in rows) == sorted(run.id for run in study.runs())


@pytest.mark.slow
def test_a_database_that_goes_away_comes_back(own_server: str, name: str) -> None:
    store = create_study(own_server, name, {**CONFIG, "name": name})
    fill_half(store)
    store.close()
    with served(f"{own_server}#{name}") as server, httpx.Client(base_url=server.url, timeout=60) as client:
        before = client.get("/api/overview").json()
        runs = client.get("/api/runs").json()["total"]
        with vanished(own_server):
            wait_for(lambda: client.get("/api/overview").json()["problem"])
            during = client.get("/api/overview").json()
            assert during["best"] == before["best"] and during["counts"] == before["counts"]
            assert client.get("/api/runs").json()["total"] == runs
            assert client.get("/api/run/r0001").status_code == 503, "what was never read can't be shown"
        store = open_study(own_server, name)
        Filler(store).segment(propose(9)[8], "embedded/xs", 15)
        store.add_event("info", "back again")
        store.close()

        def is_back() -> bool:
            found = client.get("/api/overview")
            return found.status_code == 200 and "back again" in found.text and not found.json()["problem"]

        wait_for(is_back)
        assert client.get("/api/runs").json()["total"] == runs + 1


def test_without_its_database_the_page_shows_what_it_had(half: SqlStudyStore, tmp_path: Path) -> None:
    file = tmp_path / "half" / DATABASE_FILE
    with client_of(tmp_path / "half") as client:
        assert client.get("/api/runs").json()["total"] == 5
        assert client.get("/api/overview").json()["problem"] is None
        half.close()
        for each in tmp_path.glob(f"half/{DATABASE_FILE}*"):
            each.rename(each.with_name(f"away-{each.name}"))
        wait_for(lambda: not file.exists() and client.get("/api/overview").json()["problem"])
        answer = client.get("/api/runs")
        assert answer.status_code == 200 and answer.json()["total"] == 5
        for each in tmp_path.glob(f"half/away-{DATABASE_FILE}*"):
            each.rename(each.with_name(each.name.removeprefix("away-")))
        wait_for(lambda: client.get("/api/overview").json()["problem"] is None)


def test_a_study_that_is_made_afresh_under_its_name_is_shown(half: SqlStudyStore, tmp_path: Path) -> None:
    with client_of(tmp_path / "half") as client:
        assert client.get("/api/runs").json()["total"] == 5
        half.close()
        (tmp_path / "half").rename(tmp_path / "aside")
        fresh = make_study(tmp_path / "half", begin, "half")
        Filler(fresh).segment(propose(9)[8], "embedded/xs", 15)
        fresh.close()
        wait_for(lambda: client.get("/api/runs").json()["total"] == 1)
        (row,) = client.get("/api/runs").json()["rows"]
        assert row["configuration"] == propose(9)[8].id


def test_every_kind_of_news_changes_the_pulse(study: SqlStudyStore) -> None:
    filler = Filler(study)
    begin(study)
    tried = propose(4)
    filler.segment(tried[0], "embedded/xs", 15)
    filler.segment(tried[1], "embedded/xs", 15, finish=False)
    flying = next(s for s in study.segments() if s.ended is None)
    number = study.add_request("pause", {}, "page").id
    news = [
        lambda: study.add_event("info", "hello"),
        lambda: study.add_decision("note", "study", "because", {}),
        lambda: study.add_score(ScoreRecord("embedded/xs", None, 0, "test", {"mean": 0.5}, 1.0)),
        lambda: study.add_steps(flying.id, [filler.metrics(tried[1], "embedded/xs", 9)]),
        lambda: filler.segment(tried[2], "embedded/xs", 15, finish=False),
        lambda: filler.segment(tried[0], "embedded/xs", 30),
        lambda: study.set_state(StudyState.INTERRUPTED),
        lambda: study.add_seconds(2.0),
        lambda: study.set_fact("new", 1),
        lambda: study.add_request("resume", {}, "page"),
        lambda: study.answer_request(number, RequestState.REFUSED, "no"),
    ]
    for happens in news:
        before = study.view(pulse)
        happens()
        assert study.view(pulse) != before
    assert study.view(pulse) == study.view(pulse)


def test_a_board_that_keeps_up_equals_one_that_is_new(study: SqlStudyStore) -> None:
    filler, kept = Filler(study), Board()
    begin(study)
    for round_, configuration in enumerate(propose(7)):
        filler.segment(configuration, "embedded/xs", 15, finish=round_ % 3 != 2)
        if round_ == 4:
            filler.segment(propose(7)[0], "embedded/xs", 30)
        kept.catch_up(study)
    kept.catch_up(study)
    fresh = Board()
    fresh.catch_up(study)
    assert kept.by_id.keys() == fresh.by_id.keys() == {run.id for run in study.runs()}
    for run_id, entry in kept.by_id.items():
        assert (entry.run, entry.segments, entry.evaluations) == (
            fresh.by_id[run_id].run,
            fresh.by_id[run_id].segments,
            fresh.by_id[run_id].evaluations,
        )
    assert (kept.ends, kept.search_ends, kept.evaluation_count) == (
        fresh.ends,
        fresh.search_ends,
        fresh.evaluation_count,
    )
    assert [each.line for each in kept.spent] == [each.line for each in fresh.spent]
    assert kept.evaluation_count == len(study.evaluations())
    assert {e.run.id for e in kept.running()} == {s.run_id for s in study.segments() if s.ended is None}


@pytest.mark.slow
def test_a_store_of_an_earlier_version_is_followed_from_its_upgrade_on(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database:
        database.executescript(OLD.read_text())
        database.execute("PRAGMA journal_mode = WAL")
        (name,) = database.execute("SELECT name FROM study").fetchone()
    (folder / "study.yaml").write_text(f"name: {name}\n")
    with client_of(folder) as client:
        before = client.get("/api/overview").json()
        assert before["requests"] == [] and before["counts"]["runs"] > 0
        store = open_study(folder, name)  # upgrades it
        store.add_event("info", "upgraded just now")
        store.close()
        wait_for(lambda: "upgraded just now" in client.get("/api/overview").text)
        ask(client, "resume", {})  # type: ignore[arg-type]
        wait_for(lambda: client.get("/api/overview").json()["requests"])


def test_the_server_loads_no_torch() -> None:
    code = "import sys, rltune.web.serve; print(sorted({'torch', 'transformers', 'ray'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
