"""What the live page answers about a study, against what the report and the store say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from report.factory import RUNGS, SIZES, TARGET
from rltune.analysis.summary import summarize
from rltune.store.open import open_study
from rltune.store.sql import SqlStudyStore
from rltune.types import StepMetrics
from web.conftest import client_of, wait_for


def get(client: TestClient, path: str) -> dict:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_overview_says_what_the_summary_says(finished: TestClient, finished_place: Path) -> None:
    store = open_study(finished_place, "demo", read_only=True)
    summary = summarize(store, alive=False)
    store.close()
    found = get(finished, "/api/overview")
    assert found["study"]["state"] == "finished" and found["study"]["target"] == TARGET
    assert found["counts"]["evaluations"] == summary.work.evaluations
    assert found["counts"]["configurations"] == summary.work.configurations
    assert found["counts"]["stopped"] == len(summary.stops)
    assert found["counts"]["failed"] == len(summary.failures)
    assert summary.best is not None and summary.gain is not None and summary.winner is not None
    assert found["best"]["configuration"] == summary.best.configuration
    assert found["best"]["score"] == pytest.approx(summary.best.score)
    assert found["gain"]["sentence"] == summary.gain.sentence
    assert found["winner"]["test_mean"] == pytest.approx(summary.winner.mean)
    assert found["left"] is None
    assert found["budget"]["gone"] == pytest.approx(682 / 900)
    assert found["actions"]["pause"] == "the study is finished"


def test_the_overview_draws_the_best_so_far_as_it_rose(finished: TestClient) -> None:
    figures = get(finished, "/api/overview")["figures"]
    lines = {trace["name"]: trace for trace in figures["progress"]["data"]}
    assert set(lines) == {*SIZES, "recipe on the target"}
    for model in SIZES:
        heights, times = lines[model]["y"], lines[model]["x"]
        assert heights == sorted(heights) and times == sorted(times)
    assert figures["spending"]["caption"] and figures["spending"]["height"] > 100
    assert "template" not in figures["spending"]["layout"]


def test_a_study_that_nobody_runs_has_crashed(half: SqlStudyStore, tmp_path: Path) -> None:
    with client_of(tmp_path / "half") as client:
        found = get(client, "/api/overview")
    assert found["study"]["state"] == "crashed" and found["study"]["alive"] is False
    (flying,) = found["in_flight"]
    assert (flying["step"], flying["to_step"]) == (7, RUNGS[0])
    assert len(flying["curve"]) == 7 and 0 <= flying["reward"] <= 1


def test_runs_are_sorted_filtered_and_paged(finished: TestClient) -> None:
    everything = get(finished, "/api/runs?limit=500")
    assert everything["total"] == everything["matching"] == len(everything["rows"]) > 20
    by_score = get(finished, "/api/runs?sort=score&desc=1&limit=500")["rows"]
    scores = [row["score"] for row in by_score]
    known = [score for score in scores if score is not None]
    assert known == sorted(known, reverse=True) and scores[: len(known)] == known, "what has no score comes last"
    rising = get(finished, "/api/runs?sort=learning_rate&limit=500")["rows"]
    rates = [row["values"]["learning_rate"] for row in rising]
    assert rates == sorted(rates)
    page = get(finished, "/api/runs?sort=learning_rate&offset=5&limit=3")["rows"]
    assert page == rising[5:8]
    stopped = get(finished, "/api/runs?stop=kl_growth")
    assert stopped["matching"] == 2 and {row["stop"]["rule"] for row in stopped["rows"]} == {"kl_growth"}
    assert get(finished, f"/api/runs?model={TARGET}&phase=final")["matching"] == 4
    assert get(finished, "/api/runs?q=lr_scheduler=cosine+KL_GROWTH")["matching"] <= 2
    assert everything["facets"]["model"] == sorted(SIZES)
    assert everything["columns"][0] == "learning_rate"


def test_a_runs_page_has_all_of_it(finished: TestClient) -> None:
    row = get(finished, f"/api/runs?model={TARGET}&phase=confirm")["rows"][0]
    found = get(finished, f"/api/run/{row['run']}")
    assert found["run"] == row
    assert [segment["to_step"] for segment in found["segments"]] == [RUNGS[-1]]
    assert [checkpoint["step"] for checkpoint in found["checkpoints"]] == [RUNGS[-1]]
    assert not found["checkpoints"][0]["path"].startswith("/")
    assert {line["kind"] for line in found["decisions"]} == {"proposal"}
    assert found["metrics"][0] == "reward" and set(found["metrics"]) == set(found["figures"])
    assert len(found["figures"]["reward"]["data"][0]["x"]) == RUNGS[-1]
    assert {each["configuration"] for each in found["siblings"]} == {row["configuration"]}
    assert "isn't being trained" in found["actions"]["stop_run"]
    assert found["horizon"] == RUNGS[-1] and found["rungs"] == list(RUNGS)


def test_a_stopped_run_has_a_marker_with_its_reason(finished: TestClient) -> None:
    row = get(finished, "/api/runs?stop=kl_growth")["rows"][0]
    (mark,) = [
        t for t in get(finished, f"/api/run/{row['run']}")["figures"]["kl"]["data"] if t.get("mode") == "markers"
    ]
    assert mark["x"] == [9] and "KL grew by 31 %" in mark["text"][0]


def test_a_run_in_flight_has_a_forecast_band(half: SqlStudyStore, tmp_path: Path) -> None:
    run = next(s for s in half.segments() if s.ended is None)
    half.add_steps(run.id, [StepMetrics(s, {"reward": 0.4 + 0.3 * (1 - math.exp(-s / 8))}) for s in range(1, 15)])
    with client_of(tmp_path / "half") as client:
        found = get(client, f"/api/run/{run.run_id}")
    assert found["forecast"]["low"] <= found["forecast"]["expected"] <= found["forecast"]["high"]
    assert "expected" in [trace.get("name") for trace in found["figures"]["reward"]["data"]]


def test_curves_of_several_runs_lie_over_each_other(finished: TestClient) -> None:
    found = get(finished, "/api/curves?runs=r0001,r0002,r0003&metric=kl")
    assert found["metric"] == "kl" and "reward" in found["metrics"]
    assert len([trace for trace in found["figure"]["data"] if trace["mode"] == "lines"]) == 3
    assert found["figure"]["layout"]["yaxis"]["type"] == "log"


@pytest.mark.parametrize(
    "path",
    [
        "/api/curves",
        "/api/curves?runs=" + ",".join(f"r{n}" for n in range(21)),
        "/api/runs?limit=-1",
        "/api/runs?q=" + "x" * 600,
        "/api/runs?offset=99999999999999999999",
    ],
)
def test_what_cant_be_asked_for_is_said(finished: TestClient, path: str) -> None:
    answer = finished.get(path)
    assert answer.status_code == 400 and answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/api/run/r9999", "/api/run/x", "/api/curves?runs=r9999", "/api/requests/7", "/nothing"]
)
def test_what_isnt_there_is_said(finished: TestClient, path: str) -> None:
    answer = finished.get(path)
    assert answer.status_code == 404 and answer.json()["error"]["message"]


def test_configurations_show_their_best_scores(finished: TestClient, finished_place: Path) -> None:
    store = open_study(finished_place, "demo", read_only=True)
    best = max(e.score or 0 for _, e in store.evaluations(TARGET) if e.phase != "final")
    store.close()
    found = get(finished, "/api/configurations")
    assert found["models"][-1] == TARGET and len(found["table"]) == found["total"] == 16
    assert max(row["best"].get(TARGET, 0) for row in found["table"]) == pytest.approx(best)
    assert [row["role"] for row in found["table"]].count("recipe") == 1
    rate = next(p for p in found["space"] if p["name"] == "learning_rate")
    assert rate["log"] and rate["low"] < rate["recipe"] < rate["high"]


@pytest.mark.slow
def test_what_matters_is_fitted_beside_and_then_there(finished_place: Path) -> None:
    with client_of(finished_place) as client:
        assert get(client, "/api/configurations")["importance_state"] == "computing"
        wait_for(lambda: get(client, "/api/configurations")["importance_state"] != "computing", 300)
        found = get(client, "/api/configurations")
    # 16 configurations are fewer than it takes, which the fitting process found out.
    assert found["importance_state"] == "none" and "16 configurations" in found["none"]["importance"]


def test_transfer_agrees_with_the_summary(finished: TestClient, finished_place: Path) -> None:
    store = open_study(finished_place, "demo", read_only=True)
    transfer = summarize(store).transfer
    store.close()
    found = get(finished, "/api/transfer")
    assert {p["configuration"]: p["target_score"] for p in found["pairs"]} == {
        p.configuration: pytest.approx(p.target_score) for p in transfer.pairs
    }
    assert found["rank"]["spearman"] == pytest.approx(transfer.spearman)
    assert found["rank"]["low"] <= found["rank"]["spearman"] <= found["rank"]["high"]
    assert transfer.note in found["verdict"]
    assert len(found["figures"]["scatter"]["data"][0]["x"]) == len(transfer.pairs)


def test_without_pairs_transfer_says_why(half: SqlStudyStore, tmp_path: Path) -> None:
    with client_of(tmp_path / "half") as client:
        assert "No configuration" in get(client, "/api/transfer")["none"]


def test_the_ledger_is_searched_and_paged_newest_first(finished: TestClient) -> None:
    found = get(finished, "/api/ledger?limit=500")
    assert found["total"] == found["matching"] == len(found["rows"])
    times = [row["time"] for row in found["rows"]]
    assert times == sorted(times, reverse=True)
    stops = get(finished, "/api/ledger?kind=stop")
    assert stops["matching"] == found["counts"]["stop"] == 2
    assert get(finished, "/api/ledger?kind=stop&q=31+%25+KL")["matching"] == 2
    assert get(finished, "/api/ledger?q=100%25_nothing")["matching"] == 0, "% and _ are no wildcards"
    assert get(finished, "/api/ledger?offset=2&limit=3")["rows"] == found["rows"][2:5]


def test_an_answer_that_hasnt_changed_isnt_sent_again(finished: TestClient) -> None:
    first = finished.get("/api/runs?limit=3")
    again = finished.get("/api/runs?limit=3", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and not again.content


def test_large_answers_are_packed(finished: TestClient) -> None:
    packed = finished.get("/api/overview", headers={"Accept-Encoding": "gzip"})
    plain = finished.get("/api/overview", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.json()["counts"] == plain.json()["counts"]


def test_numbers_that_arent_finite_are_words(half: SqlStudyStore, tmp_path: Path) -> None:
    run = next(s for s in half.segments() if s.ended is None)
    half.add_steps(run.id, [StepMetrics(8, {"reward": math.nan, "kl": math.inf})])
    half.add_decision("stop", run.run_id, "it isn't a number", {"kl": -math.inf})
    with client_of(tmp_path / "half") as client:
        assert get(client, "/api/overview")["in_flight"][0]["reward"] == "NaN"
        text = client.get(f"/api/run/{run.run_id}").text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} isn't JSON"))
    assert '"-Infinity"' in text


def test_an_empty_study_has_a_page(tmp_path: Path) -> None:
    from rltune.store.open import create_study  # noqa: PLC0415

    create_study(tmp_path / "new", "new", {"name": "new"}).close()
    (tmp_path / "new" / "study.yaml").write_text("name: new\n")
    with client_of(tmp_path / "new") as client:
        for view in ("overview", "runs", "configurations", "transfer", "ledger"):
            get(client, f"/api/{view}")
