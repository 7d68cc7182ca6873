"""Names and reasons from outside are text in a terminal: no style, no link, no escape sequence comes of them."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from rltune.cli.console import TextConsole
from rltune.cli.live import LiveView
from rltune.store.base import RunRecord
from rltune.types import Configuration, Fidelity, Phase, Proposal, StepMetrics

HOSTILE = "[bold red]x[/] [link=file:///etc/passwd]y[/link] :bomb: \x1b]0;title\x07\x1b[2J\x9b1A\rgone \u202egnp \ud800"
SHOWN = (
    r"[bold red]x[/] [link=file:///etc/passwd]y[/link] :bomb: \x1b]0;title\x1b[2J\x9b1A"  # rich drops \a and \r itself
)


def printed(*what: object, width: int = 400) -> str:
    console = TextConsole(width=width)
    console.file = io.StringIO()
    for each in what:
        console.print(each)
    return console.file.getvalue()


@pytest.mark.parametrize("what", [HOSTILE, Text(HOSTILE)], ids=["str", "Text"])
def test_a_hostile_line_is_shown_as_it_is(what: object) -> None:
    out = printed(what)
    assert SHOWN in out and not {"\x1b", "\x9b", "\x07", "\r", "\u202e", "\ud800"} & set(out)


def test_a_hostile_cell_and_title_are_shown_as_they_are() -> None:
    table = Table("run", title=HOSTILE)
    table.add_row(HOSTILE)
    out = printed(table)
    assert out.count("[bold red]x[/] [link=file:///etc/passwd]y[/link] :bomb: \\x1b]0;") == 2 and "\x1b" not in out


def test_the_live_view_shows_hostile_names(monkeypatch: pytest.MonkeyPatch) -> None:
    console = TextConsole(width=1000)
    console.file = io.StringIO()
    view = LiveView(console, HOSTILE)
    configuration = Configuration({HOSTILE: HOSTILE})
    run = RunRecord("r0001", 1, configuration, HOSTILE, 0, 0, None)
    proposal = Proposal(configuration, Fidelity(HOSTILE, 10), 0, Phase.SEARCH, HOSTILE)
    view.trial_started(run, proposal, 0)
    view.stepped(run, StepMetrics(1, {"reward": 0.5}))
    view.message("warning", HOSTILE)
    console.print(view)
    out = console.file.getvalue()
    assert out.count("[bold red]x[/]") >= 4 and "\x1b" not in out


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=60))
def test_nothing_that_is_printed_acts_on_the_terminal(text: str) -> None:
    table = Table(text or "x", title=text)
    table.add_row(text)
    out = printed(text, Text(text), table)
    assert out.encode() and not any((c < " " and c != "\n") or "\x7f" <= c <= "\x9f" for c in out.expandtabs())
