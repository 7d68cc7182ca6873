"""All runs of a study, in memory, kept up with what is new in the store: a page that is refetched every second of a
study of ten thousand runs must not read them again each time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from rltune.store.lines import EvaluationLine, RunLine, SegmentLine, evaluation_lines, run_lines, segment_lines
from rltune.store.sql import SqlStudyStore
from rltune.types import Phase, StopKind

RUNNING, ENDED, WAITING = "running", "ended", "waiting"
_CUT_SHORT = (StopKind.INTERRUPTED.value, StopKind.LOST.value)


@dataclass(slots=True)
class Entry:
    """One run with its segments (by number) and its evaluations (step -> line)."""

    run: RunLine
    segments: list[SegmentLine] = field(default_factory=list)
    evaluations: dict[int, EvaluationLine] = field(default_factory=dict)

    @property
    def newest(self) -> SegmentLine | None:
        return self.segments[-1] if self.segments else None

    @property
    def state(self) -> str:
        """`running`; `waiting`, if its newest segment was cut short and it has no result for what it was sent to; else
        `ended`."""
        newest = self.newest
        if newest is None:
            return WAITING
        if newest.ended is None:
            return RUNNING
        return WAITING if newest.stop_kind in _CUT_SHORT and newest.to_step not in self.evaluations else ENDED

    @property
    def seconds(self) -> float:
        """Of all its ended segments."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def result(self) -> EvaluationLine | None:
        """The evaluation at the largest step that has a finite score; without one, that at the largest step."""
        scored = [e for e in self.evaluations.values() if e.score is not None and math.isfinite(e.score)]
        return max(scored or self.evaluations.values(), key=lambda e: e.step, default=None)


class Board:
    """What of a study's runs is read once. Not for several threads at a time.

    Attributes:
        entries: by the key of the run's row, in the order of their making. by_id: the same by run id.
        evaluations: all, in the order of their commit. retrained: steps that were trained twice.
    """

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.by_id: dict[str, Entry] = {}
        self._evaluations: dict[int, EvaluationLine] = {}
        self._run = self._segment = self._evaluation = 0
        self._open: set[int] = set()

    def catch_up(self, store: SqlStudyStore) -> None:
        """Reads what has come since the last time.

        Raises:
            StoreError: if the store can't be read; nothing has changed then.
        """
        runs, segments, evaluations = store.view(
            lambda connection, scope: (
                run_lines(connection, scope, self._run),
                segment_lines(connection, scope, self._segment, self._open),
                evaluation_lines(connection, scope, self._evaluation),
            )
        )
        for run in runs:
            entry = Entry(run)
            self.entries[run.key] = self.by_id[run.id] = entry
            self._run = run.key
        for segment in segments:
            self._put_segment(segment)
        for evaluation in evaluations:
            self._put_evaluation(evaluation)

    def _put_segment(self, segment: SegmentLine) -> None:
        of_run = self.entries[segment.run].segments
        if of_run and of_run[-1].key == segment.key:
            of_run[-1] = segment
        else:
            of_run.append(segment)
        self._segment = max(self._segment, segment.key)
        if segment.ended is None:
            self._open.add(segment.key)
        else:
            self._open.discard(segment.key)

    def _put_evaluation(self, line: EvaluationLine) -> None:
        of_run = self.entries[line.run].evaluations
        older = of_run.get(line.step)
        if older is not None:
            self._evaluations.pop(older.key, None)
        of_run[line.step] = line
        self._evaluations[line.key] = line
        self._evaluation = max(self._evaluation, line.key)

    @property
    def evaluations(self) -> Iterator[EvaluationLine]:
        return iter(self._evaluations.values())

    @property
    def evaluation_count(self) -> int:
        return len(self._evaluations)

    def running(self) -> list[Entry]:
        """Runs that are being trained, oldest first."""
        flying = (entry for entry in self.entries.values() if entry.segments and entry.segments[-1].ended is None)
        return sorted(flying, key=lambda entry: entry.segments[-1].started)

    def of_search(self) -> Iterator[SegmentLine]:
        """Ended segments of the search."""
        for entry in self.entries.values():
            yield from (s for s in entry.segments if s.phase == Phase.SEARCH.value and s.ended is not None)
