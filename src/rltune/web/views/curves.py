"""One metric of several runs, over each other."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.store.metrics import metric_names, series
from rltune.web.figures.curves import Mark, overlay
from rltune.web.live import Live
from rltune.web.parameters import NotFound, RequestError, text_of
from rltune.web.views.runs import stop_name

MOST_RUNS = 20


def curves(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/curves`."""
    wanted = list(dict.fromkeys(filter(None, text_of(query, "runs").split(","))))
    if not wanted:
        raise RequestError("no run is named", where="runs", hint="runs=r0001,r0002")
    if len(wanted) > MOST_RUNS:
        raise RequestError(f"{len(wanted)} runs are named; at most {MOST_RUNS} are drawn", where="runs")
    unknown = [run for run in wanted if run not in live.board.by_id]
    if unknown:
        raise NotFound(f"the study has no run {unknown[0][:40]!r}", where="runs")
    entries = {run: live.board.by_id[run] for run in wanted}
    keys = [entry.run.key for entry in entries.values()]
    names = live.reading(metric_names, keys)
    metric = text_of(query, "metric") or ("reward" if "reward" in names or not names else names[0])
    found = live.reading(series, keys, [metric])
    labels = {run: f"{e.run.number}: {e.run.model}, {e.run.configuration.id}" for run, e in entries.items()}
    marks = {
        run: Mark(newest.stop_step or 0, f"run {e.run.number}, {name} at step {newest.stop_step}: {newest.stop_reason}")
        for run, e in entries.items()
        if (newest := e.newest) is not None and (name := stop_name(e)) is not None
    }
    drawn = {run: found.get((e.run.key, metric), []) for run, e in entries.items()}
    return {"metric": metric, "metrics": names, "figure": overlay(metric, drawn, labels, marks)}
