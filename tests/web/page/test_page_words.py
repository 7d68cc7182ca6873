"""Numbers, moments and requests as the page words them: by its own modules, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rltune.errors import StudyError
from rltune.study.api import open_study
from web.page.driving import Watched

pytestmark = pytest.mark.slow


def words(page: Watched, address: str, call: str) -> Any:
    """What a call of `format.js` gives back."""
    page.open(address)
    return page.tab.evaluate(f"import('/static/format.js').then((f) => f.{call})")


@pytest.mark.parametrize(
    ("since", "text"), [(3, "now"), (47, "45 s ago"), (75, "1 min ago"), (119, "1 min ago"), (150, "2 min ago")]
)
def test_what_is_longer_ago_never_reads_as_shorter(page: Watched, real: str, since: float, text: str) -> None:
    assert words(page, real, f"passed({since})") == text


@pytest.mark.parametrize(
    ("low", "high", "text"), [(100, 130, "1 min 40 s to 2 min 10 s"), (80, 200, "80 s to 3 min"), (40, 40.2, "40 s")]
)
def test_a_range_has_two_different_ends(page: Watched, real: str, low: float, high: float, text: str) -> None:
    assert words(page, real, f"range({low}, {high})") == text


def test_a_request_is_told_without_what_was_left_open(page: Watched, real: str) -> None:
    asked = {"configuration": {"learning_rate": 1e-5, "rollouts": 4}, "model": None, "steps": 40}
    assert words(page, real, f"wish({json.dumps(asked)})") == "learning_rate = 1e-5, rollouts = 4, steps = 40"
    budget = {"time": 5400, "gpu_hours": None, "trials": None}
    assert words(page, real, f"wish({json.dumps(budget)})") == "time = 1 h 30 min"


def test_a_finished_study_has_one_verdict_and_it_is_the_tests(page: Watched, real: str) -> None:
    page.open(real)
    page.tab.wait_for_selector("section[aria-label=Result] .verdict")
    assert page.tab.locator("section[aria-label=Result] .verdict").count() == 1
    assert page.tab.locator("section[aria-label=Result] .big").count() == 0
    assert "best validation score of the study" in page.text


def test_a_refused_request_says_so_in_the_ledger(page: Watched, real: str, real_study: Path) -> None:
    with open_study(real_study) as study, pytest.raises(StudyError):
        study.pin("r0001", 9999)
    page.open(real, "ledger")
    row = page.tab.locator("tbody tr", has_text="9999").first
    row.wait_for()
    assert row.locator(".badge").all_inner_texts() == ["pin", "refused"]


def test_a_recipe_that_leads_is_not_compared_with_itself(page: Watched, real: str) -> None:
    def led(route: Any) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, "gain": None, "winner": None, "best": told["recipe_score"]})

    page.tab.route("**/api/overview", led)
    page.open(real)
    page.tab.wait_for_selector("text=by the recipe itself")
    assert "+0.0 points" not in page.text
    page.tab.unroute_all(behavior="ignoreErrors")  # the page may just be asking again
