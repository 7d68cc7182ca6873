"""The report as text: what it says in each state of a study, and that nothing from outside becomes markup."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from report.factory import CONFIG, RECIPE, TARGET, Filler, Study, begin, fill_failing, fill_finished, propose
from rltune.errors import ReportError
from rltune.report.data import read_report_data
from rltune.report.figures.spending import spending_picture
from rltune.report.html import render, write_report
from rltune.store.base import StudyState, StudyStore
from rltune.store.open import create_study
from rltune.types import Configuration, Phase, StopKind, StopReason

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
FIGURES = {"seeds", "spending", "reward", "kl", "costs", "transfer"}


def page_of(store: StudyStore) -> str:
    """The page without plotly.js, whose source holds about everything."""
    page = render(read_report_data(store))
    scripts = [m.span() for m in re.finditer(r"<script>.*?</script>", page, re.S)]
    return page[: scripts[0][0]] + page[scripts[-1][1] :]


def figures_of(page: str) -> dict[str, dict]:
    found = re.findall(r'<script type="application/json" data-plot="(\w+)">(.*?)</script>', page, re.S)
    return {name: json.loads(text) for name, text in found}


def test_a_finished_study_shows_its_gain_and_all_figures(finished: Study) -> None:
    page = page_of(finished.store)
    assert "A gain of +28.2 points" in page
    assert set(figures_of(page)) == FIGURES
    assert "still running" not in page and "No winner yet" not in page


def test_failed_final_runs_are_shown_and_counted(tmp_path: Path) -> None:
    store = create_study(tmp_path, "failed", CONFIG)
    fill_failing(store, failing=2)
    page = page_of(store)
    assert "2 of 4 runs of the winner failed and count as the untrained model." in page
    assert "Failed final runs of the winner: seed 3, 4." in page and page.count("43.0 % (failed)") == 2
    store.close()


def test_kept_answers_are_linked(tmp_path: Path, finished: Study) -> None:
    assert "Answers to test questions" not in page_of(finished.store)
    store = create_study(tmp_path, "answers", CONFIG)
    study = fill_failing(store, failing=1)
    run = store.run(study.recipe, TARGET, 2)
    store.set_fact("answers", {"runs/a b/answers/test-aime24.jsonl": [run.id, "test/aime24"]})
    page = page_of(store)
    assert '<a href="./runs/a%20b/answers/test-aime24.jsonl">' in page and '<td class="t">aime24</td>' in page
    store.close()


def test_groups_and_other_tests_are_tables_of_their_own(tmp_path: Path, finished: Study) -> None:
    assert "Test scores in parts" not in page_of(finished.store)
    store = create_study(tmp_path, "parts", CONFIG)
    study, filler = fill_failing(store, failing=1), Filler(store)
    for seed in (1, 2, 3):
        filler.test_parts(study.recipe, seed, {}, {"aime24": 0.25})
        filler.test_parts(study.winner, seed, {"level_5": 0.5}, {"aime24": 0.375})
    page = page_of(store)
    assert "Test scores in parts" in page and "other test questions" in page
    row = '<tr><td class="t">aime24</td><td class="n">37.5 %</td><td class="n">25.0 %</td>'
    assert f'{row}<td class="n">+12.5 points</td><td class="n">3</td></tr>' in page.replace(' class=""', "")
    assert "level_5" not in page  # the recipe has no score of it
    assert "Runs that failed have no score on other test questions" in page
    store.close()


def test_without_a_base_score_failed_runs_leave_no_verdict_and_it_says_why(tmp_path: Path) -> None:
    store = create_study(tmp_path, "unknown", CONFIG)
    fill_failing(store, failing=1, base=False)
    page = page_of(store)
    assert "No verdict: 1 final run of the winner failed" in page and "A gain of" not in page
    store.close()


def test_the_sentence_names_its_measure_once_and_greedy_beside_it(finished: Study) -> None:
    verdict = re.findall(r'<p class="verdict">(.*?)</p>', page_of(finished.store), re.S)[0]
    assert verdict.count("sampled accuracy (temperature 1)") == 1
    # a number and its sign never come apart at the end of a line
    assert "Greedy accuracy: 93.8\xa0% against 65.6\xa0% (+28.2 points)." in verdict and " %" not in verdict


def test_the_file_is_self_contained(finished: Study, tmp_path: Path) -> None:
    written = write_report(finished.store, tmp_path / "deep" / "report.html")
    page = written.read_text(encoding="utf-8")
    assert list(written.parent.iterdir()) == [written]  # nothing temporary is left
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page.split("<script>")[0])
    assert page.count('type="application/json"') == len(FIGURES)
    assert "Plotly" in page and "prefers-color-scheme: dark" in page and "width=device-width" in page


def test_changed_settings_are_marked_and_equal_ones_are_not(finished: Study) -> None:
    page = page_of(finished.store)
    ours, theirs = finished.winner.values, finished.recipe.values
    rows = re.findall(r'<tr class="(\w*)"><td class="t">(\w+)</td>', page)
    marked = {name for kind, name in rows if kind == "changed"}
    assert marked == {n for n in ours if ours[n] != theirs[n]} and "learning_rate" in marked
    assert "1e-05 to 0.003 (log)" in page and "constant | cosine" in page


def test_stops_are_listed_and_marked_with_their_rule(finished: Study) -> None:
    page = page_of(finished.store)
    assert page.count("KL grew by 31 % a step") >= 2 and "9 of 15" in page
    marks = [t for t in figures_of(page)["reward"]["data"] if t.get("name") == "stopped or failed"][0]
    assert sum("kl_growth" in text for text in marks["text"]) == 2
    assert figures_of(page)["kl"]["layout"]["yaxis"]["type"] == "log"


def test_the_winners_runs_show_where_training_stopped_paying(finished: Study) -> None:
    page = page_of(finished.store)
    found = re.search(r'<section id="paying">.*?</section>', page, re.S)
    assert found is not None
    rows = re.findall(r"<tr.*?</tr>", found[0], re.S)[1:]
    roles = [re.findall(r"<td[^>]*>(.*?)</td>", row)[1] for row in rows]
    assert {"winner", "recipe"} <= set(roles)
    assert all(re.search(r"plateau|rapid improvement|slow start|fallen|decline", row) for row in rows)


def test_what_is_needed_to_do_it_again_is_there(finished: Study) -> None:
    page = page_of(finished.store)
    assert "rltune export ./studies/demo --format verl" in page and "2.13.0" in page
    study_file = html.unescape(re.findall(r"<pre>(name: demo.*?)</pre>", page, re.S)[0])
    assert yaml.safe_load(study_file) == CONFIG


def test_every_run_has_a_curve(finished: Study) -> None:
    lines = [t for t in figures_of(page_of(finished.store))["reward"]["data"] if t["mode"] != "markers"]
    assert len(lines) == len(finished.store.runs())


def test_costs_of_all_bars_are_the_costs_of_all_segments(finished: Study) -> None:
    figure = figures_of(page_of(finished.store))["costs"]
    bars = sum(sum(t["x"]) for t in figure["data"] if t["type"] == "bar")
    spent = sum(s.cost.seconds for s in finished.store.segments()) / 60
    assert bars == pytest.approx(spent)


def test_rows_of_costs_say_what_the_configuration_is(finished: Study) -> None:
    figure = figures_of(page_of(finished.store))["costs"]
    rows = figure["layout"]["yaxis"]["categoryarray"]
    assert any(re.fullmatch(r"winner \w{10}: [\d.e-]+", row) for row in rows)
    assert f"recipe {Configuration(RECIPE).id}: {RECIPE['learning_rate']:.3g}" in rows
    assert {y for t in figure["data"] for y in t["y"]} == set(rows)


def test_marks_of_the_logarithmic_axis_are_written_alike(finished: Study) -> None:
    axis = figures_of(page_of(finished.store))["kl"]["layout"]["yaxis"]
    assert (axis["type"], axis["tickformat"], axis["dtick"]) == ("log", "~g", 1)


def test_trials_that_ran_side_by_side_are_told_where_their_time_is_added_up(finished: Study) -> None:
    data = read_report_data(finished.store)
    first, second, *rest = data.records.segments
    alone = spending_picture(data)
    longer = replace(first, ended=(second.started + second.ended) / 2 if second.ended else None)
    beside = spending_picture(replace(data, records=replace(data.records, segments=(longer, second, *rest))))
    assert alone is not None and "at once" not in alone.caption
    assert beside is not None and "Up to 2 trials ran at once" in beside.caption


def test_a_half_finished_study_says_what_is_missing(half: Study) -> None:
    page = page_of(half.store)
    assert "still running" in page and "No winner yet" in page and "No test result yet" in page
    assert {"spending", "reward", "kl", "costs"} == set(figures_of(page))


def test_an_empty_study_has_a_report(empty: StudyStore) -> None:
    page = page_of(empty)
    assert "nothing has been evaluated" in page and "No step was trained yet" in page
    assert figures_of(page) == {}


def test_a_failed_study_says_so_and_shows_its_errors(tmp_path: Path) -> None:
    store = create_study(tmp_path, "broken", CONFIG)
    begin(store)
    crash = StopReason(StopKind.DIVERGED, 3, "reward is NaN at step 3")
    Filler(store).segment(propose(1)[0], TARGET, 15, stop=crash, log_tail="last words")
    store.add_event("error", "the disk is full")
    store.set_state(StudyState.FAILED)
    page = page_of(store)
    store.close()
    assert "This study has failed" in page and "the disk is full" in page
    assert "reward is NaN at step 3" in page and "last words" in page


def test_a_study_whose_recipe_won_says_that_nothing_was_gained(tmp_path: Path) -> None:
    store = create_study(tmp_path, "none", CONFIG)
    study = fill_finished(store, count=9)
    store.set_fact("winner", {"configuration": dict(study.recipe.values), "id": study.recipe.id, "reason": "best"})
    page = page_of(store)
    store.close()
    assert "No gain: the search found nothing better than the recipe itself" in page


def test_text_from_outside_never_becomes_markup(tmp_path: Path) -> None:
    store = create_study(tmp_path, "hostile", {**CONFIG, "task": {"name": HOSTILE}})
    begin(store)
    store.set_fact("recipe", {"configuration": {HOSTILE: HOSTILE}, "id": "x", "name": HOSTILE})
    store.set_fact("winner", {"configuration": {HOSTILE: 1.0}, "id": "x", "reason": HOSTILE})
    store.set_fact("versions", {HOSTILE: HOSTILE})
    store.add_event("warning", HOSTILE)
    filler = Filler(store)
    configuration = Configuration({"learning_rate": 1e-3, HOSTILE: HOSTILE})
    stop = StopReason(StopKind.RULE, 4, HOSTILE, rule=HOSTILE)
    filler.segment(configuration, TARGET, 15, stop=stop, log_tail=HOSTILE, phase=Phase.SEARCH)
    page = page_of(store)
    whole = render(read_report_data(store))
    store.close()
    assert "<img" not in page and "alert(2)</script>" not in page and "<script>alert" not in page
    assert whole.count("<script>alert(2)") == 0
    assert "&lt;img" in page  # it is shown, as text
    for text in figures_of(page)["reward"]["data"][-1]["text"]:
        assert "<img" not in text and "&lt;img" in text


def test_a_path_that_cannot_be_written_is_named(empty: StudyStore, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ReportError, match="file/report.html"):
        write_report(empty, blocked / "report.html")


def test_a_second_report_replaces_the_first(empty: StudyStore, finished: Study, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(empty, path)
    write_report(finished.store, path)
    assert "A gain of" in path.read_text(encoding="utf-8") and len(list(tmp_path.iterdir())) == 1
