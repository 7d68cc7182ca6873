"""Where the study stands, at a glance."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rltune.analysis.finalists import Finalist, finalists
from rltune.analysis.gain import measure_gain, undecided
from rltune.analysis.records import Records
from rltune.analysis.standing import CRASHED
from rltune.analysis.utilization import CAUSES, measure_utilization
from rltune.store.lines import EvaluationLine
from rltune.store.pages import checkpoint_bytes, newest_events
from rltune.store.records import StudyRecord, StudyState
from rltune.types import BY_RULE, FAILURES, Phase, StopKind
from rltune.web.board import Entry
from rltune.web.figures.progress import progress
from rltune.web.figures.spending import live_spending
from rltune.web.figures.wire import wire_picture
from rltune.web.live import Live
from rltune.web.records import records_of
from rltune.web.views.actions import of_study
from rltune.web.views.budget import budget_of, left_of, phases_of
from rltune.web.views.flying import flying
from rltune.web.views.requests import newest_requests

MOST_EVENTS = 50
_FAILED = (*(kind.value for kind in FAILURES), StopKind.DIVERGED.value)
_STOPPED = tuple(kind.value for kind in BY_RULE)

Found = dict[str, Any]


def overview(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/overview`. While the store can't be read, the newest there was, with the `problem`."""
    if live.version.problem and live.overview:
        return {**live.overview, "problem": live.version.problem}
    live.overview = _overview(live)
    return live.overview


def _overview(live: Live) -> Found:
    study = live.study()
    records = records_of(live)
    winner, recipe = finalists(records)
    use = measure_utilization(records)
    budget = budget_of(live, use.whole.held if use else None)
    best = _best(live, records)
    return {
        "study": _study(live, study),
        "budget": budget,
        "left": left_of(live, budget, records),
        "phases": phases_of(study),
        "utilization": None
        if use is None
        else {
            "unit": use.unit,
            "hours": use.whole.hours,
            "held": use.whole.held,
            "training": use.whole.busy,
            "idle": {CAUSES[cause]: share for cause, share in use.whole.lost.items()},
        },
        "best": best,
        "recipe_score": _recipe(live, records, best),
        "gain": measure_gain(winner, recipe),
        "undecided": undecided(winner, recipe),
        "winner": _finalist(winner),
        "recipe": _finalist(recipe),
        "counts": _counts(live),
        "in_flight": flying(live),
        "events": live.reading(newest_events, MOST_EVENTS),
        "requests": newest_requests(live, 20),
        "actions": of_study(live),
        "problem": None,
        "now": time.time(),
        "figures": {
            "progress": wire_picture(progress(live)),
            "spending": wire_picture(live_spending(live, records, winner, recipe)),
        },
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
        "paused": study.paused,
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


def _best(live: Live, records: Records) -> Found | None:
    """The best score on the largest model that has one."""
    model = max(live.board.better, key=records.parameters, default=None)
    if model is None:
        return None
    line = live.board.better[model][-1]
    return _scored(live.board.entries[line.run], line)


def _recipe(live: Live, records: Records, best: Found | None) -> Found | None:
    """The recipe's score where the best one was measured; if it has none there, at its largest model and step."""
    name = records.fact("recipe").get("id")
    lines = [
        (entry, line)
        for entry in live.board.entries.values()
        if entry.run.configuration.id == name
        for line in entry.evaluations.values()
        if line.score is not None and line.phase != Phase.FINAL.value
    ]

    def rank(pair: tuple[Entry, EvaluationLine]) -> tuple[bool, float, int]:
        entry, line = pair
        beside = best is not None and (entry.run.model, line.step) == (best["model"], best["steps"])
        return beside, records.parameters(entry.run.model), line.step

    return _scored(*max(lines, key=rank)) if lines else None


def _scored(entry: Entry, line: EvaluationLine) -> Found:
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
    board = live.board
    return {
        "runs": len(board.entries),
        "evaluations": board.evaluation_count,
        "stopped": sum(board.ends[kind] for kind in _STOPPED),
        "failed": sum(board.ends[kind] for kind in _FAILED),
        "configurations": len(board.configurations),
        "in_flight": len(board.running()),
        "checkpoints_bytes": live.reading(checkpoint_bytes),
    }
