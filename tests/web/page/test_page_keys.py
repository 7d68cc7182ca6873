"""The page without a mouse."""

from __future__ import annotations

import pytest

from web.page.driving import Watched

pytestmark = pytest.mark.slow
FOCUS = "document.activeElement"


def test_letters_and_numbers_lead_to_every_view(page: Watched, filled: str) -> None:
    page.open(filled)
    for keys, heading in (("gr", "Runs"), ("gc", "Configurations"), ("gt", "From proxy to target"), ("gl", "Ledger")):
        for key in keys:
            page.tab.keyboard.press(key)
        page.tab.wait_for_selector(f"[data-heading]:text-is('{heading}')")
        page.expect(f"{FOCUS}.matches('[data-heading]')")  # a screen reader goes on there
    page.tab.keyboard.press("1")
    page.tab.wait_for_selector("[data-heading]:text-is('Overview')")
    assert page.tab.locator("nav a[aria-current=page]").inner_text() == "Overview"


def test_the_table_is_walked_through_and_opened(page: Watched, filled: str) -> None:
    page.open(filled, "runs")
    page.tab.keyboard.press("/")
    page.expect(f"{FOCUS}.matches('[data-filter]')")
    page.tab.keyboard.type("g2")  # letters are text there, not ways to elsewhere
    page.tab.wait_for_selector("text=No run matches the filter.")
    page.tab.fill("[data-filter]", "")
    page.tab.wait_for_selector("tbody tr")
    page.tab.keyboard.press("Escape")
    page.tab.focus("tbody tr")
    page.tab.keyboard.press("ArrowDown")
    page.tab.keyboard.press("ArrowDown")
    page.expect(f"{FOCUS} === document.querySelectorAll('tbody tr')[2]")
    page.tab.keyboard.press("End")
    page.expect(f"{FOCUS} === [...document.querySelectorAll('tbody tr')].at(-1)")
    page.tab.keyboard.press("Home")
    page.tab.keyboard.press(" ")
    page.tab.wait_for_selector("text=Curves of 1 run")
    page.expect(f"{FOCUS} === document.querySelector('tbody tr')")
    number = page.tab.locator("tbody tr").first.locator("a").inner_text()
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector(f"[data-heading]:text-is('Run {number}')")


def test_help_opens_closes_and_gives_the_focus_back(page: Watched, filled: str) -> None:
    page.open(filled)
    page.tab.focus("#theme")
    page.tab.keyboard.press("?")
    page.tab.wait_for_selector("dialog[open] >> text=from row to row in a table")
    page.tab.keyboard.press("Escape")
    page.tab.wait_for_selector("dialog", state="detached")
    page.expect(f"{FOCUS}.id === 'theme'")


def test_single_keys_can_be_switched_off(page: Watched, filled: str) -> None:
    page.open(filled)
    page.tab.keyboard.press("?")
    page.tab.uncheck("dialog input[type=checkbox]")
    page.tab.keyboard.press("Escape")
    page.tab.wait_for_selector("dialog", state="detached")
    page.tab.keyboard.press("2")
    page.tab.keyboard.press("?")
    page.expect("document.querySelector('dialog') === null && location.hash === '#/'")
    page.tab.click("#help")  # the button still opens it
    page.tab.wait_for_selector("dialog[open]")


def test_the_first_stop_of_the_tab_key_skips_to_the_content(page: Watched, filled: str) -> None:
    page.open(filled)
    page.tab.keyboard.press("Tab")
    page.expect(f"{FOCUS}.id === 'skip' && {FOCUS}.getBoundingClientRect().top >= 0")
    page.tab.keyboard.press("Enter")
    page.expect(f"{FOCUS}.id === 'main'")
    assert page.tab.evaluate("location.hash") in ("", "#/")


def test_everything_that_can_be_pressed_has_a_name(page: Watched, filled: str) -> None:
    nameless = (
        "[...document.querySelectorAll('button, a, input, select, [role=img], progress')].filter("
        "e => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.labels?.length).map(e => e.outerHTML)"
    )
    for view in ("", "runs?overlay=r0001", "run/r0002", "configurations", "transfer", "ledger"):
        page.open(filled, view)
        assert page.tab.evaluate(nameless) == [], view
