"""Where a study stands, in one value: what `rltune status` prints. It imports neither NumPy nor SciPy by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.analysis.finalists import Finalist, finalist_configurations, finalists
from rltune.analysis.gain import Gain, measure_gain, undecided
from rltune.analysis.outcomes import Failure, InFlight, Stopped, failures, in_flight, stops
from rltune.analysis.records import ReadableStore, Records
from rltune.analysis.utilization import Utilization, measure_utilization
from rltune.analysis.work import WorkCounts, count_work
from rltune.store.base import Outline, StudyState, Totals, TrialRecord
from rltune.types import Evaluation, Phase

CRASHED = "crashed"
"""State of a study whose records say running, while no process runs it."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best score so far on the largest model that was evaluated: scores of two models don't compare."""

    configuration: str
    values: Mapping[str, object]
    model: str
    step: int
    score: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a study stands. Seconds are wall clock; a budget that is None is no limit.

    Attributes:
        state: the store's state, or CRASHED. failed_because: the reason, of a study that has failed.
        paused: whoever runs it was told to wait (`rltune pause`).
        undecided: why there is no `gain` though final runs have ended; None otherwise.
        utilization: of GPUs or places; `utilization.whole.held` is what `budget_gpu_hours` limits.
        check: what the check of the proxies during the search has written down, empty if there was none.
    """

    name: str
    state: str
    failed_because: str | None
    paused: bool
    phase: str
    seconds: float
    seconds_by_phase: Mapping[str, float]
    budget_seconds: float | None
    budget_trials: int | None
    budget_gpu_hours: float | None
    work: WorkCounts
    stops: tuple[Stopped, ...]
    failures: tuple[Failure, ...]
    running: tuple[InFlight, ...]
    best: Best | None
    winner: Finalist | None
    recipe: Finalist | None
    gain: Gain | None
    undecided: str | None
    utilization: Utilization | None
    check: Mapping[str, object]


def read_outline(store: ReadableStore) -> tuple[Records, Outline]:
    """The few records that a standing names, and the sums of all.

    Raises:
        StoreError: if the store can't be read.
    """
    study = store.study()
    outline = store.outline(study.target, study.horizon, finalist_configurations(study))
    records = Records(
        study=study,
        runs={run.id: run for run in outline.runs},
        evaluations=outline.evaluations,
        curves=outline.curves,
        scores=outline.scores,
    )
    return records, outline


def stand(store: ReadableStore, alive: bool | None = None) -> Standing:
    """Reads where a study stands. `alive`: whether a controller holds the study; None if unknown.

    Raises:
        StoreError: if the store can't be read.
    """
    records, outline = read_outline(store)
    return standing(records, outline.trials, outline.totals, alive)


def standing(records: Records, trials: Sequence[TrialRecord], totals: Totals, alive: bool | None = None) -> Standing:
    """Where a study stands, by its records: all, or those of an outline."""
    study, (ours, theirs) = records.study, finalists(records)
    return Standing(
        name=study.name,
        state=CRASHED if study.state is StudyState.RUNNING and alive is False else study.state.value,
        failed_because=study.failure,
        paused=study.paused and study.state is StudyState.RUNNING and alive is not False,
        phase=study.phase,
        seconds=study.seconds,
        seconds_by_phase={
            str(k): float(v) for k, v in records.fact("seconds_by_phase").items() if isinstance(v, (int, float))
        },
        budget_seconds=study.limit("time"),
        budget_trials=_whole(study.limit("trials")),
        budget_gpu_hours=study.limit("gpu_hours"),
        work=count_work(totals, trials, records.curves),
        stops=stops(trials),
        failures=failures(trials),
        running=in_flight(trials, records.curves, records.horizon),
        best=_best(records),
        winner=ours,
        recipe=theirs,
        gain=measure_gain(ours, theirs),
        undecided=undecided(ours, theirs),
        utilization=measure_utilization(records),
        check=records.fact("transfer_verdict") or records.fact("transfer_pairing"),
    )


def _best(records: Records) -> Best | None:
    scored = [(e, e.score) for _, e in records.evaluations if e.score is not None and e.phase is not Phase.FINAL]
    finite = [(e, score) for e, score in scored if math.isfinite(score)]
    if not finite:
        return None

    def rank(scored: tuple[Evaluation, float]) -> tuple[float, float]:
        return records.parameters(scored[0].fidelity.model), scored[1]

    e, score = max(finite, key=rank)
    return Best(e.configuration.id, dict(e.configuration.values), e.fidelity.model, e.fidelity.steps, score)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
