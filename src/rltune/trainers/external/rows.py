"""From one line that a program writes to a step and its numbers, under the program's own names."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rltune.trainers.external.patterns import patience
from rltune.trainers.logs.json_lines import numbers_of_row, step_of_row
from rltune.trainers.logs.names import STEP_NAMES
from rltune.trainers.logs.numbers import VALUE, number_of, step_of
from rltune.trainers.logs.table import header_of
from rltune.trainers.logs.verl_jsonl import parse_row


@dataclass(frozen=True, slots=True)
class Row:
    """`step` by the program's own count; `numbers` by its own names, NaN and infinity among them."""

    step: int
    numbers: Mapping[str, float]


class RowParser(Protocol):
    """Reads the lines of one file in order; may remember what came before, such as a header."""

    def parse(self, line: str) -> Iterator[Row]:
        """The rows on a line; none for whatever else is printed."""
        ...


class JsonRows:
    """JSON objects, one a line. What lies in an inner object gets its name in front, `train/reward`, but for `data`,
    where verl's logger keeps all metrics.

    Args:
        step: the name of the step number; None: any of the usual ones.
    """

    def __init__(self, step: str | None = None) -> None:
        self._step = step

    def parse(self, line: str) -> Iterator[Row]:
        row = parse_row(line)
        if row is None:
            return
        flat = _flat(row)
        step = step_of_row(flat) if self._step is None else step_of(flat.get(self._step))
        if step is not None:
            yield Row(step, {name: value for name, value in numbers_of_row(flat).items() if name != self._step})


class CsvRows:
    """A table whose first line is its header. A row with more or fewer cells is left out."""

    def __init__(self, step: str | None = None) -> None:
        self._names = (step,) if step else STEP_NAMES
        self._header: tuple[str, ...] = ()
        self._delimiter = ","

    def parse(self, line: str) -> Iterator[Row]:
        if not self._header:
            self._header = header_of(line)
            self._delimiter = max(",;\t", key=line.count)
            return
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=self._delimiter), [])]
        except csv.Error:  # a cell of more than 128 kB
            return
        if len(cells) != len(self._header) or tuple(cells) == self._header:
            return
        row = dict(zip(self._header, cells, strict=True))
        step = next((found for name in self._names if (found := step_of(row.get(name))) is not None), None)
        if step is not None:
            numbers = {name: number_of(cell) for name, cell in row.items() if name not in self._names and cell}
            yield Row(step, {name: number for name, number in numbers.items() if number is not None})


class PatternRows:
    r"""Regular expressions with named groups, on what a program prints: `Step (?P<step>\d+) reward=(?P<reward>\S+)`.

    A match of an expression without a group `step` belongs to the last step that was named. If no expression has one,
    each match of the first begins the next step.

    Args:
        first: the step that the first match stands for, where none is named.
        ends: what ends the lines of a step, as the lower border of a table: only then is it known, and all that was
            matched since the last such line belongs to it.
    """

    def __init__(
        self, patterns: Sequence[re.Pattern[str]], first: int = 1, ends: re.Pattern[str] | None = None
    ) -> None:
        self._patterns = patterns
        self._ends = ends
        self._block: dict[str, float] = {}
        self._counted = not any("step" in pattern.groupindex for pattern in patterns)
        self._step = first - 1 if self._counted else None

    def parse(self, line: str) -> Iterator[Row]:
        rows = self._matched(line)
        if self._ends is None:
            yield from rows
            return
        for row in rows:
            self._block |= row.numbers
        if self._ended(self._ends, line) and self._step is not None and self._block:
            yield Row(self._step, self._block)
            self._block = {}

    def _ended(self, ends: re.Pattern[str], line: str) -> bool:
        found = None
        with patience(ends, line):
            found = ends.search(line)
        return found is not None

    def _matched(self, line: str) -> Iterator[Row]:
        for number, pattern in enumerate(self._patterns):
            matches: list[re.Match[str]] = []
            with patience(pattern, line):
                matches = list(pattern.finditer(line))
            for match in matches:
                groups = match.groupdict()
                if self._counted and number == 0:
                    self._step = (self._step or 0) + 1
                if (named := step_of(groups.pop("step", None))) is not None:
                    self._step = named
                numbers = {name: _number(text) for name, text in groups.items() if text is not None}
                if self._step is not None or self._ends is not None:
                    yield Row(self._step or 0, {n: number for n, number in numbers.items() if number is not None})


def _number(text: str) -> float | None:
    """A group may have caught what follows the number too, as `0.25,` or `0.25}`."""
    found = VALUE.match(text.strip())
    return float(found[1]) if found else (math.nan if text.strip() == "None" else None)


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "$float" not in value:
            flat |= _flat(value, prefix if name == "data" else f"{prefix}{name}/")
        else:
            flat[prefix + name] = value
    return flat
