"""What an analysis reads: everything that a study's store holds, read once.

The other files of this folder are pure functions of a `Records`, so that a status line and a report see the same
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rltune.store.base import (
    DecisionRecord,
    EventRecord,
    RunRecord,
    ScoreRecord,
    SegmentRecord,
    StudyRecord,
)
from rltune.types import Evaluation, StepMetrics


class ReadableStore(Protocol):
    """The reading half of `rltune.store.base.StudyStore`."""

    def study(self) -> StudyRecord: ...

    def evaluations(self) -> list[tuple[str, Evaluation]]: ...

    def runs(self) -> list[RunRecord]: ...

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]: ...

    def curve(self, run_id: str) -> list[StepMetrics]: ...

    def scores(self) -> list[ScoreRecord]: ...

    def decisions(self) -> list[DecisionRecord]: ...

    def events(self) -> list[EventRecord]: ...


@dataclass(frozen=True, slots=True)
class Records:
    """One reading of a store.

    Attributes:
        runs: by run id. segments: in the order of their start.
        evaluations: (run id, evaluation) in commit order.
        curves: the metrics of each run by run id, steps increasing.
    """

    study: StudyRecord
    runs: Mapping[str, RunRecord] = field(default_factory=dict)
    segments: tuple[SegmentRecord, ...] = ()
    evaluations: tuple[tuple[str, Evaluation], ...] = ()
    curves: Mapping[str, tuple[StepMetrics, ...]] = field(default_factory=dict)
    scores: tuple[ScoreRecord, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()

    @property
    def target(self) -> str | None:
        """The target model's name, once the loop has written it down."""
        value = self.study.facts.get("target")
        return value if isinstance(value, str) else None

    @property
    def horizon(self) -> int | None:
        """r_max in rollout steps: the last rung."""
        rungs = self.study.facts.get("rungs")
        return int(rungs[-1]) if isinstance(rungs, (list, tuple)) and rungs else None

    def fact(self, name: str) -> Mapping[str, object]:
        """A fact that is a mapping; empty if it isn't there yet."""
        value = self.study.facts.get(name)
        return value if isinstance(value, Mapping) else {}

    def number(self, name: str) -> float | None:
        """A fact that is a number; None if it isn't there yet."""
        value = self.study.facts.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def parameters(self, model: str) -> float:
        """The model's number of parameters; while unknown, infinite for the target, else 0."""
        known = self.fact("models").get(model)
        count = known.get("parameters") if isinstance(known, Mapping) else None
        if isinstance(count, (int, float)):
            return float(count)
        return float("inf") if model == self.target else 0.0

    def models(self) -> tuple[str, ...]:
        """Every model that was run or is known, smallest first, the target last."""
        names = {r.model for r in self.runs.values()} | {str(n) for n in self.fact("models")}
        return tuple(sorted(names, key=lambda n: (n == self.target, self.parameters(n), n)))


def read_records(store: ReadableStore) -> Records:
    """Reads a whole study, finished, running or broken.

    Raises:
        StoreError: if the store can't be read.
    """
    runs = {r.id: r for r in store.runs()}
    return Records(
        study=store.study(),
        runs=runs,
        segments=tuple(sorted(store.segments(), key=lambda s: s.started)),
        evaluations=tuple(store.evaluations()),
        curves={run_id: tuple(store.curve(run_id)) for run_id in runs},
        scores=tuple(store.scores()),
        decisions=tuple(store.decisions()),
        events=tuple(store.events()),
    )
