"""The report: one self-contained HTML file, readable without a server and without a network."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rltune.analysis.records import ReadableStore
from rltune.report.data import ReportData, read_report_data
from rltune.report.markup import Html, join, tag
from rltune.report.page import whole_page, write_page
from rltune.report.sections.answers import answers
from rltune.report.sections.charts import costs, curves, spending
from rltune.report.sections.earlier import earlier
from rltune.report.sections.headline import headline
from rltune.report.sections.parts import parts
from rltune.report.sections.paying import paying
from rltune.report.sections.reproduce import reproduce
from rltune.report.sections.sensitivity import sensitivity
from rltune.report.sections.settings import settings
from rltune.report.sections.tables import efficiency, failed, stopped
from rltune.report.sections.transfer import transfer

_LINKS = (
    ("settings", "Settings"),
    ("spending", "Score against cost"),
    ("curves", "Runs"),
    ("paying", "Stopping point"),
    ("costs", "Costs"),
    ("stops", "Stopped"),
    ("transfer", "Transfer"),
    ("sensitivity", "Sensitivity"),
    ("efficiency", "Efficiency"),
    ("failures", "Failures"),
    ("reproduce", "Reproduce"),
)


def write_report(store: ReadableStore, path: Path) -> Path:
    """Writes the report of a study, in whatever state it is, and returns the file's path.

    The file appears whole or not at all.

    Raises:
        ReportError: if the file can't be written. StoreError: if the store can't be read.
    """
    return write_page(render(read_report_data(store)), path)


def render(data: ReportData) -> str:
    """The whole page as text."""
    nav = tag("nav", join(tag("a", label, href=f"#{anchor}") for anchor, label in _LINKS))
    body = join(
        [
            nav,
            headline(data),
            parts(data),
            answers(data),
            settings(data),
            spending(data),
            curves(data),
            paying(data),
            costs(data),
            stopped(data),
            transfer(data),
            earlier(data),
            sensitivity(data),
            efficiency(data),
            failed(data),
            reproduce(data),
            _footer(data),
        ]
    )
    return whole_page(f"{data.summary.name}: rltune report", body)


def _footer(data: ReportData) -> Html:
    created = datetime.fromtimestamp(data.records.study.created, UTC).strftime("%Y-%m-%d %H:%M UTC")
    version = data.records.fact("versions").get("rltune", "")
    return tag("footer", f"Study created {created}. Made by rltune {version}".strip())
