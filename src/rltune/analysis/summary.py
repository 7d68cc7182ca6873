"""Where a study stands, in one value: what `rltune status` prints and the report's numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from rltune.analysis.efficiency import Efficiency, measure_efficiency
from rltune.analysis.finalists import Finalist, finalists
from rltune.analysis.gain import Gain, measure_gain, undecided
from rltune.analysis.outcomes import Failure, InFlight, Stopped, failures, in_flight, stops
from rltune.analysis.records import ReadableStore, Records, read_records
from rltune.analysis.transfer import Transfer, measure_transfer
from rltune.analysis.work import WorkCounts, count_work
from rltune.store.base import StudyState
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
class Summary:
    """Where a study stands. Seconds are wall clock; a budget that is None is no limit.

    Attributes:
        state: the store's state, or CRASHED.
        undecided: why there is no `gain` though final runs have ended; None otherwise.
    """

    name: str
    state: str
    phase: str
    seconds: float
    seconds_by_phase: Mapping[str, float]
    budget_seconds: float | None
    budget_trials: int | None
    work: WorkCounts
    stops: tuple[Stopped, ...]
    failures: tuple[Failure, ...]
    running: tuple[InFlight, ...]
    best: Best | None
    winner: Finalist | None
    recipe: Finalist | None
    gain: Gain | None
    undecided: str | None
    efficiency: Efficiency
    transfer: Transfer

    def to_json(self) -> dict[str, object]:
        """A plain JSON object; `work` and `efficiency` are spread out at its top; absent values are null."""
        plain = {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("work", "efficiency", "winner", "recipe")
        }
        work = dataclasses.asdict(self.work)
        total, by = work.pop("evaluations"), work.pop("evaluations_by")
        plain.update(work)
        plain["evaluations"] = {"total": total, "by_model_and_rung": _plain(by)}
        plain.update({k: _plain(v) for k, v in dataclasses.asdict(self.efficiency).items()})
        plain["winner"], plain["recipe"] = _finalist(self.winner), _finalist(self.recipe)
        return plain


def summarize(store: ReadableStore, alive: bool | None = None) -> Summary:
    """Reads a study's store and sums it up. `alive`: whether a controller holds the study; None if unknown.

    Raises:
        StoreError: if the store can't be read.
    """
    return summarize_records(read_records(store), alive)


def summarize_records(records: Records, alive: bool | None = None) -> Summary:
    """Sums up what was read."""
    study, (ours, theirs) = records.study, finalists(records)
    return Summary(
        name=study.name,
        state=CRASHED if study.state is StudyState.RUNNING and alive is False else study.state.value,
        phase=study.phase,
        seconds=study.seconds,
        seconds_by_phase={
            str(k): float(v) for k, v in records.fact("seconds_by_phase").items() if isinstance(v, (int, float))
        },
        budget_seconds=_budget(study.config, "time"),
        budget_trials=_whole(_budget(study.config, "trials")),
        work=count_work(records),
        stops=stops(records),
        failures=failures(records),
        running=in_flight(records),
        best=_best(records),
        winner=ours,
        recipe=theirs,
        gain=measure_gain(ours, theirs),
        undecided=undecided(ours, theirs),
        efficiency=measure_efficiency(records),
        transfer=measure_transfer(records),
    )


def _best(records: Records) -> Best | None:
    scored = [e for _, e in records.evaluations if e.score is not None and e.phase is not Phase.FINAL]
    if not scored:
        return None

    def rank(e: Evaluation) -> tuple[float, float]:
        return records.parameters(e.fidelity.model), e.score if e.score is not None else -math.inf

    e = max(scored, key=rank)
    return Best(e.configuration.id, dict(e.configuration.values), e.fidelity.model, e.fidelity.steps, e.score or 0.0)


def _budget(config: Mapping[str, object], name: str) -> float | None:
    budget = config.get("budget")
    value = budget.get(name) if isinstance(budget, Mapping) else None
    return float(value) if isinstance(value, (int, float)) else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finalist(finalist: Finalist | None) -> dict[str, object] | None:
    if finalist is None:
        return None
    return {
        "id": finalist.configuration.id,
        "configuration": dict(finalist.configuration.values),
        "label": finalist.label,
        "test_by_seed": _plain(finalist.test),
        "test_mean": finalist.mean,
        "test_sd": finalist.sd,
        "test_greedy_by_seed": _plain(finalist.greedy),
        "test_greedy_mean": finalist.greedy_mean,
        "validation_by_seed": _plain(finalist.validation),
        "test_by_group": _plain(finalist.groups),
        "other_tests": _plain(finalist.others),
        "failed_seeds": list(finalist.failed_seeds),
        "counted_seeds": list(finalist.counted or finalist.test),
        "steps": finalist.steps,
    }


def _plain(value: object) -> object:
    """JSON values only: dataclasses become objects, keys strings, NaN and infinities null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return _finite(value) if isinstance(value, float) else value
