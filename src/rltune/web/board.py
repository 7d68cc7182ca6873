"""All runs of a study, in memory, kept up with what is new in the store: a page that is refetched every second of a
study of ten thousand runs must not read them again each time, nor add them up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rltune.store.lines import EvaluationLine, RunLine, SegmentLine, evaluation_lines, run_lines, segment_lines
from rltune.store.sql import SqlStudyStore
from rltune.types import Configuration, Phase, StopKind

RUNNING, ENDED, WAITING = "running", "ended", "waiting"
_CUT_SHORT = (StopKind.INTERRUPTED.value, StopKind.LOST.value)


@dataclass(slots=True)
class Entry:
    """One run with its segments (by number) and its evaluations (step -> line). `text`: what a search looks in, kept
    until the run changes."""

    run: RunLine
    segments: list[SegmentLine] = field(default_factory=list)
    evaluations: dict[int, EvaluationLine] = field(default_factory=dict)
    text: str | None = None

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


@dataclass(frozen=True, slots=True)
class Spent:
    """An evaluation, and the seconds that all trials had taken by then."""

    seconds: float
    line: EvaluationLine


class Board:
    """What of a study's runs is read once. Not for several threads at a time.

    Attributes:
        entries: by the key of the run's row, in the order of their making. by_id: the same by run id.
        segments: all, by their keys. spent: every evaluation but those of final runs, in the order of their commit.
        better: of these, by model, those that were the best until then.
        ends: how many segments ended in which way, in all; search_ends: of the search.
        configurations, names: all there are, and of their hyperparameters.
    """

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.by_id: dict[str, Entry] = {}
        self.segments: dict[int, SegmentLine] = {}
        self.spent: list[Spent] = []
        self.better: dict[str, list[EvaluationLine]] = {}
        self.ends: Counter[str] = Counter()
        self.search_ends: Counter[str] = Counter()
        self.configurations: set[Configuration] = set()
        self.names: set[str] = set()
        self.evaluation_count = 0
        self._seconds: dict[int, float] = {}
        self._total = 0.0
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
            self.configurations.add(run.configuration)
            self.names.update(run.configuration.values)
            self._run = run.key
        for segment in segments:
            self._put_segment(segment)
        for evaluation in evaluations:
            self._put_evaluation(evaluation)

    def _put_segment(self, segment: SegmentLine) -> None:
        entry = self.entries[segment.run]
        if entry.segments and entry.segments[-1].key == segment.key:
            entry.segments[-1] = segment
        else:
            entry.segments.append(segment)
        entry.text = None
        self.segments[segment.key] = segment
        self._segment = max(self._segment, segment.key)
        if segment.ended is None:
            self._open.add(segment.key)
            return
        self._open.discard(segment.key)
        self.ends[segment.stop_kind or ""] += 1
        if segment.phase == Phase.SEARCH.value:
            self.search_ends[segment.stop_kind or ""] += 1

    def _put_evaluation(self, line: EvaluationLine) -> None:
        entry = self.entries[line.run]
        known = entry.evaluations.get(line.step)
        if known == line:
            return
        self.evaluation_count += known is None
        entry.evaluations[line.step] = line
        self._evaluation = max(self._evaluation, line.key)
        before = self._seconds.get(line.run, 0.0)
        if line.seconds > before:
            self._total += line.seconds - before
            self._seconds[line.run] = line.seconds
        if line.phase == Phase.FINAL.value:
            return
        self.spent.append(Spent(self._total, line))
        if line.score is not None and math.isfinite(line.score):
            best = self.better.setdefault(entry.run.model, [])
            if not best or line.score > (best[-1].score or 0.0):
                best.append(line)

    def is_current(self, line: EvaluationLine) -> bool:
        """Whether an evaluation wasn't replaced since: one without a score gives way to the next at its step."""
        return self.entries[line.run].evaluations.get(line.step) is line

    def running(self) -> list[Entry]:
        """Runs that are being trained, oldest first."""
        flying = (self.entries[self.segments[key].run] for key in self._open)
        return sorted(flying, key=lambda entry: entry.segments[-1].started)

    def newest_segments(self, most: int) -> Iterator[tuple[RunLine, SegmentLine]]:
        """The newest segments of the search, at most so many, and all others, with their runs, oldest first."""
        long_ago = len(self.segments) - most
        for place, segment in enumerate(self.segments.values()):
            if place >= long_ago or segment.phase != Phase.SEARCH.value:
                yield self.entries[segment.run].run, segment
