"""Forecasts in the terminal: each with its picture, or many in one table."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rltune.analysis.forecasts import LogForecast
from rltune.curves.forecast import Forecast
from rltune.report.forecast.picture import SHORT, legend, picture
from rltune.report.forecast.words import interval_text, seen_text, told

MOST_PICTURES = 8
"""More curves than this are told in a table."""

_LEAST_WIDTH = 24
_NAME = 20  # cells that a table leaves for the curves' names
_LABEL = 9
_HEADINGS = ("phase", "forecast", "interval", "came", "stop", "saved", "now", "step")
_SPARED = ("now", "step", "saved", "phase", "stop")  # left out in this order where there is no room
_STYLES = {"stop": "yellow", "refused": "yellow", "goes": "bold", "note": "dim", "law": "dim"}


def tell(answers: Sequence[LogForecast], console: Console) -> None:
    """Prints them, for people."""
    if len(answers) > MOST_PICTURES:
        _tell_many(answers, console)
        return
    for number, answer in enumerate(answers):
        if number:
            console.print()
        _tell_one(answer, console)


def _tell_one(answer: LogForecast, console: Console) -> None:
    ascii_only = console.options.ascii_only
    seen = seen_text(answer)
    gap = "  " if len(answer.title) + 2 + len(seen) <= console.width else "\n"
    console.print(Text.assemble((answer.title, "bold"), gap, (seen, "dim"), overflow="fold"))
    drawn = picture(answer, max(console.width, _LEAST_WIDTH), ascii_only=ascii_only)
    if drawn is not None:
        console.print(drawn, overflow="crop", no_wrap=True)
        console.print(legend(answer, ascii_only=ascii_only))
    for label, said in told(answer):
        wrapped = textwrap.wrap(said, max(console.width, _LEAST_WIDTH) - _LABEL)
        for name, line in zip_longest((label,), wrapped, fillvalue=""):
            console.print(Text.assemble((f"{name:<{_LABEL}}", "dim"), (line, _STYLES.get(label, ""))), soft_wrap=True)


def _tell_many(answers: Sequence[LogForecast], console: Console) -> None:
    single = [answer for answer in answers if answer.run is None]
    _tell_table("", [(answer, name) for answer, name in zip(single, _short_names(single), strict=True)], console)
    for source in dict.fromkeys(answer.source for answer in answers if answer.run):
        runs = [(answer, answer.run) for answer in answers if answer.source == source and answer.run]
        _tell_table(source, runs, console)
    for note, count in Counter(note for answer in answers for note in answer.notes).items():
        console.print(Text(f"note ({count} of {len(answers)}): {note}", style="dim"), soft_wrap=True)


def _tell_table(title: str, named: Sequence[tuple[LogForecast, str]], console: Console) -> None:
    """Curves with their names, one a row, and below them why some have no forecast."""
    if not named:
        return
    if title:
        console.print(Text(title, style="bold"), soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("curve", overflow="fold")
    rows = [_cells(answer) for answer, _ in named]
    shown = _headings(rows, console.width)
    for heading in shown:
        table.add_column(heading, no_wrap=True)
    for (_, name), row in zip(named, rows, strict=True):
        table.add_row(*(Text(cell) for cell in (name, *(row[heading] for heading in shown))))
    console.print(table)
    for answer, name in named:
        if not isinstance(answer.result, Forecast):
            console.print(Text(f"{name}: no forecast: {answer.result.reason}", style="yellow"), soft_wrap=True)


def _headings(rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """The columns that hold something, as many as leave room for the names."""
    widths = {heading: max(len(heading), *(len(row[heading]) for row in rows)) + 2 for heading in _HEADINGS}
    shown = [heading for heading in _HEADINGS if any(row[heading] for row in rows)]
    for spared in _SPARED:
        if sum(widths[heading] for heading in shown) + _NAME > width and spared in shown:
            shown.remove(spared)
    return shown


def _short_names(answers: Sequence[LogForecast]) -> list[str]:
    """The files' paths, below the folder that they share if they share one."""
    paths = [Path(answer.source) for answer in answers]
    if len({path.is_absolute() for path in paths}) != 1:
        return [str(path) for path in paths]
    shared = os.path.commonpath([path.parent for path in paths])
    return [str(path.relative_to(shared)) for path in paths]


def _cells(answer: LogForecast) -> Mapping[str, str]:
    """By heading; empty where there is nothing to say."""
    result = answer.result
    cells = dict.fromkeys(_HEADINGS, "")
    cells["step"] = f"{result.last_step}/{answer.horizon}"
    if result.phases:
        cells["phase"] = SHORT[result.phases[-1].name][0].removesuffix(" improvement")
    if answer.actual is not None:
        cells["came"] = f"{answer.actual:.3g}{'' if answer.inside is not False else ' (outside)'}"
    if not isinstance(result, Forecast):
        return cells | {"forecast": "none"}
    if result.advice.saved:
        cells |= {"stop": str(result.advice.step), "saved": f"{result.advice.saved:.0%}"}
    return cells | {"forecast": f"{result.final:.3g}", "interval": interval_text(result), "now": f"{result.now:.3g}"}
