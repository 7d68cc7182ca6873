"""Where the study stands, at a glance."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from rltune.analysis.finalists import Finalist, finalists
from rltune.analysis.gain import measure_gain, undecided
from rltune.analysis.outcomes import FORECASTS, in_flight
from rltune.analysis.records import Records
from rltune.analysis.standing import CRASHED
from rltune.analysis.utilization import measure_utilization
from rltune.store.metrics import newest_steps, series
from rltune.store.pages import checkpoint_bytes, newest_events
from rltune.store.records import StudyRecord, StudyState, TrialRecord
from rltune.types import BY_RULE, FAILURES, Phase, StepMetrics, StopKind
from rltune.web.board import Entry
from rltune.web.figures.progress import progress
from rltune.web.figures.wire import wire_picture
from rltune.web.live import Live
from rltune.web.records import records_of
from rltune.web.views.requests import newest_requests

MOST_EVENTS = 50
MOST_IN_FLIGHT = 200
_FAILED = (*(kind.value for kind in FAILURES), StopKind.DIVERGED.value)
_STOPPED = tuple(kind.value for kind in BY_RULE)

Found = dict[str, Any]


def overview(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/overview`."""
    study = live.study()
    records = records_of(live)
    winner, recipe = finalists(records)
    use = measure_utilization(records)
    budget = _budget(study, use.whole.held if use else None, live)
    picture = progress(live)
    return {
        "study": _study(live, study),
        "budget": budget,
        "left": None,
        "utilization": None
        if use is None
        else {"unit": use.unit, "held": use.whole.held, "training": use.whole.busy, "idle": use.whole.lost},
        "best": _best(live, records),
        "recipe_score": _recipe(live, records),
        "gain": measure_gain(winner, recipe),
        "undecided": undecided(winner, recipe),
        "winner": _finalist(winner),
        "recipe": _finalist(recipe),
        "counts": _counts(live),
        "in_flight": flying(live),
        "events": live.reading(newest_events, MOST_EVENTS),
        "requests": newest_requests(live, 20),
        "problem": live.version.problem or None,
        "now": time.time(),
        "figures": {"progress": wire_picture(picture)},
    }


def _study(live: Live, study: StudyRecord) -> Found:
    alive = live.version.alive
    config = study.config
    state = CRASHED if study.state is StudyState.RUNNING and not alive else study.state.value
    models = live.models()
    return {
        "name": study.name,
        "state": state,
        "phase": study.phase,
        "alive": alive,
        "paused": study.facts.get("paused") is True,
        "created": study.created,
        "failure": study.failure,
        "target": study.target or _named(config.get("models"), "target"),
        "proxies": [name for name in models if name != study.target],
        "task": _named(config.get("task"), "name"),
        "trainer": _named(config.get("trainer"), "name"),
        "optimizer": _named(config.get("optimizer"), "name"),
        "recipe": study.fact("recipe").get("name") or config.get("recipe"),
        "horizon": study.horizon,
        "rungs": study.facts.get("rungs") or [],
    }


def _named(section: object, key: str) -> object:
    return section.get(key) if isinstance(section, Mapping) else section


def _budget(study: StudyRecord, held_hours: float | None, live: Live) -> Found:
    budget = study.config.get("budget")
    limits = {k: v for k, v in budget.items() if isinstance(v, (int, float))} if isinstance(budget, Mapping) else {}
    shares = [study.seconds / limits["time"]] if limits.get("time") else []
    if limits.get("gpu_hours") and held_hours is not None:
        shares.append(held_hours / limits["gpu_hours"])
    return {
        "seconds": study.seconds,
        "limit_seconds": limits.get("time"),
        "gpu_hours": held_hours,
        "limit_gpu_hours": limits.get("gpu_hours"),
        "gone": min(1.0, max(shares, default=0.0)),
        "trials": sum(1 for _ in live.board.of_search()),
        "limit_trials": limits.get("trials"),
    }


def _best(live: Live, records: Records) -> Found | None:
    """The best score on the largest model that has one."""
    found: tuple[float, float] | None = None
    best: tuple[Entry, Any] | None = None
    for line in live.board.evaluations:
        if line.score is None or not math.isfinite(line.score) or line.phase == Phase.FINAL.value:
            continue
        entry = live.board.entries[line.run]
        rank = records.parameters(entry.run.model), line.score
        if found is None or rank > found:
            found, best = rank, (entry, line)
    return None if best is None else _scored(*best)


def _recipe(live: Live, records: Records) -> Found | None:
    """The recipe's score at its largest model and step, to stand beside the best."""
    name = records.fact("recipe").get("id")
    lines = [
        (entry, line)
        for entry in live.board.entries.values()
        if entry.run.configuration.id == name
        for line in entry.evaluations.values()
        if line.score is not None and line.phase != Phase.FINAL.value
    ]
    rank = lambda pair: (records.parameters(pair[0].run.model), pair[1].step)  # noqa: E731
    return _scored(*max(lines, key=rank)) if lines else None


def _scored(entry: Entry, line: Any) -> Found:
    return {
        "configuration": entry.run.configuration.id,
        "values": dict(entry.run.configuration.values),
        "score": line.score,
        "model": entry.run.model,
        "steps": line.step,
        "run": entry.run.id,
    }


def _finalist(finalist: Finalist | None) -> Found | None:
    if finalist is None:
        return None
    return {
        "configuration": finalist.configuration.id,
        "values": dict(finalist.configuration.values),
        "label": finalist.label,
        "test_mean": finalist.mean,
        "test_sd": finalist.sd,
        "test_by_seed": dict(finalist.test),
        "greedy_mean": finalist.greedy_mean,
        "validation_mean": finalist.validation_mean,
    }


def _counts(live: Live) -> Found:
    entries = live.board.entries.values()
    kinds = [s.stop_kind for e in entries for s in e.segments if s.stop_kind is not None]
    return {
        "runs": len(entries),
        "evaluations": live.board.evaluation_count,
        "stopped": sum(kind in _STOPPED for kind in kinds),
        "failed": sum(kind in _FAILED for kind in kinds),
        "configurations": len({e.run.configuration for e in entries}),
        "in_flight": len(live.board.running()),
        "checkpoints_bytes": live.reading(checkpoint_bytes),
    }


def flying(live: Live) -> list[Found]:
    """Runs that are being trained, those that have come furthest first."""
    entries = live.board.running()
    newest = live.reading(newest_steps, [e.run.key for e in entries])
    ahead = _forecasts(live, entries)
    rows = [_flying(e, newest.get(e.run.key), ahead.get(e.run.number)) for e in entries]
    return sorted(rows, key=lambda row: -row["step"] / row["to_step"])[:MOST_IN_FLIGHT]


def _flying(entry: Entry, newest: StepMetrics | None, forecast: object) -> Found:
    run, segment = entry.run, entry.segments[-1]
    values = newest.values if newest is not None else {}
    return {
        "run": run.id,
        "number": run.number,
        "configuration": run.configuration.id,
        "values": dict(run.configuration.values),
        "model": run.model,
        "phase": segment.phase,
        "step": min(max(newest.step if newest else 0, segment.from_step), segment.to_step),
        "from_step": segment.from_step,
        "to_step": segment.to_step,
        "reward": values.get("reward"),
        "loss": values.get("loss"),
        "forecast": forecast,
        "started": segment.started,
        "worker": segment.worker,
        "device": None,
    }


def _forecasts(live: Live, entries: list[Entry]) -> dict[int, object]:
    """(expected, low, high) of the mean reward at r_max by run number; none with many in flight."""
    if not entries or len(entries) > FORECASTS:
        return {}
    found = live.reading(series, [e.run.key for e in entries], ["reward"])
    curves = {
        e.run.id: [StepMetrics(step, {"reward": value}) for step, value in found.get((e.run.key, "reward"), [])]
        for e in entries
    }
    trials = [_trial(entry) for entry in entries]
    return {
        each.run: {"expected": each.forecast[0], "low": each.forecast[1], "high": each.forecast[2]}
        for each in in_flight(trials, curves, live.study().horizon)
        if each.forecast is not None
    }


def _trial(entry: Entry) -> TrialRecord:
    run, s = entry.run, entry.segments[-1]
    return TrialRecord(
        run.id, run.number, run.configuration.id, run.model, Phase(s.phase), s.from_step, s.to_step, None, ""
    )
