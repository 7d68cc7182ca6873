"""Pictures of a report for the docs: screenshots of its sections, made with headless Chromium.

    python docs/picture.py studies/demo/report.html docs/images

Needs `chromium` (Debian: apt-get install chromium) or `google-chrome`; no network.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTH = 1400
SECTIONS = {"headline": 660, "spending": 560, "curves": 1040, "costs": 640}
"""Anchor of a section in the report -> height of its picture in pixels."""

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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="a report that rltune has written")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--section", action="append", metavar="ANCHOR:HEIGHT", help="only these (default: a report's)")
    parser.add_argument("--dark", action="store_true", help="in the dark colours")
    arguments = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print(f"no browser found; expected one of {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    arguments.folder.mkdir(parents=True, exist_ok=True)
    page = arguments.report.read_text(encoding="utf-8")
    named = dict(text.split(":") for text in arguments.section or ())
    for anchor, height in {anchor: int(height) for anchor, height in named.items()}.items() or SECTIONS.items():
        suffix = "-dark" if arguments.dark else ""
        target = arguments.folder / f"{anchor}{suffix}.png"
        take(browser, page, anchor, height, target, dark=arguments.dark)
        print(target)
    return 0


def take(browser: str, page: str, anchor: str, height: int, target: Path, *, dark: bool) -> None:
    """One section, alone on the page, as a PNG."""
    alone = f"<style>nav, footer, section:not(#{anchor}) {{ display: none; }} main {{ max-width: none; }}</style>"
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "report.html"
        copy.write_text(page.replace("</head>", f"{alone}</head>", 1), encoding="utf-8")
        command = [
            browser,
            *QUIET,
            *(["--blink-settings=preferredColorScheme=0"] if dark else []),
            f"--user-data-dir={scratch}/profile",
            f"--window-size={WIDTH},{height}",
            f"--screenshot={target.absolute()}",
            copy.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    sys.exit(main())
