"""A study whose every name is hostile, in a real browser: nothing of it comes alive; and escaping, for any text."""

from __future__ import annotations

import sqlite3
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from report.factory import CONFIG, fill_finished
from report.test_browser import CHROMIUM, load
from rltune.report.export.build import export
from rltune.report.html import write_report
from rltune.report.markup import safe, table, tag
from rltune.report.page import whole_page
from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study, open_study
from rltune.visible import visible

ATTACK = (
    "</script></style></title><script>document.title=666</script><img src=x onerror=document.title=666>"
    "<a href=javascript:document.title=666>x</a>&lt;b&gt;%{x}${x}\u202e"
)
NAMES = ("embedded/xs", "embedded/m", "grad_clip", "cosine", "kl_growth", "largest gain", "out of memory", "arithmetic")
browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study's folder, in whose database each of the names has the attack behind it."""
    folder = tmp_path_factory.mktemp("hostile")
    store = create_study(folder, "demo", CONFIG)
    fill_finished(store)
    store.add_event("warning", ATTACK)
    store.set_fact("answers", {f"//example.org/{ATTACK}": ["r0001", "test"]})
    store.close()
    with sqlite3.connect(folder / DATABASE_FILE) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            for column in columns:
                for word in NAMES:
                    database.execute(
                        f"UPDATE {name} SET {column} = replace({column}, ?, ?) WHERE typeof({column}) = 'text'",
                        (word, word + ATTACK),
                    )
    database.close()
    return folder


@browser
@pytest.mark.slow
def test_nothing_of_a_hostile_study_comes_alive(hostile: Path, tmp_path: Path) -> None:
    store = open_study(hostile, "demo", read_only=True)
    path = write_report(store, tmp_path / "report.html")
    store.close()
    dom, console = load(path, tmp_path, "--dump-dom", "--window-size=1200,900")
    assert "Refused" not in console and "Content Security Policy" not in console and "Uncaught" not in console
    assert "<title>demo: rltune report</title>" in dom  # no script has changed it
    page = Parsed(dom)
    assert not {"img", "iframe", "object", "b\u202e"} & {name for name, _ in page.tags}
    attributes = [(name, value or "") for _, found in page.tags for name, value in found.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    assert not [
        value for name, value in attributes if name in ("href", "src") and value.startswith(("javascript", "//"))
    ]
    assert "\u202e" not in dom and dom.count("&lt;img src=x onerror") > 20  # shown, as text
    assert dom.count('class="cartesianlayer"') >= 6
    assert 'href="./' in dom


@browser
@pytest.mark.slow
def test_a_script_that_got_in_would_not_run(tmp_path: Path) -> None:
    page = whole_page("quiet", tag("p", "text"))
    planted = "<script>document.title='loud'</script><img src=x onerror=\"document.title='loud'\">"
    path = tmp_path / "page.html"
    path.write_text(page.replace("<p>text</p>", planted), encoding="utf-8")
    dom, console = load(path, tmp_path, "--dump-dom")
    assert "<title>quiet</title>" in dom and "Content Security Policy" in console


class Parsed(HTMLParser):
    """Elements and text of a piece of HTML, as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=80) | st.just(ATTACK))
def test_any_text_stays_text(text: str) -> None:
    parsed = Parsed(tag("p", text, title=text, class_="c"))
    assert parsed.tags == [("p", {"title": visible(text), "class": "c"})] and parsed.text == visible(text)
    cells = Parsed(table([text], [[text]]))
    assert [name for name, _ in cells.tags] == ["div", "table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert cells.text == 2 * visible(text)
    assert safe(text).encode("utf-8") is not None  # no lone surrogate is left


NASTY = (
    "$(touch owned)",
    "`touch owned`",
    "; touch owned",
    "'; touch owned; '",
    "a\nb",
    "--x=$HOME",
    "*",
    "~",
    "\\",
    "",
)


@pytest.mark.parametrize("first", ["./A=b", "./a b", "./$(touch owned)"])
def test_the_exported_command_starts_exactly_this(tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the program, of that very name, tells which arguments and which variable the shell gave it."""
    monkeypatch.chdir(tmp_path)  # the script makes its output folder where it was exported
    stand_in = tmp_path / first
    stand_in.write_text('#!/bin/sh\nprintf \'%s\\0\' "$NOTE" "$@"\n')
    stand_in.chmod(0o755)
    settings = {
        "command": [first, *NASTY, "--lr", "{learning_rate}"],
        "env": {"NOTE": NASTY[3], "HF_TOKEN": "0123456"},
        "folder": str(tmp_path),
        "checkpoint": "{output}/{step}",
        "score": "transformers",
    }
    trainer = {"name": "command", "settings": settings}
    store = create_study(tmp_path, "hostile", {**CONFIG, "trainer": trainer})
    study = fill_finished(store, count=9)
    store.set_fact("target", "org/thing-7B")
    store.set_fact("versions", {"rltune": "1\ntouch owned"})
    script = export(store)
    store.close()
    assert "0123456" not in script
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert checked.returncode == 0 and not checked.stderr
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HF_TOKEN": "x"},
    )
    rate = repr(study.winner.values["learning_rate"])
    assert done.stdout.split("\0")[:-1] == [NASTY[3], *NASTY, "--lr", rate], done.stderr
    assert not list(tmp_path.rglob("owned"))
