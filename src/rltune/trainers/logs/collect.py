"""From the lines of a log, in the order they were written, to one curve.

- A step that is logged again was trained again, after a restart: the later line wins. Steps of the abandoned attempt
  that were not repeated stay, for they are all that is known of them.
- Lines of the same step that share no training metric are parts of one step (training, validation): they are merged.
- Steps come out sorted, whatever their order in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.trainers.logs.base import TRAINING, LoggedRun, is_training
from rltune.trainers.logs.source import Source
from rltune.types import StepMetrics


class Curve:
    """Collects one run's steps. `values` everywhere by canonical name; a line without any is ignored."""

    def __init__(self) -> None:
        self._steps: dict[int, dict[str, float]] = {}
        self._highest = -1
        self._repeated: list[int] = []
        self._disordered: list[int] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Takes the next line. `step` >= 0."""
        if not values:
            return
        before = self._steps.get(step)
        if before is None:
            if step < self._highest and is_training(values):
                self._disordered.append(step)
            self._steps[step] = dict(values)
        elif TRAINING.intersection(before, values):
            self._repeated.append(step)
            self._steps[step] = dict(values)
        else:
            before.update(values)
        self._highest = max(self._highest, step)

    def finish(
        self,
        source: Source,
        format: str,
        run: str | None = None,
        notes: Sequence[str] = (),
        horizon: int | None = None,
    ) -> LoggedRun:
        """The curve, with `notes` and its own. Raises ValueError if no step was added."""
        own = []
        if self._repeated:
            own.append(
                f"{_count(len(self._repeated), 'step')} logged again, the first {self._repeated[0]}: the later counts"
            )
        if self._disordered:
            own.append(f"{_count(len(self._disordered), 'step')} out of order, the first {self._disordered[0]}: sorted")
        if source.cut:
            own.append("the compressed file is cut: what was before the cut was read")
        steps = tuple(StepMetrics(step, self._steps[step]) for step in sorted(self._steps))
        return LoggedRun(source.path, run, format, steps, (*notes, *own), horizon)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' if number != 1 else ''}"


def counted(number: int, thing: str, what: str) -> tuple[str, ...]:
    """The note `3 lines skipped: why`, or none for zero."""
    return (f"{_count(number, thing)} {what}",) if number else ()
