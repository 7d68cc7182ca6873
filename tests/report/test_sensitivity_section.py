"""The report's section on sensitivity: its words, its table, its panels, and what it says where there is too little."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.factory import CONFIG, Study, fill_finished
from report.test_browser import load
from rltune.report.data import read_report_data
from rltune.report.html import render, write_report
from rltune.report.sections.sensitivity import sensitivity
from rltune.store.base import StudyStore
from rltune.store.open import create_study


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    store = create_study(tmp_path_factory.mktemp("larger"), "demo", CONFIG)
    yield fill_finished(store, count=28)
    store.close()


@pytest.fixture(scope="module")
def words(larger: Study) -> str:
    return sensitivity(read_report_data(larger.store))


def figures(section: str) -> dict[str, dict]:
    found = re.findall(r'<script type="application/json" data-plot="(\w+)">(.*?)</script>', section, re.S)
    return {name: json.loads(text) for name, text in found}


@pytest.mark.slow
def test_it_names_what_matters_and_what_it_rests_on(larger: Study, words: str) -> None:
    count = len(larger.store.evaluations())
    assert re.search(r"learning_rate matters most: by itself it makes \d+ % \(\d+ to \d+ %\)", words)
    assert f"after {count} evaluations of 28 configurations" in words
    assert "What may be left at the recipe is told from 30 configurations on" in words
    assert "embedded/m at 60 (4)" in words  # too few for an importance of their own
    row = re.search(r'<tr class=""><td class="t">learning_rate</td>.*?</tr>', words, re.S)
    assert row is not None and "matters" in row[0]


@pytest.mark.slow
def test_there_is_a_panel_for_each_hyperparameter_with_all_that_was_measured(larger: Study, words: str) -> None:
    drawn = figures(words)
    assert set(drawn) == {"importance", *(f"marginal{i}" for i in range(6))}
    assert re.findall(r"<h4>(\w+)</h4>", words)[0] == "learning_rate"
    rate = drawn["marginal0"]
    assert rate["layout"]["xaxis"]["type"] == "log"
    dots = [t for t in rate["data"] if "measured" in t.get("hovertemplate", "")]
    assert (
        sum(len(t["y"]) for t in dots) >= 6
        and len({json.dumps(d["layout"]["yaxis"]["range"]) for d in drawn.values() if "range" in d["layout"]["yaxis"]})
        == 1
    )
    assert {s["x0"] for s in rate["layout"]["shapes"]} == {
        larger.winner.values["learning_rate"],
        larger.recipe.values["learning_rate"],
    }


@pytest.mark.slow
def test_points_of_the_importance_lie_within_their_ranges(words: str) -> None:
    for trace in figures(words)["importance"]["data"]:
        assert all(0 <= x <= 100 for x in trace["x"])
        assert all(bar >= 0 for side in ("array", "arrayminus") for bar in trace["error_x"][side])


def test_too_few_configurations_are_said_so(finished: Study) -> None:
    text = sensitivity(read_report_data(finished.store))
    assert "Nothing can be told yet: 16 configurations were evaluated; fewer than 20" in text
    assert figures(text) == {}


def test_an_empty_study_has_the_section(empty: StudyStore) -> None:
    assert 'id="sensitivity"' in render(read_report_data(empty))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium (Debian: apt-get install chromium)")
def test_all_panels_are_drawn_without_an_error(larger: Study, tmp_path: Path) -> None:
    path = write_report(larger.store, tmp_path / "report.html")
    dom, console = load(path, tmp_path, "--dump-dom", "--window-size=500,900")
    assert "Uncaught" not in console and "Error" not in console
    drawn = set(re.findall(r'<div class="plot js-plotly-plot" id="plot-(\w+)"', dom))
    assert {"importance", *(f"marginal{i}" for i in range(6))} <= drawn
