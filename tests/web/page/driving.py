"""A live page in a real browser: the server as a process of its own, and what the browser complained of."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltune.store.base import StudyStore
from rltune.store.open import open_study as open_store

PATIENCE = 60_000
"""Milliseconds that a busy machine may take for anything."""
DESKTOP, PHONE = (1280, 900), (390, 844)
VIEWS = ("", "runs", "configurations", "transfer", "ledger")


@contextmanager
def served(place: str | Path, *options: str, port: int = 0) -> Iterator[str]:
    """`rltune dashboard` on a study; the page's address."""
    command = [sys.executable, "-m", "rltune", "dashboard", str(place), "--port", str(port), "--no-open", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise AssertionError(f"the page wasn't served: {said}")


@contextmanager
def controller(study_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`rltune run` on a study file, ended with the test."""
    command = [sys.executable, "-m", "rltune", "run", str(study_file)]
    log = study_file.with_suffix(".log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def looked_at(folder: Path) -> Iterator[StudyStore]:
    """The store of a study that was filled, not run."""
    store = open_store(folder, "demo", read_only=True)
    yield store
    store.close()


def until(true: Callable[[], object], what: str, seconds: float = PATIENCE / 1000) -> Any:
    """Waits for a condition; what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


@dataclass
class Watched:
    """A tab, and what went wrong in it."""

    tab: Any  # playwright.sync_api.Page; typed loosely, since playwright may be missing
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tab.set_default_timeout(PATIENCE)
        self.tab.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, address: str, view: str = "") -> None:
        """Goes to a view and waits until it stands there."""
        self.tab.goto(f"{address}#/{view}")
        name, _, of = view.partition("?")[0].partition("/")
        self.tab.wait_for_selector(f"main[data-place='{name or 'overview'}/{of}']")
        self.ready()

    def leave(self) -> None:
        """Closes the view, before its server ends."""
        self.tab.goto("about:blank")

    def ready(self) -> None:
        self.tab.wait_for_selector("main[aria-busy=false] [data-heading]")

    @property
    def heading(self) -> str:
        return self.tab.inner_text("[data-heading]")

    @property
    def text(self) -> str:
        return self.tab.inner_text("main")

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return self.tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def figures(self, least: int = 1) -> int:
        """Scrolls through the page and waits until `least` figures are drawn; how many there are."""
        self.tab.evaluate(
            "async () => { for (const box of document.querySelectorAll('.plot')) "
            "{ box.scrollIntoView(); await new Promise(done => setTimeout(done, 60)) } }"
        )
        drawn = "document.querySelectorAll('.plot .main-svg').length && " + (
            "[...document.querySelectorAll('.plot')].filter(box => box.querySelector('.main-svg')).length"
        )
        self.tab.wait_for_function(f"() => ({drawn}) >= {least}")
        return self.tab.evaluate(drawn)

    def expect(self, expression: str) -> None:
        """Waits until a JavaScript expression is true."""
        self.tab.wait_for_function(f"() => {expression}")
