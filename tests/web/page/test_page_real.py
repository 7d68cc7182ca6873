"""Every view of a study with real GRPO, while it trains and when it has ended; what is clicked reaches it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.errors import RltuneError
from rltune.store.base import StudyState
from rltune.study.api import open_study
from web.page.driving import VIEWS, Watched, controller, served, until

pytestmark = pytest.mark.slow

STUDY = """
name: real
models: {target: embedded/s, proxies: [embedded/xs]}
task: arithmetic/easy
budget: {time: 30m, search: 0.9, trials: 3}
steps: 30
rungs: [4, 30]
optimizer: random
validation: {prompts: 16, samples: 1}
test: {prompts: 16, samples: 1}
fixed: {prompts_per_step: 8, updates_per_step: 2}
executor: {slots: 1}
confirm: {top: 1}
final: {seeds: 1}
"""
MINUTES = 5


def state_of(folder: Path) -> tuple[StudyState, int, list[str]]:
    """Its state, how many evaluations it has, and the kinds of its ledger's lines."""
    try:
        with open_study(folder, read_only=True) as study:
            kinds = [d.kind for d in study.store.decisions()]
            return study.store.study().state, len(study.store.evaluations()), kinds
    except RltuneError:  # it is just being made
        return StudyState.CREATED, 0, []


def look_through(page: Watched, address: str) -> None:
    """Every view, with what each must have of a study that has been evaluated."""
    for view in VIEWS:
        page.open(address, view)
        assert page.tab.locator("main .failed, main .problem:visible").count() == 0, page.text
        assert len(page.text) > 100
    page.open(address, "run/r0001")
    assert "Run 1" in page.heading
    assert page.figures(3) >= 3  # reward, KL, learning rate, ...
    page.open(address, "runs")
    assert page.tab.locator("tbody tr").count() >= 1


def test_every_view_of_a_study_that_really_trains(page: Watched, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY + f"output: {tmp_path}\n", encoding="utf-8")
    folder = tmp_path / "real"
    with controller(file) as process:
        until(lambda: state_of(folder)[1] >= 1 or process.poll() is not None, "an evaluation", 60 * MINUTES)
        assert process.poll() is None, file.with_suffix(".log").read_text(encoding="utf-8")
        with served(folder) as address:
            page.open(address)
            page.tab.click("text=Try a configuration…")
            page.tab.get_by_label("learning_rate").fill("0.000123")
            page.tab.click("dialog button:text-is('Try it')")
            page.tab.wait_for_selector("dialog", state="detached")
            until(lambda: "enqueue" in state_of(folder)[2], "the request in the ledger")
            look_through(page, address)
            assert until(lambda: process.poll() is not None, "the study's end", 60 * MINUTES)
            assert state_of(folder)[0] is StudyState.FINISHED, file.with_suffix(".log").read_text(encoding="utf-8")
            look_through(page, address)
            page.open(address)
            page.tab.wait_for_selector("#state:text-is('finished')")
            assert "recipe" in page.text
            page.open(address, "runs?q=0.000123")
            page.tab.wait_for_selector("tbody tr")
    with open_study(folder, read_only=True) as study:
        tried = [r for r in study.store.runs() if r.configuration.values["learning_rate"] == 0.000123]
        assert [r for r in tried if any(run_id == r.id for run_id, _ in study.store.evaluations())]
