"""The report in a real browser: figures are drawn, and no script fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chromium import CHROMIUM, FLAGS
from report.factory import Study
from rltune.report.html import write_report
from rltune.store.base import StudyStore

QUIET = ("--headless", *FLAGS, "--enable-logging=stderr", "--virtual-time-budget=8000")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)"),
]


def load(path: Path, scratch: Path, *arguments: str) -> tuple[str, str]:
    """(DOM after scripts have run, what the browser's console said)."""
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={scratch / 'profile'}", *arguments, path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize("width", [1200, 500])
def test_all_figures_are_drawn_without_an_error(finished: Study, tmp_path: Path, width: int) -> None:
    path = write_report(finished.store, tmp_path / "report.html")
    dom, console = load(path, tmp_path, "--dump-dom", f"--window-size={width},900")
    assert "Uncaught" not in console and "Error" not in console
    drawn = re.findall(r'<div class="plot js-plotly-plot" id="plot-(\w+)"', dom)
    assert set(drawn) == {"seeds", "spending", "reward", "kl", "costs", "transfer"}
    # each has its axes drawn, and each run of the study a line
    assert dom.count('class="cartesianlayer"') == len(drawn)
    assert dom.count("js-line") >= 2 * len(finished.store.runs())


def test_an_empty_report_loads_without_an_error(empty: StudyStore, tmp_path: Path) -> None:
    path = write_report(empty, tmp_path / "report.html")
    dom, console = load(path, tmp_path, "--dump-dom")
    assert "Uncaught" not in console and "nothing has been evaluated" in dom


def test_the_page_follows_the_dark_preference(finished: Study, tmp_path: Path) -> None:
    path = write_report(finished.store, tmp_path / "report.html")
    texts = {}
    for name, flags in {"light": (), "dark": ("--blink-settings=preferredColorScheme=0",)}.items():
        dom, _ = load(path, tmp_path, "--dump-dom", *flags)
        texts[name] = set(re.findall(r"fill: (rgb\([^)]*\))", dom))
    assert "rgb(29, 35, 48)" in texts["light"] and "rgb(230, 233, 239)" in texts["dark"]


def test_the_docs_pictures_are_made_from_a_report(finished: Study, repository: Path, tmp_path: Path) -> None:
    path = write_report(finished.store, tmp_path / "report.html")
    command = [sys.executable, str(repository / "docs" / "picture.py"), str(path), str(tmp_path / "images")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    pictures = [Path(line) for line in done.stdout.split()]
    assert {p.name for p in pictures} == {"headline.png", "spending.png", "curves.png", "costs.png"}
    assert all(p.read_bytes()[:4] == b"\x89PNG" and p.stat().st_size > 15_000 for p in pictures)
    # each is as high as its section: two figures of 420 pixels stand in one, a row a configuration in another
    heights = {p.stem: int.from_bytes(p.read_bytes()[20:24], "big") for p in pictures}
    assert heights["spending"] < 700 < 900 < heights["curves"] and heights["costs"] != heights["spending"]


def test_a_section_that_the_page_lacks_is_named(finished: Study, repository: Path, tmp_path: Path) -> None:
    path = write_report(finished.store, tmp_path / "report.html")
    command = [sys.executable, str(repository / "docs" / "picture.py"), str(path), str(tmp_path), "--section", "curve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "no section curve" in done.stderr and "curves" in done.stderr
