"""Rows of a CSV file, for the two CSV formats."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rltune.trainers.logs.source import Line, Source

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `cells` as text, on the file's line `number`; `whole`: as many cells as the header."""

    number: int
    cells: Sequence[str]
    whole: bool


def header_of(head: str) -> tuple[str, ...]:
    """The column names in a file's first line that isn't blank; empty if it is no table's."""
    line = next((line for line in head.splitlines() if line.strip()), "")
    try:
        cells = next(csv.reader([line], delimiter=_delimiter(line)), [])
    except csv.Error:
        return ()
    return tuple(cell.strip() for cell in cells)


def rows(source: Source) -> Iterator[Row]:
    """The rows below the header. One that the csv module refuses has no cells."""
    lines = _Lines(source)
    header = header_of(source.head)
    reader = csv.reader(lines, delimiter=_delimiter(source.head.lstrip().partition("\n")[0]))
    begun = False
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(lines.number, (), False)
            continue
        if not begun:
            begun = bool(cells and any(map(str.strip, cells)))
        elif cells:
            yield Row(lines.number, [cell.strip() for cell in cells], len(cells) == len(header))


class _Lines:
    """The text of a source's lines, and the number of the last one."""

    def __init__(self, source: Source) -> None:
        self._lines: Iterator[Line] = source.lines()
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        return line.text + "\n"


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
