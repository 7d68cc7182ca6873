"""Runs that are being trained now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rltune.analysis.outcomes import FORECASTS, in_flight
from rltune.store.metrics import newest_steps, series
from rltune.store.records import TrialRecord
from rltune.types import Phase, StepMetrics
from rltune.web.board import Entry
from rltune.web.figures.curves import Curve, thinned
from rltune.web.live import Live

MOST = 200
"""Runs that are told of: those that have come furthest."""
_CURVES = 40
"""Runs of those that are told with a curve; with more in flight nobody looks at each."""
_POINTS = 80
_FORECASTS_A_RUN = 20


def flying(live: Live) -> list[dict[str, Any]]:
    """Runs that are being trained, those that have come furthest first."""
    steps = live.flying()
    entries = sorted(live.board.running(), key=lambda e: -steps.get(e.run.key, 0) / e.segments[-1].to_step)[:MOST]
    newest = live.reading(newest_steps, [e.run.key for e in entries])
    curves = live.reading(series, [e.run.key for e in entries[:_CURVES]], ["reward", "loss"])
    ahead = _forecasts(live, entries, curves)
    return [_flying(live, e, newest.get(e.run.key), ahead.get(e.run.number), curves) for e in entries]


def _flying(
    live: Live,
    entry: Entry,
    newest: StepMetrics | None,
    forecast: object,
    curves: Mapping[tuple[int, str], Curve],
) -> dict[str, Any]:
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
        "curve": thinned(curves.get((run.key, "reward")) or curves.get((run.key, "loss")) or [], most=_POINTS),
        "horizon": live.study().horizon,
        "forecast": forecast,
        "started": segment.started,
        "worker": segment.worker,
        "device": None,
    }


def _forecasts(live: Live, entries: Sequence[Entry], found: Mapping[tuple[int, str], Curve]) -> dict[int, object]:
    """The expected mean reward at r_max, with its range, by run number; none with many in flight.

    Each is made anew only every so many steps: a page that follows must not take the machine from the training.
    """
    horizon = live.study().horizon
    if horizon is None or len(entries) > FORECASTS:
        return {}
    rewards = {e.run.number: found.get((e.run.key, "reward"), []) for e in entries}
    known = {number: live.forecasts[number] for number in rewards if number in live.forecasts}
    every = max(1, horizon // _FORECASTS_A_RUN)
    for entry in entries:
        number = entry.run.number
        step = rewards[number][-1][0] if rewards[number] else 0
        if number not in known or not known[number][0] <= step < known[number][0] + every:
            known[number] = step, _forecast(entry, rewards[number], horizon)
    live.forecasts = known
    return {number: told for number, (_, told) in known.items()}


def _forecast(entry: Entry, curve: Curve, horizon: int) -> object:
    run, s = entry.run, entry.segments[-1]
    trial = TrialRecord(
        run.id, run.number, run.configuration.id, run.model, Phase(s.phase), s.from_step, s.to_step, None, ""
    )
    steps = [StepMetrics(step, {"reward": value}) for step, value in curve]
    ahead = in_flight([trial], {run.id: steps}, horizon)[0].forecast
    return None if ahead is None else {"expected": ahead[0], "low": ahead[1], "high": ahead[2]}
