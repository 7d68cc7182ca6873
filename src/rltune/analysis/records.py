"""What an analysis reads: everything that a study's store holds, read once.

The other files of this folder are pure functions of a `Records`, so that a status line and a report see the same
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rltune.store.base import (
    DecisionRecord,
    EventRecord,
    Outline,
    Paired,
    RunRecord,
    ScoreRecord,
    SegmentRecord,
    StudyRecord,
)
from rltune.types import Configuration, Evaluation, StepMetrics


class ReadableStore(Protocol):
    """The reading half of `rltune.store.base.StudyStore`."""

    def study(self) -> StudyRecord: ...

    def evaluations(self, model: str | None = None) -> list[tuple[str, Evaluation]]: ...

    def paired(self, target: str, horizon: int) -> Paired: ...

    def runs(self) -> list[RunRecord]: ...

    def segments(self, run_id: str | None = None) -> list[SegmentRecord]: ...

    def outline(
        self, target: str | None, horizon: int | None, configurations: Sequence[Configuration] = ()
    ) -> Outline: ...

    def curve(self, run_id: str) -> list[StepMetrics]: ...

    def curves(self) -> dict[str, list[StepMetrics]]: ...

    def metric_total(self, name: str) -> float | None: ...

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
        tokens: prompts and completions of all recorded steps; None if no run counts them.
    """

    study: StudyRecord
    runs: Mapping[str, RunRecord] = field(default_factory=dict)
    segments: tuple[SegmentRecord, ...] = ()
    evaluations: tuple[tuple[str, Evaluation], ...] = ()
    curves: Mapping[str, tuple[StepMetrics, ...]] = field(default_factory=dict)
    tokens: float | None = None
    scores: tuple[ScoreRecord, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()

    @property
    def target(self) -> str | None:
        return self.study.target

    @property
    def horizon(self) -> int | None:
        return self.study.horizon

    def fact(self, name: str) -> Mapping[str, object]:
        return self.study.fact(name)

    def number(self, name: str) -> float | None:
        return self.study.number(name)

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
    segments = tuple(sorted(store.segments(), key=lambda s: s.started))
    found = store.curves()
    return Records(
        study=store.study(),
        runs=runs,
        segments=segments,
        evaluations=tuple(store.evaluations()),
        curves={run_id: tuple(found.get(run_id, ())) for run_id in runs},
        tokens=store.metric_total("tokens"),
        scores=tuple(store.scores()),
        decisions=tuple(store.decisions()),
        events=tuple(store.events()),
    )
