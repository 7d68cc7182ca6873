"""The contract of a reader: from a tool's own records to results under the tool's own names.

What the names mean, which of them are hyperparameters and which results count is decided elsewhere (`convert`), the
same way for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rltune.types import Scalar


class End(StrEnum):
    """How a run ended, as its tool has it."""

    FINISHED = "finished"
    STOPPED = "stopped for the worse"  # pruned
    FAILED = "failed"  # an error, a crash: of the configuration or of the machine, nobody knows
    OPEN = "not finished"  # running, waiting, killed


@dataclass(frozen=True, slots=True)
class Result:
    """One run of the tool.

    Attributes:
        where: what people call it: `trial 3`, `run wise-sun-7`.
        values: everything that was set or noted, by the tool's names; nested ones with dots. Metrics may be among them.
        numbers: metric -> its value at the end, NaN and infinities included.
        points: metric -> (step, value) pairs as they were reported, by step.
    """

    where: str
    end: End
    values: Mapping[str, Scalar]
    numbers: Mapping[str, float]
    points: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """All results of a source.

    Attributes:
        source: where they come from, for people.
        metric: the one that was optimized, if the tool knows. minimized: metrics of which less is better.
        searched: names of values that are hyperparameters for certain; None: the tool doesn't tell them from others.
    """

    source: str
    results: tuple[Result, ...]
    metric: str | None = None
    minimized: frozenset[str] = frozenset()
    searched: frozenset[str] | None = None


class Reader(Protocol):
    """Reads one format."""

    name: str

    def claims(self, source: str, head: bytes) -> bool:
        """Whether it looks like this format; `head`: the beginning of a file, empty for a URL."""
        ...

    def read(self, source: str, study: str | None) -> Table:
        """All of it; `study`: which one, where a source holds several.

        Raises:
            PriorError: if it can't be read.
        """
        ...
