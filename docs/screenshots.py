"""Pictures of a study's live page for the docs: every view at a desktop's and a phone's width.

    python docs/screenshots.py studies/demo docs/images

Serves the study's page with `rltune dashboard` for as long as it takes, and looks at it with headless Chromium through
Playwright (`pip install playwright pillow`; the browser is Debian's: apt-get install chromium).
Of a study that runs, the overview shows what is in flight.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars")
DESKTOP, PHONE = (1280, 900), (390, 844)
TALLEST = {DESKTOP: 1800, PHONE: 1500}
"""Pixels of a page that a picture shows at most."""
PATIENCE = 300_000
WALK = """async () => { for (const box of document.querySelectorAll('.plot')) {
box.scrollIntoView(); await new Promise(done => setTimeout(done, 100)); } }"""
"""Figures are drawn when they come into view."""
LEAST_WAIT = 800
"""Milliseconds, after the last figure is there: Plotly draws legends and labels a moment later."""
ENOUGH_POINTS = 3
COLORS = 160


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", help="a study's folder, or URL#NAME")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--view", action="append", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--prefix", default="dashboard", help="what the files' names begin with")
    parser.add_argument("--dark", action="store_true", help="in the dark colours")
    arguments = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print(f"no browser found; expected one of {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with served(arguments.study) as address, sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        for target in pictures(started, address, arguments):
            print(target)
        started.close()
    return 0


def pictures(browser: Any, address: str, arguments: argparse.Namespace) -> Iterator[Path]:
    """Takes the pictures; their files."""
    places = places_of(address)
    wanted = arguments.view or list(places)
    for size, ending in ((DESKTOP, ""), (PHONE, "-phone")):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if arguments.dark else "light"
        )
        tab = context.new_page()
        for view in wanted:
            target = arguments.folder / f"{arguments.prefix}-{view}{ending}.png"
            take(tab, f"{address}#/{places[view]}", target, size)
            yield target
        context.close()


def places_of(address: str) -> dict[str, str]:
    """View -> its place in the page; the runs of the study's best scores stand for others."""
    best = _rows(address, "sort=score&desc=1&limit=50")
    longest = [row["run"] for row in best if row["steps"] >= ENOUGH_POINTS] or [row["run"] for row in best]
    overlaid = [row["run"] for row in _rows(address, "sort=number&limit=6")]
    return {
        "overview": "",
        "runs": f"runs?sort=number&desc=0&overlay={','.join(overlaid)}" if overlaid else "runs",
        **({"run": f"run/{longest[0]}"} if longest else {}),
        "configurations": "configurations",
        "transfer": "transfer",
        "ledger": "ledger",
    }


def _rows(address: str, query: str) -> Sequence[dict[str, Any]]:
    with urlopen(f"{address}api/runs?{query}") as answer:
        return json.load(answer)["rows"]


def take(tab: Any, place: str, target: Path, size: tuple[int, int]) -> None:
    """One view, from its top, with its figures drawn."""
    tab.goto("about:blank")
    tab.goto(place)
    tab.wait_for_selector("main[aria-busy=false] [data-heading]", timeout=PATIENCE)
    tab.wait_for_function("() => !document.body.innerText.includes('It is being computed')", timeout=PATIENCE)
    tab.evaluate(WALK)
    tab.wait_for_function(
        "() => [...document.querySelectorAll('.plot')].every(box => box.querySelector('.main-svg'))", timeout=PATIENCE
    )
    tab.evaluate("window.scrollTo(0, 0)")
    tab.wait_for_timeout(LEAST_WAIT)
    height = min(tab.evaluate("document.documentElement.scrollHeight"), TALLEST[size])
    shot = tab.screenshot(clip={"x": 0, "y": 0, "width": size[0], "height": height}, full_page=True)
    # A page has few colours: with a palette of them a picture is a third as large.
    Image.open(BytesIO(shot)).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(target, optimize=True)


@contextmanager
def served(study: str) -> Iterator[str]:
    """The address of the study's page."""
    command = [sys.executable, "-m", "rltune", "dashboard", study, "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stdout or ())
            found = next((match[0] for line in lines if (match := re.search(r"http://\S+/", line))), None)
            if found is None:
                raise SystemExit(f"the page of {study} couldn't be served")
            yield found
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
