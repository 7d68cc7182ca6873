"""Names from outside in the page: text, whatever is in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.test_hostile import ATTACK, NAMES
from rltune.store.engine import DATABASE_FILE
from web.page.driving import DESKTOP, PHONE, VIEWS, Watched, served

pytestmark = pytest.mark.slow
LONG = "x" * 600
RIGHT_TO_LEFT = "\u05e9\u05dc\u05d5\u05dd\u202eabc"
EMOJI = "\U0001f469\u200d\U0001f680\U0001f4a5"
TAIL = f"{ATTACK} {RIGHT_TO_LEFT} {EMOJI} {LONG}"


@pytest.fixture(scope="module")
def hostile(filled_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a study in whose database many names, reasons and texts have the attack behind them."""
    folder = tmp_path_factory.mktemp("hostile") / "demo"
    folder.mkdir()
    (folder / "study.yaml").write_bytes((filled_study / "study.yaml").read_bytes())
    with sqlite3.connect(filled_study / DATABASE_FILE) as source, sqlite3.connect(folder / DATABASE_FILE) as database:
        source.backup(database)
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for _, column, *_ in database.execute(f"PRAGMA table_info({table})").fetchall():
                for word in NAMES:
                    database.execute(
                        f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE typeof({column}) = 'text'",
                        (word, word + TAIL),
                    )
    source.close()
    database.close()
    with served(folder) as address:
        yield address


@pytest.mark.parametrize("page", [DESKTOP, PHONE], indirect=True)
def test_nothing_of_a_hostile_study_comes_alive_or_breaks_the_page(page: Watched, hostile: str) -> None:
    asked: list[str] = []
    page.tab.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for view in (*VIEWS, "run/r0001", "runs?overlay=r0001,r0002,r0004"):
        page.open(hostile, view)
        page.figures(0)
        assert "666" not in page.tab.title() and not asked, view
        assert page.tab.locator("img, main script, iframe, a[href^=javascript]").count() == 0, view
        assert "\u202e" not in page.tab.inner_text("body"), view
        assert page.overflow <= 0, view
    page.open(hostile, "runs")
    assert "<img src=x onerror=document.title=666>" in page.text  # shown, as text
    assert "\\u202e" in page.text and EMOJI.split("\u200d")[0] in page.text
