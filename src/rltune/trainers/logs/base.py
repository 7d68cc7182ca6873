"""The contract of log readers, and what they give.

A log is read as it is: values keep the precision at which it was written, NaN and infinity stay, and a metric that a
line doesn't have is left out. What had to be repaired or dropped is said in the curve's notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rltune.trainers.logs.source import Source
from rltune.types import METRIC_NAMES, StepMetrics

TRAINING = frozenset(METRIC_NAMES)
"""Canonical names of training metrics: not `score/...`, not `validate_seconds`."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One curve of a log.

    Attributes:
        source: the file, as it was given.
        run: the run's name where the file names its runs, else None.
        format: the reader's name.
        steps: step numbers as the log has them (some trainers begin at 0), strictly increasing, never empty; canonical
            names. A step that was only validated, such as verl's step 0 before training, has `score/...` and no
            training metric: `training` leaves it out.
        notes: one sentence for each thing that was repaired or dropped: repeated steps, a cut last line, ...
        horizon: the number of steps that the run was planned for, where the log says so (>= 1), else None.

    Raises:
        ValueError: if there is no step, the steps don't increase, or the horizon is < 1.
    """

    source: str
    run: str | None
    format: str
    steps: tuple[StepMetrics, ...]
    notes: tuple[str, ...] = ()
    horizon: int | None = None

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a logged run needs at least one step")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if after.step <= before.step:
                raise ValueError(f"steps must increase: got step {after.step} after step {before.step}")
        if self.horizon is not None and self.horizon < 1:
            raise ValueError(f"a horizon is at least 1 step, not {self.horizon}")

    @property
    def training(self) -> tuple[StepMetrics, ...]:
        """The steps that were trained: those with at least one training metric. What rules and laws are shown."""
        return tuple(metrics for metrics in self.steps if is_training(metrics.values))


def is_training(names: Iterable[str]) -> bool:
    """Whether one of the canonical names is in `TRAINING`."""
    return not TRAINING.isdisjoint(names)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in a file.

    Attributes:
        runs: in the order of their first line; empty if there is no step with a known metric.
        names: metric names that it saw and doesn't know (the first few), for the hint of an error.
        problem: what is wrong with the file as one of this format, or None. line: where, from 1.
    """

    runs: tuple[LoggedRun, ...]
    names: tuple[str, ...] = ()
    problem: str | None = None
    line: int | None = None


class Reader(Protocol):
    """One format. Holds nothing between files; reads the source from its start, line by line."""

    @property
    def name(self) -> str:
        """The format's name, as `read_log` takes it."""
        ...

    def claims(self, head: str) -> bool:
        """Whether a file that begins with `head` (some 64 kB) may be of this format. Cheap; may be wrong."""
        ...

    def read(self, source: Source) -> Reading:
        """All curves of the file. Raises LogError only for what `Source.lines` raises it for."""
        ...
