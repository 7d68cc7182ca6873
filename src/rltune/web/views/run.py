"""One run: everything that the store knows of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from rltune.curves.forecast import Forecast, forecast
from rltune.errors import CurveError
from rltune.store.metrics import series
from rltune.store.pages import all_checkpoints, decisions_about
from rltune.store.records import CheckpointRecord, CheckpointState, SegmentRecord
from rltune.web.board import Entry
from rltune.web.figures.run import metric_figures
from rltune.web.live import Live
from rltune.web.parameters import NotFound, text_of
from rltune.web.views.actions import of_run
from rltune.web.views.runs import Row, gpu_shares, row_of

MOST_SIBLINGS = 50
LONGEST_TAIL = 20_000
_GOAL = "reward"


def run(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/run/<id>`.

    Raises:
        NotFound: if the study has no such run.
    """
    name = text_of(query, "run")
    entry = live.board.by_id.get(name)
    if entry is None:
        raise NotFound(f"the study has no run {name[:40]!r}", where="run", hint="the runs view lists them all")
    shares = gpu_shares(live)
    segments = live.store.segments(name)
    curves = {metric: curve for (_, metric), curve in live.reading(series, [entry.run.key]).items()}
    ahead = _forecast(live, entry, curves.get(_GOAL, []))
    figures = metric_figures(curves, entry, ahead, live.study().horizon, _GOAL)
    checkpoints = live.reading(all_checkpoints, entry.run.key)
    subjects = [name, entry.run.configuration.id, *(s.id for s in segments)]
    return {
        "run": row_of(entry, shares, live.flying()),
        "horizon": live.study().horizon,
        "rungs": live.study().facts.get("rungs") or [],
        "segments": [_segment(s) for s in segments],
        "checkpoints": [_checkpoint(c) for c in checkpoints],
        "decisions": live.reading(decisions_about, subjects),
        "scores": [s for s in live.store.scores() if s.run_id == name],
        "evaluations": [_evaluation(e) for e in sorted(entry.evaluations.values(), key=lambda e: e.step)],
        "log_tail": next((s.log_tail for s in reversed(segments) if s.log_tail), "")[-LONGEST_TAIL:],
        "forecast": _told(ahead),
        "metrics": list(figures),
        "figures": figures,
        "siblings": [row_of(e, shares, live.flying()) for e in _siblings(live, entry)],
        "actions": of_run(live, entry, segments, any(c.state is CheckpointState.COMPLETE for c in checkpoints)),
    }


def _segment(s: SegmentRecord) -> Row:
    return {
        "id": s.id,
        "from_step": s.from_step,
        "to_step": s.to_step,
        "phase": s.phase,
        "reason": s.reason,
        "state": s.state,
        "started": s.started,
        "ended": s.ended,
        "stop": s.stop,
        "cost": s.cost,
        "seconds": s.cost.seconds,
        "retrained": s.retrained,
        "worker": s.worker,
    }


def _checkpoint(c: CheckpointRecord) -> Row:
    # A path outside of the study's folder is the machine's own business: its last part names it well enough.
    path = PurePath(c.path)
    return {
        "step": c.step,
        "bytes": c.bytes,
        "state": c.state,
        "tier": c.tier,
        "pinned": c.pinned,
        "path": path.name if path.is_absolute() else str(path),
    }


def _evaluation(line: Any) -> Row:
    return {
        "step": line.step,
        "phase": line.phase,
        "score": line.score,
        "last_score": line.last_score,
        "seconds": line.seconds,
        "stop": line.stop_kind,
        "reason": line.stop_reason,
    }


def _siblings(live: Live, entry: Entry) -> list[Entry]:
    same = entry.run.configuration
    found = [e for e in live.board.entries.values() if e.run.configuration == same and e is not entry]
    return found[-MOST_SIBLINGS:]


def _forecast(live: Live, entry: Entry, curve: list[tuple[int, float]]) -> Forecast | None:
    """Of the reward at r_max, from what was measured so far; None if it is there, or nothing can be told."""
    horizon = live.study().horizon
    measured = [(step, value) for step, value in curve if step > 0]
    if horizon is None or not measured or measured[-1][0] >= horizon:
        return None
    try:
        found = forecast([v for _, v in measured], [s for s, _ in measured], horizon=horizon)
    except CurveError:
        return None
    return found if isinstance(found, Forecast) else None


def _told(found: Forecast | None) -> Row | None:
    if found is None or not math.isfinite(found.final):
        return None
    return {"expected": found.final, "low": found.interval[0], "high": found.interval[1], "metric": _GOAL}
