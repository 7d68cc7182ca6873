"""The metrics of a program that is training, under canonical names, as they come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rltune.errors import LogError
from rltune.trainers.external.rows import RowParser
from rltune.trainers.external.tail import Tail
from rltune.trainers.logs.base import Reader
from rltune.trainers.logs.names import canonical
from rltune.trainers.logs.source import Source
from rltune.types import StepMetrics

_SHARE = 0.05
"""Of the time, that is spent on reading a whole file again and again."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What a program calls the metrics.

    Attributes:
        names: canonical name -> the program's own, on top of the names of known trainers (docs/metrics.md).
        first_step: the number that the program gives to the first step.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    first_step: int = 1

    def metrics(self, step: int, numbers: Mapping[str, float]) -> StepMetrics | None:
        """A step by the program's count and names, as rltune counts and names; None if nothing of it is known."""
        own = {name: numbers[theirs] for name, theirs in self.names.items() if theirs in numbers}
        taken = set(self.names.values())
        values = {**canonical({name: value for name, value in numbers.items() if name not in taken}), **own}
        number = step - self.first_step + 1
        return StepMetrics(number, values) if values and number >= 0 else None


class MetricStream(Protocol):
    """What one launch of a program reports."""

    @property
    def repeats_history(self) -> bool:
        """Whether a resumed program writes the steps before its start again, as part of its log."""
        ...

    def read(self, *, ended: bool = False) -> list[StepMetrics]:
        """What is new since the last call, in the order in which it was written. A step may come in several parts.

        Args:
            ended: the program has ended; what it wrote last is complete.
        """
        ...


class LineStream:
    """Metrics line by line, from a file of its own or from what the program prints."""

    repeats_history = False

    def __init__(self, path: Path, parser: RowParser, naming: Naming) -> None:
        self._tail = Tail(path)
        self._parser = parser
        self._naming = naming

    def read(self, *, ended: bool = False) -> list[StepMetrics]:
        rows = [row for line in self._tail.read(ended=ended) for row in self._parser.parse(line)]
        found = [self._naming.metrics(row.step, row.numbers) for row in rows]
        return [metrics for metrics in found if metrics is not None]


class ReaderStream:
    """Metrics through one of the log readers (`rltune.trainers.logs`), which reads the whole file each time.

    Names are those that the reader knows. A file that takes long to read is read less often.
    """

    repeats_history = True

    def __init__(self, path: Path, reader: Reader, first_step: int = 1) -> None:
        self._path = path
        self._reader = reader
        self._shift = 1 - first_step
        self._seen: dict[int, Mapping[str, float]] = {}
        self._size = -1
        self._next = 0.0

    def read(self, *, ended: bool = False) -> list[StepMetrics]:
        began = time.monotonic()
        size = self._path.stat().st_size if self._path.is_file() else 0
        if size == self._size or not size or (began < self._next and not ended):
            return []
        try:
            runs = self._reader.read(Source(self._path)).runs
        except LogError:
            return []  # nothing in it yet
        self._size = size
        self._next = time.monotonic() + (time.monotonic() - began) / _SHARE
        steps = [m for run in runs for m in run.steps if self._seen.get(m.step) != m.values]
        self._seen |= {m.step: m.values for m in steps}
        return [StepMetrics(m.step + self._shift, m.values) for m in steps if m.step + self._shift >= 0]
