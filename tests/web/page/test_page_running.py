"""The page of a study that runs: it follows by itself, and what is clicked in it reaches the study."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rltune.errors import RltuneError
from rltune.study.api import open_study
from study.toy import study_source
from web.page.driving import Watched, controller, served, until

pytestmark = pytest.mark.slow
STEP_SECONDS = 1.0
"""Slow enough that a trial can be caught in flight on a busy machine."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a study whose controller runs in a process of its own for as long as the tests need."""
    folder = tmp_path_factory.mktemp("running")
    budget = {"time": 7200, "search": 0.9, "trials": 5000}
    source = study_source(folder, budget=budget, fixed={"step_time": STEP_SECONDS}, steps=16, rungs=[4, 8, 16])
    file = folder / "study.yaml"
    file.write_text(json.dumps(source), encoding="utf-8")
    with controller(file) as process:
        until(lambda: evaluated(folder / "toy") or process.poll() is not None, "a first evaluation")
        assert process.poll() is None, file.with_suffix(".log").read_text(encoding="utf-8")
        yield folder / "toy"


@pytest.fixture(scope="module")
def address(running: Path) -> Iterator[str]:
    with served(running) as found:
        yield found


def evaluated(folder: Path) -> int:
    """How many evaluations the study has by now."""
    try:
        with open_study(folder) as study:
            return len(study.store.evaluations())
    except RltuneError:  # it is just being made
        return 0


def decided(folder: Path, kind: str) -> list[Any]:
    with open_study(folder) as study:
        return [d for d in study.store.decisions() if d.kind == kind]


def confirm(page: Watched, button: str) -> None:
    """Agrees in the dialog, and waits until it is closed."""
    page.tab.click(f"dialog button:text-is('{button}')")
    page.tab.wait_for_selector("dialog", state="detached")


def test_the_overview_follows_without_being_reloaded(page: Watched, address: str) -> None:
    page.open(address)
    page.tab.wait_for_selector("#live[data-live=live]")
    page.tab.evaluate("window.kept = true")
    page.tab.wait_for_selector(".flights li progress")
    page.tab.wait_for_selector(".cards div:nth-child(2):has-text('evaluations')")
    evaluations = "parseInt(document.querySelectorAll('.cards div')[1].textContent)"
    before = page.tab.evaluate(evaluations)
    page.expect(f"{evaluations} > {before}")
    assert page.tab.evaluate("window.kept") and page.figures() >= 1
    assert page.tab.locator(".phases li.now").inner_text().startswith("search")


@pytest.mark.parametrize("page", [(1280, 500)], indirect=True)
def test_a_table_that_grows_keeps_focus_scroll_and_selection(page: Watched, address: str) -> None:
    page.open(address, "runs")
    page.tab.locator("tbody input[type=checkbox]").first.check()
    page.tab.wait_for_selector("text=Curves of 1 run")
    picked = page.tab.url
    page.tab.focus("[data-filter]")
    page.tab.evaluate("window.scrollTo(0, 120)")
    page.expect("window.scrollY === 120")
    newest = "parseInt(document.querySelector('tbody td[data-label=Run]').textContent)"
    before = page.tab.evaluate(newest)
    page.expect(f"{newest} > {before}")
    assert page.tab.evaluate("document.activeElement.matches('[data-filter]') && window.scrollY") == 120
    assert page.tab.url == picked and page.tab.locator("tbody input:checked").count() == 1


def test_a_run_is_watched_while_it_trains(page: Watched, address: str) -> None:
    page.open(address)
    page.tab.locator(".flights li a").first.click()
    page.tab.wait_for_selector("text=The run")
    page.figures()
    steps = "Math.max(...document.querySelector('.plot').data[0].x)"
    before = page.tab.evaluate(steps)
    page.expect(f"{steps} > {before} || document.querySelector('.heading .badge').textContent === 'ended'")


def test_the_page_says_when_its_server_is_gone_and_goes_on_after(page: Watched, running: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with served(running, port=port) as address:
        page.open(address, "runs")
        page.tab.wait_for_selector("#live[data-live=live]")
        rows = page.tab.locator("tbody tr").count()
    page.tab.wait_for_selector("#live[data-live=reconnecting]")
    assert page.tab.locator("tbody tr").count() >= rows  # what was known stays
    with served(running, port=port):
        page.tab.wait_for_selector("#live[data-live=live]")
        before = evaluated(running)
        until(lambda: evaluated(running) > before, "another evaluation")
        page.tab.wait_for_selector("#banner", state="hidden")
        page.leave()
    page.errors.clear()  # the browser reports each connection that was refused


def test_a_stop_that_is_clicked_reaches_the_study(page: Watched, address: str, running: Path) -> None:
    for _ in range(10):  # a run may end before anybody has looked at the request
        page.open(address)
        row = page.tab.locator(".flights li").last
        number = int(row.locator("a").inner_text().removeprefix("run "))
        row.locator("button").click()
        assert f"Stop run {number}?" in page.tab.inner_text("dialog")
        confirm(page, "Stop the run")
        answer = page.tab.wait_for_selector(
            f".notice:is([data-kind=done], [data-kind=refused]):has-text('run {number}')"
        )
        if answer.get_attribute("data-kind") == "done":
            break
    run = f"r{number:04d}"
    decision = next(d for d in decided(running, "stop_run") if d.subject == run)
    assert "page" in f"{decision.reason} {decision.values}"
    with open_study(running) as study:
        stop = next(r for r in study.store.runs() if r.id == run).stop
    assert stop is not None and stop.kind.value == "stopped"
    page.open(address, "ledger?kind=stop_run")
    page.tab.wait_for_selector(f"tbody tr:has-text('{run}')")


def test_a_configuration_that_is_entered_is_tried(page: Watched, address: str, running: Path) -> None:
    page.open(address)
    page.tab.click("text=Try a configuration…")
    rate = page.tab.get_by_label("learning_rate")
    assert float(rate.input_value()) > 0  # filled in with the best so far
    rate.fill("5")
    page.tab.click("dialog button:text-is('Try it')")
    page.tab.wait_for_selector("dialog .problem:not([hidden])")
    assert "learning_rate" in page.tab.inner_text("dialog .problem")
    rate.fill("0.000123")
    page.tab.select_option("dialog select >> nth=-1", "4")
    confirm(page, "Try it")
    page.tab.wait_for_selector(".notice[data-kind=done]:has-text('Configuration')")

    def tried() -> list[Any]:
        with open_study(running) as study:
            return [r for r in study.store.runs() if r.configuration.values["learning_rate"] == 0.000123]

    assert until(tried, "its run")
    assert decided(running, "enqueue")
    page.open(address, "runs?q=0.000123")
    page.tab.wait_for_selector("tbody tr")
    page.errors[:] = [e for e in page.errors if "400" not in e]  # the browser reports the refusal, too


def test_a_pause_holds_everything_until_it_goes_on(page: Watched, address: str, running: Path) -> None:
    page.open(address)
    page.tab.click("button:text-is('Pause')")
    confirm(page, "Pause")
    page.tab.wait_for_selector("#state:text-is('paused')")
    page.tab.wait_for_selector("text=Nothing is in flight")
    before = evaluated(running)
    page.tab.click("button:text-is('Go on')")
    confirm(page, "Go on")
    page.tab.wait_for_selector("#state:text-is('running')")
    until(lambda: evaluated(running) > before, "another evaluation")
    assert decided(running, "pause") and decided(running, "resume")


def test_budget_and_pin_are_asked_for_in_the_page(page: Watched, address: str, running: Path) -> None:
    page.open(address)
    page.tab.click("text=Budget…")
    page.tab.get_by_role("spinbutton", name=re.compile("^Hours")).fill("3")
    confirm(page, "Change")
    page.tab.wait_for_selector("section[aria-label=Budget] >> text=of 3 h")
    with open_study(running) as study:
        run = next(r.id for r in study.store.runs() if study.store.checkpoints(r.id))
    page.open(address, f"run/{run}")
    page.tab.locator("button:text-is('Pin')").last.click()
    confirm(page, "Pin")
    page.tab.wait_for_selector("button:text-is('Unpin')")
    with open_study(running) as study:
        assert any(c.pinned for c in study.store.checkpoints(run))


def test_what_is_not_possible_is_greyed_and_says_why(page: Watched, real: str) -> None:
    page.open(real, "run/r0001")
    stop = page.tab.locator("button:text-is('Stop…')")
    assert stop.get_attribute("aria-disabled") == "true"
    stop.click(force=True)
    assert re.search("Not possible now: .{5,}", page.tab.inner_text("dialog"))
    page.tab.keyboard.press("Escape")
    page.tab.wait_for_selector("dialog", state="detached")
