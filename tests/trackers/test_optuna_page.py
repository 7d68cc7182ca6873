"""`rltune optuna`: optuna-dashboard shows the study, in a real browser, and only this machine's own pages drive it."""

from __future__ import annotations

import importlib.util
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from chromium import CHROMIUM, FLAGS
from report.factory import CONFIG, RUNGS, Filler, fill_half, propose
from rltune.clock import SystemClock
from rltune.errors import TrackerError
from rltune.store.open import create_study, open_study
from rltune.study.in_optuna import check_dashboard
from rltune.trackers.lock import MirrorLock
from study.toy import study_source
from trackers.optuna_reader import check

needs_dashboard = pytest.mark.skipif(
    importlib.util.find_spec("optuna_dashboard") is None, reason="optuna-dashboard isn't installed"
)
MINUTES = 120_000.0
"""Milliseconds that a browser on a busy machine is given."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study that nobody runs, with the file that its folder keeps."""
    folder = tmp_path / "demo"
    with closing(create_study(folder, "demo", CONFIG)) as store:
        fill_half(store)
    (folder / "study.yaml").write_text(yaml.safe_dump(study_source(tmp_path, "demo")))
    return folder


@contextmanager
def page(folder: Path, *arguments: str) -> Iterator[str]:
    """The command, at a free port; ends by Ctrl-C, with status 0."""
    command = [sys.executable, "-m", "rltune", "optuna", str(folder), "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("optuna-dashboard: "):
                yield line.split()[-1]
                break
        else:
            raise AssertionError(f"no page was served: {said}")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(address)
    request = urllib.request.Request(f"http://{parts.netloc}{path}", method=method)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    if method == "POST":
        request.data = b"{}"
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@needs_dashboard
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)")
def test_the_dashboard_shows_the_study_and_follows_it(folder: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with page(folder) as address, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        tab = browser.new_page(viewport={"width": 1300, "height": 1000})
        tab.set_default_timeout(MINUTES)
        complaints: list[str] = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        outside: list[str] = []
        host = urlsplit(address).netloc
        tab.on("request", lambda r: outside.append(r.url) if urlsplit(r.url).netloc not in (host, "") else None)
        tab.goto(address.rsplit("/studies", 1)[0])
        tab.get_by_text("demo: embedded/xs at step 15").wait_for()
        tab.goto(address)
        tab.get_by_text("demo (id=").first.wait_for()
        tab.locator(".js-plotly-plot").first.wait_for()
        tab.goto(f"{address}/trials")
        tab.get_by_text("5 Trials").wait_for()
        # An evaluation that is committed now appears without a word to the command.
        with closing(open_study(folder, "demo")) as store:
            Filler(store).segment(propose(9)[7], "embedded/xs", RUNGS[0])
            until_there(address, 6)
            tab.reload()
            tab.get_by_text("6 Trials").wait_for()
            assert complaints == [] and outside == []
            browser.close()
            check(store, str(folder / "optuna.journal"))


def until_there(address: str, count: int) -> None:
    number = address.rsplit("/", 1)[1]
    deadline = time.monotonic() + 120
    while len(json.loads(ask(address, f"/api/studies/{number}")[1])["trials"]) != count:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@needs_dashboard
@pytest.mark.slow
def test_another_site_can_not_drive_it(folder: Path) -> None:
    with page(folder, "--storage", f"sqlite:///{folder}/o.db") as address:
        host = urlsplit(address).netloc
        assert ask(address, "/api/studies")[0] == 200
        assert ask(address, "/api/studies", Host="evil.example")[0] == 403  # a name that was bound to this address
        number = address.rsplit("/", 1)[1]
        path = f"/api/studies/{number}"
        assert ask(address, path, "DELETE", Origin="http://evil.example")[0] == 403
        assert ask(address, f"{path}/rename", "POST", Origin="null", Content_Type="text/plain")[0] == 403
        assert ask(address, path)[0] == 200
        assert ask(address, path, "DELETE", Origin=f"http://{host}")[0] == 204  # its own page may


@needs_dashboard
@pytest.mark.slow
def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "rltune", "optuna", str(folder), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "nothing can be served at 127.0.0.1" in done.stderr and "--port" in done.stderr


def test_a_missing_dashboard_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TrackerError, match=r"pip install 'rltune\[optuna\]'"):
        check_dashboard()


@pytest.mark.slow
def test_a_study_that_is_mirrored_already_is_not_mirrored_elsewhere(folder: Path) -> None:
    command = [sys.executable, "-m", "rltune", "optuna", str(folder), "--export-only"]
    with MirrorLock(folder, "optuna", SystemClock(), patience=0.0):
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
        other = subprocess.run([*command, "--storage", "x.journal"], capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0 and "kept up to date by another process" in shown.stdout
    assert other.returncode == 2 and "another process mirrors the study already" in other.stderr
