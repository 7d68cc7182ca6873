"""Pictures of a report for the docs: screenshots of its sections, each whole, made with headless Chromium.

    python docs/picture.py studies/demo/report.html docs/images

Needs `chromium` (Debian: apt-get install chromium) or `google-chrome`; no network.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path

WIDTH = 1400
SPACE = 24
"""Above and below a section, in pixels."""
SECTIONS = ("headline", "spending", "curves", "costs")
"""Anchors of the sections in a report."""

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=8000",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
"""What a report allows itself to run; the pictures add a script of their own."""
WIDE = "<style>nav, footer {display: none} main {max-width: none}</style>"
MEASURE = """<script>document.documentElement.dataset.heights = JSON.stringify(Object.fromEntries(
[...document.querySelectorAll("section[id]")].map(s => [s.id, Math.ceil(s.getBoundingClientRect().height)])
))</script>"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="a report that rltune has written")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--section", action="append", metavar="ANCHOR", help="only these (default: a report's)")
    parser.add_argument("--dark", action="store_true", help="in the dark colours")
    arguments = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print(f"no browser found; expected one of {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    page = POLICY.sub("", arguments.report.read_text(encoding="utf-8"))
    heights = measure(browser, page)
    wanted = arguments.section or SECTIONS
    if unknown := [anchor for anchor in wanted if anchor not in heights]:
        print(f"no section {', '.join(unknown)} in {arguments.report}; it has {', '.join(heights)}", file=sys.stderr)
        return 2
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for anchor in wanted:
        target = arguments.folder / f"{anchor}{'-dark' if arguments.dark else ''}.png"
        take(browser, page, anchor, heights[anchor], target, dark=arguments.dark)
        print(target)
    return 0


def measure(browser: str, page: str) -> Mapping[str, int]:
    """Heights of the page's sections in pixels, by anchor, at the pictures' width."""
    head, body, end = page.replace("</head>", f"{WIDE}</head>", 1).rpartition("</body>")
    dom = _browse(browser, f"{head}{MEASURE}{body}{end}")
    found = re.search(r'data-heights="([^"]*)"', dom)
    return json.loads(unescape(found[1])) if found else {}


def take(browser: str, page: str, anchor: str, height: int, target: Path, *, dark: bool) -> None:
    """One section, alone on the page and whole, as a PNG."""
    alone = f"{WIDE}<style>section:not(#{anchor}) {{display: none}} main {{padding-block: {SPACE}px}}</style>"
    colors = ["--blink-settings=preferredColorScheme=0"] if dark else []
    shot = [f"--window-size={WIDTH},{height + 2 * SPACE}", f"--screenshot={target.absolute()}", *colors]
    _browse(browser, page.replace("</head>", f"{alone}</head>", 1), shot)


def _browse(browser: str, page: str, extra: Sequence[str] = ("--dump-dom", f"--window-size={WIDTH},1000")) -> str:
    """What the browser writes of a page after its scripts have run."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "report.html"
        copy.write_text(page, encoding="utf-8")
        command = [browser, *QUIET, f"--user-data-dir={scratch}/profile", *extra, copy.as_uri()]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


if __name__ == "__main__":
    sys.exit(main())
