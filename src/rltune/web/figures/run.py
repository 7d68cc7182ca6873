"""Every metric of one run by step, with the borders of its segments, where it was stopped, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rltune.curves.forecast import Forecast
from rltune.report.figures.base import RECIPE, STOPPED, plain
from rltune.web.board import Entry
from rltune.web.figures.curves import LOG_AXIS, LOGARITHMIC, Curve, Figure, line, thinned
from rltune.web.figures.wire import sheet

_LINE, _BAND = "#3f8fe0", "#7c6cf0"
FIRST = ("reward", "loss", "score/mean", "kl", "policy_kl", "entropy", "clip_fraction", "grad_norm")
"""The order in which metrics are told; others follow by name."""
MOST_METRICS = 60


def metric_figures(
    curves: Mapping[str, Curve], entry: Entry, ahead: Forecast | None, horizon: int | None, goal: str
) -> dict[str, Figure]:
    """A figure for each metric that has a finite value. `ahead`: the forecast of the metric `goal`."""
    order = {name: place for place, name in enumerate(FIRST)}
    names = sorted(curves, key=lambda name: (order.get(name, len(order)), name))[:MOST_METRICS]
    found: dict[str, Figure] = {}
    for name in names:
        points = thinned(curves[name], name in LOGARITHMIC)
        if points:
            found[name] = _figure(name, points, entry, ahead if name == goal else None, horizon)
    return found


def _figure(name: str, points: Curve, entry: Entry, ahead: Forecast | None, horizon: int | None) -> Figure:
    figure = sheet("training step", plain(name))
    if ahead is not None and ahead.ahead.size > 1:
        _add_band(figure, ahead)
    figure["data"].append(line(points, plain(name), _LINE, legend=ahead is not None))
    borders = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": RECIPE, "width": 1, "dash": "dot"}}
    figure["layout"]["shapes"] = [{**borders, "x0": s.from_step, "x1": s.from_step} for s in entry.segments[1:]]
    _add_stop(figure, points, entry)
    if name in LOGARITHMIC:
        figure["layout"]["yaxis"] |= LOG_AXIS
    last = max([horizon or 0, points[-1][0]])
    figure["layout"]["xaxis"]["range"] = [0, 1.02 * last]
    return figure


def _add_band(figure: Figure, ahead: Forecast) -> None:
    steps = np.round(ahead.ahead, 2).tolist()
    edge = {"type": "scatter", "x": steps, "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    low, high, expected = (np.round(level, 6).tolist() for level in (ahead.low, ahead.high, ahead.expected))
    name = f"forecast, {ahead.coverage:.0%} band"
    figure["data"] += [
        {**edge, "y": high, "showlegend": False},
        {**edge, "y": low, "fill": "tonexty", "fillcolor": "rgba(124,108,240,0.18)", "name": name},
        {
            "type": "scatter",
            "x": steps,
            "y": expected,
            "mode": "lines",
            "name": "expected",
            "line": {"color": _BAND, "width": 1.6, "dash": "dash"},
            "hovertemplate": "step %{x:.0f}: %{y:.4g} expected<extra></extra>",
        },
    ]


def _add_stop(figure: Figure, points: Curve, entry: Entry) -> None:
    """A cross where each segment ended before the step that it was sent to, with the reason."""
    cut = [s for s in entry.segments if s.stop_kind not in (None, "reached")]
    if not cut:
        return
    at = [min(points, key=lambda p, step=s.stop_step or 0: abs(p[0] - step)) for s in cut]
    figure["data"].append(
        {
            "type": "scatter",
            "x": [step for step, _ in at],
            "y": [value for _, value in at],
            "mode": "markers",
            "name": "stopped",
            "showlegend": False,
            "marker": {"symbol": "x", "size": 10, "color": STOPPED},
            "text": [
                plain(f"{s.stop_rule or s.stop_kind} at step {s.stop_step}: {s.stop_reason}").replace("%{", "% {")
                for s in cut
            ],
            "hovertemplate": "%{text}<extra></extra>",
        }
    )
