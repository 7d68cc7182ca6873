"""The browser of the tests: where it is, and how it is started so that it asks nobody on the network for anything."""

from __future__ import annotations

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
