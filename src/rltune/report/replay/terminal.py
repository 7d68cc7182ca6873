"""A replay in the terminal: how good each set of rules is, and what it did to each curve."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rltune.analysis.log_replay import LogReplay
from rltune.report.replay.words import abstentions, became, footnotes, headline, measures, outcome, title
from rltune.stopping.labels import Fate

MOST_CURVES = 40
"""Of more curves only good ones that would have been lost are listed."""

_FEW = 3
"""Up to so many curves their lines say it all, and rates say nothing."""

MOST_LOST = 10
"""At most so many of them."""


def tell(replayed: LogReplay, console: Console) -> None:
    """Prints it, for people."""
    console.print(Text(headline(replayed), style="bold"), soft_wrap=True)
    if len(replayed.runs) > _FEW:
        console.print(_table(replayed))
    for line in abstentions(replayed):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    _tell_curves(replayed, console)
    for line in footnotes(replayed):
        console.print(Text(line, style="dim"))


def _table(replayed: LogReplay) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    for each in replayed.sets:
        table.add_column(Text(each.name), overflow="fold")
    for name, cells in measures(replayed):
        table.add_row(name, *(Text(cell) for cell in cells))
    return table


def _tell_curves(replayed: LogReplay, console: Console) -> None:
    shown = list(range(len(replayed.runs)))
    if len(shown) > MOST_CURVES:
        lost = [number for number in shown if _good_lost(replayed, number)]
        shown = lost[:MOST_LOST]
        how_many = f"{len(lost)}, the first {MOST_LOST} here" if len(lost) > MOST_LOST else str(len(lost))
        console.print()
        console.print(
            Text(f"good runs that a preset would have stopped: {how_many} (--json tells of every curve)"),
            soft_wrap=True,
        )
    for number in shown:
        console.print()
        _tell_curve(replayed, number, console)
    console.print()


def _tell_curve(replayed: LogReplay, number: int, console: Console) -> None:
    head = Text.assemble((title(replayed.runs[number]), "bold"), f"  {became(replayed.judged[0][number])}")
    console.print(head, soft_wrap=True)
    width = max(len(each.name) for each in replayed.sets)
    for each, judged in zip(replayed.sets, replayed.judged, strict=True):
        stopped = judged[number].replayed.stop is not None
        style = "yellow" if stopped else ""
        line = Text.assemble((f"  {each.name:<{width}}  ", "dim"), (outcome(judged[number]), style))
        console.print(line, soft_wrap=True)


def _good_lost(replayed: LogReplay, number: int) -> bool:
    return any(
        judged[number].label.fate is Fate.GOOD and judged[number].replayed.stop is not None
        for judged in replayed.judged
    )
