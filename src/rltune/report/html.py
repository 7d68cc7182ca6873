"""The report: one self-contained HTML file, readable without a server and without a network."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from rltune.analysis.records import ReadableStore
from rltune.errors import ReportError
from rltune.report.data import ReportData, read_report_data
from rltune.report.markup import Html, join, tag
from rltune.report.sections.charts import costs, curves, spending, transfer
from rltune.report.sections.headline import headline
from rltune.report.sections.reproduce import reproduce
from rltune.report.sections.settings import settings
from rltune.report.sections.tables import efficiency, failed, stopped

_LINKS = (
    ("settings", "Settings"),
    ("spending", "Score against cost"),
    ("curves", "Runs"),
    ("costs", "Costs"),
    ("stops", "Stopped"),
    ("transfer", "Transfer"),
    ("efficiency", "Efficiency"),
    ("failures", "Failures"),
    ("reproduce", "Reproduce"),
)
# What the page may do: its own styles and scripts, images that plotly.js makes itself, and no network.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def write_report(store: ReadableStore, path: Path) -> Path:
    """Writes the report of a study, in whatever state it is, and returns the file's path.

    The file appears whole or not at all.

    Raises:
        ReportError: if the file can't be written. StoreError: if the store can't be read.
    """
    page = render(read_report_data(store))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(page)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(
            f"the report can't be written: {error.strerror or error}",
            where=str(path),
            hint="name a file in a folder that you may write to",
        ) from error
    return path


def render(data: ReportData) -> str:
    """The whole page as text."""
    nav = tag("nav", join(tag("a", label, href=f"#{anchor}") for anchor, label in _LINKS))
    body = join(
        [
            nav,
            headline(data),
            settings(data),
            spending(data),
            curves(data),
            costs(data),
            stopped(data),
            transfer(data),
            efficiency(data),
            failed(data),
            reproduce(data),
            _footer(data),
        ]
    )
    here = files("rltune.report")
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{tag('title', f'{data.summary.name}: rltune report')}"
        f"<style>{here.joinpath('page.css').read_text(encoding='utf-8')}</style></head>"
        f"<body>{tag('main', body)}"
        f"<script>{get_plotlyjs()}</script>"
        f"<script>{here.joinpath('page.js').read_text(encoding='utf-8')}</script></body></html>\n"
    )


def _footer(data: ReportData) -> Html:
    created = datetime.fromtimestamp(data.records.study.created, UTC).strftime("%Y-%m-%d %H:%M UTC")
    version = data.records.fact("versions").get("rltune", "")
    return tag("footer", f"Study created {created}. Made by rltune {version}".strip())
