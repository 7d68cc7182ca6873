"""What the study may spend, has spent, and how long it will still take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rltune.analysis.records import Records
from rltune.analysis.time_left import NEWEST, Budget, TimeLeft, time_left
from rltune.store.records import StudyRecord, StudyState
from rltune.types import SAYS_NOTHING
from rltune.web.live import Live

PHASES = ("prepare", "search", "confirm", "final", "test")
_NOTHING = {kind.value for kind in SAYS_NOTHING}
_HALF = 0.5

Found = dict[str, Any]


def budget_of(live: Live, held_hours: float | None) -> Found:
    """The budget and what is gone of it. `held_hours`: of GPUs (or places), held by trials."""
    study = live.study()
    time_limit, hours_limit, trials = (study.limit(name) for name in ("time", "gpu_hours", "trials"))
    shares = [study.seconds / time_limit] if time_limit else []
    if hours_limit and held_hours is not None:
        shares.append(held_hours / hours_limit)
    return {
        "seconds": study.seconds,
        "limit_seconds": time_limit,
        "gpu_hours": held_hours,
        "limit_gpu_hours": hours_limit,
        "gone": min(1.0, max(shares, default=0.0)),
        "trials": sum(n for kind, n in live.board.search_ends.items() if kind not in _NOTHING),
        "limit_trials": None if trials is None else int(trials),
    }


def left_of(live: Live, budget: Mapping[str, Any], records: Records) -> TimeLeft | None:
    """How long the study will still take; None if that can't be told, or it has ended."""
    study = live.study()
    if study.state is StudyState.FINISHED:
        return None
    config = study.config.get("budget")
    share = config.get("search") if isinstance(config, Mapping) else None
    asked = study.fact("plan").get("asked_runs")
    limits = [x for x in (budget["limit_trials"], asked) if isinstance(x, (int, float))]
    return time_left(
        study,
        Budget(
            seconds=budget["seconds"],
            limit_seconds=budget["limit_seconds"],
            gpu_hours=budget["gpu_hours"] or 0.0,
            limit_gpu_hours=budget["limit_gpu_hours"],
            trials=budget["trials"],
            limit_trials=min(limits, default=None),
            search_share=float(share) if isinstance(share, (int, float)) else _HALF,
        ),
        list(live.board.newest_segments(NEWEST)),
        live.flying(),
        tested=sum(s.run_id is not None and s.split.startswith("test") for s in records.scores),
    )


def phases_of(study: StudyRecord) -> list[Found]:
    """The phases in their order, with the seconds that each has taken."""
    begun = study.facts.get("begun")
    known = set(begun) if isinstance(begun, list) else set()
    seconds = study.fact("seconds_by_phase")
    finished = study.state is StudyState.FINISHED
    found = []
    for name in PHASES:
        state = "done" if name in known else "ahead"
        if name == study.phase:
            state = "done" if finished else "now"
        elif finished and name not in known:
            state = "skipped"
        value = seconds.get(name)
        found.append({"name": name, "state": state, "seconds": value if isinstance(value, (int, float)) else None})
    return found
