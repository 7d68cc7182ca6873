"""Every view on finished studies, in a real browser: what it shows is what the store has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rltune.study.api import open_study
from study.toy import toy_study
from web.page.driving import PHONE, VIEWS, Watched, looked_at, served

pytestmark = pytest.mark.slow
SCORES = (
    "[...document.querySelectorAll('td[data-label=Score]')].map(c => parseFloat(c.textContent)).filter(x => !isNaN(x))"
)
"""The scores in the table, from above."""


def test_the_overview_tells_what_was_found_and_spent(page: Watched, real: str, real_study: Path) -> None:
    with open_study(real_study) as study:
        summary = study.summary()
    page.open(real)
    assert summary.gain is None or summary.gain.sentence in page.text
    assert summary.best is not None and f"{100 * summary.best.score:.1f}" in page.text
    for count, label in ((summary.work.configurations, "configurations"), (summary.work.evaluations, "evaluations")):
        assert re.search(rf"\b{count}\s+{label}", page.text)
    assert page.figures() >= 1
    assert page.tab.locator(".phases li.done").count() == 5


def test_the_table_of_runs_has_all_of_them(page: Watched, real: str, real_study: Path) -> None:
    with open_study(real_study) as study:
        runs = study.store.runs()
    page.open(real, "runs")
    rows = page.tab.locator("tbody tr")
    assert rows.count() == len(runs)
    assert page.tab.locator("thead th").all_inner_texts()[-1] == "learning_rate"
    assert rows.first.locator("td").nth(1).inner_text() == str(max(r.number for r in runs))  # the newest first


def test_runs_are_sorted_by_a_click_and_the_address_keeps_it(page: Watched, filled: str) -> None:
    page.open(filled, "runs")
    page.tab.get_by_role("button", name="Score").click()
    page.tab.wait_for_selector("th[aria-sort=descending] >> text=Score")
    page.tab.wait_for_url(re.compile("sort=score"))
    page.expect(f"{SCORES}.length > 5 && {SCORES}.every((x, i, all) => !i || all[i - 1] >= x)")
    page.tab.reload()
    page.ready()
    page.tab.wait_for_selector("th[aria-sort=descending] >> text=Score")


def test_runs_are_filtered_by_text_and_by_how_they_ended(page: Watched, filled: str) -> None:
    page.open(filled, "runs")
    everything = page.tab.locator("tbody tr").count()
    page.tab.select_option("select[aria-label=Stop]", label="kl growth")
    page.expect("document.querySelectorAll('tbody tr').length === 2")
    assert "KL grew by 31 % a step" in page.text
    page.tab.select_option("select[aria-label=Stop]", index=0)
    page.expect(f"document.querySelectorAll('tbody tr').length === {everything}")
    page.tab.fill("[data-filter]", "out of memory")
    page.expect("document.querySelectorAll('tbody tr').length === 1")
    page.tab.fill("[data-filter]", "nothing is called this")
    page.tab.wait_for_selector("text=No run matches the filter.")


def test_curves_of_selected_runs_lie_over_each_other(page: Watched, filled: str) -> None:
    page.open(filled, "runs")
    boxes = page.tab.locator("tbody input[type=checkbox]")
    boxes.nth(0).check()
    page.tab.wait_for_selector("text=Curves of 1 run")
    boxes.nth(1).check()
    page.tab.wait_for_selector("text=Curves of 2 runs")
    page.figures()
    page.expect("document.querySelectorAll('.scatterlayer .js-line').length === 2")
    page.tab.select_option("select[aria-label=Metric]", "kl")
    page.tab.wait_for_url(re.compile("metric=kl"))
    page.tab.wait_for_selector(".plot[aria-label^=kl]")
    page.tab.get_by_role("button", name="Clear").click()
    page.tab.wait_for_selector("text=Select runs to lay their curves over each other.")
    assert page.tab.locator("tbody input:checked").count() == 0


def test_a_run_has_its_curves_stops_segments_checkpoints_and_log(
    page: Watched, filled: str, filled_study: Path
) -> None:
    with looked_at(filled_study) as store:
        stopped = next(r for r in store.runs() if r.stop is not None and r.stop.rule == "kl_growth")
        failed = next(r for r in store.runs() if r.stop is not None and "out of memory" in r.stop.reason)
        grown = next(r for r in store.runs() if len(store.segments(r.id)) > 1)
    page.open(filled, f"run/{stopped.id}")
    assert page.heading == f"Run {stopped.number}" and "KL grew by 31 % a step" in page.text
    assert stopped.configuration.id in page.text
    assert page.figures(3) >= 3
    page.open(filled, f"run/{failed.id}")
    page.tab.wait_for_selector(f"text=Run {failed.number}")
    assert "RuntimeError: out of memory" in page.tab.inner_text("pre.log")
    page.open(filled, f"run/{grown.id}")
    page.tab.wait_for_selector(f"text=Run {grown.number}")
    assert page.tab.locator("section[aria-label=Segments] tbody tr").count() > 1
    assert page.tab.locator("section[aria-label=Checkpoints] tbody tr").count() > 1


def test_the_configurations_show_settings_against_scores(page: Watched, filled: str, filled_study: Path) -> None:
    with looked_at(filled_study) as store:
        configurations = {r.configuration.id for r in store.runs()}
        results = {(e.configuration.id, e.fidelity.model) for _, e in store.evaluations() if e.score is not None}
    scored = sum(model == "embedded/xs" for _, model in results)
    page.open(filled, "configurations")
    page.tab.select_option("select[aria-label=Model]", "embedded/xs")
    found = page.tab.locator("tbody tr")
    assert found.count() == len(configurations)
    page.figures()
    lines = page.tab.locator("section[aria-label='Settings against scores'] .scatterlayer .js-line").count()
    assert lines == scored
    page.tab.fill("[data-filter]", next(iter(configurations)))
    page.expect("document.querySelectorAll('tbody tr').length === 1")


def test_the_transfer_view_compares_proxy_and_target(page: Watched, filled: str) -> None:
    page.open(filled, "transfer")
    assert page.tab.locator("section[aria-label=Pairs] tbody tr").count() >= 3
    assert re.search(r"rank correlation|Spearman", page.text)
    assert page.figures() == 1


def test_the_ledger_is_filtered_and_its_values_unfold(page: Watched, real: str, real_study: Path) -> None:
    with open_study(real_study) as study:
        decisions = study.store.decisions()
    kinds = {d.kind for d in decisions}
    page.open(real, "ledger")
    assert "proposal" in kinds
    page.tab.select_option("select[aria-label=Kind]", "proposal")
    wanted = sum(d.kind == "proposal" for d in decisions)
    page.expect(f"document.querySelectorAll('tbody tr').length === {wanted}")
    page.tab.locator("summary").first.click()
    assert page.tab.locator("details[open] pre").inner_text().startswith("{")


def test_what_does_not_exist_is_said_and_leads_back(page: Watched, real: str) -> None:
    page.open(real, "run/r9999")
    assert page.heading == "Not found" and "r9999" in page.text
    page.tab.click("text=To the overview")
    page.tab.wait_for_selector("text=Best so far")
    page.errors.clear()  # the browser itself reports an answer of 404


def test_an_empty_study_says_so_in_every_view(page: Watched, tmp_path: Path) -> None:
    toy_study(tmp_path).close()
    with served(tmp_path / "toy") as address:
        for view, text in {
            "": "Nothing has been evaluated yet.",
            "runs": "No run has started yet.",
            "configurations": "No configuration has been tried yet.",
            "ledger": "Nothing was decided yet.",
        }.items():
            page.open(address, view)
            page.tab.wait_for_selector(f"text={text}")
        page.leave()


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_no_view_is_wider_than_a_phone(page: Watched, filled: str) -> None:
    for view in (*VIEWS, "run/r0002", "runs?overlay=r0001,r0002"):
        page.open(filled, view)
        page.figures(0 if view in ("ledger", "runs") else 1)
        assert page.overflow <= 0, view
        narrow = page.tab.evaluate(
            "[...document.querySelectorAll('main .card')].every(c => c.getBoundingClientRect().right <= 391)"
        )
        assert narrow, view


def test_colours_follow_the_system_until_they_are_chosen(page: Watched, filled: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    page.open(filled)
    page.figures()
    assert page.tab.evaluate(ground) == "rgb(251, 251, 253)" and page.tab.evaluate(ink) == "rgb(29, 35, 48)"
    page.tab.emulate_media(color_scheme="dark")
    page.expect(f"{ground} === 'rgb(18, 21, 27)'")
    page.expect(f"{ink} === 'rgb(230, 233, 239)'")
    page.tab.click("#theme")  # from the system's to light
    page.expect(f"{ground} === 'rgb(251, 251, 253)'")
    page.tab.reload()
    page.ready()
    assert page.tab.evaluate(ground) == "rgb(251, 251, 253)"
