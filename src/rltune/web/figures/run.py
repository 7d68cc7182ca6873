"""Every metric of one run by step, with the borders of its segments, where it was stopped, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from rltune.curves.forecast import Forecast
from rltune.report.figures.base import RECIPE, STOPPED, blank_figure, plain
from rltune.web.board import Entry
from rltune.web.figures.curves import LOGARITHMIC, Curve, line, thinned

_LINE, _BAND = "#3f8fe0", "#7c6cf0"
FIRST = ("reward", "loss", "score/mean", "kl", "policy_kl", "entropy", "clip_fraction", "grad_norm")
"""The order in which metrics are told; others follow by name."""
MOST_METRICS = 60


def metric_figures(
    curves: Mapping[str, Curve], entry: Entry, ahead: Forecast | None, horizon: int | None, goal: str
) -> dict[str, go.Figure]:
    """A figure for each metric that has a finite value. `ahead`: the forecast of the metric `goal`."""
    order = {name: place for place, name in enumerate(FIRST)}
    names = sorted(curves, key=lambda name: (order.get(name, len(order)), name))[:MOST_METRICS]
    found: dict[str, go.Figure] = {}
    for name in names:
        points = thinned(curves[name], name in LOGARITHMIC)
        if points:
            found[name] = _figure(name, points, entry, ahead if name == goal else None, horizon)
    return found


def _figure(name: str, points: Curve, entry: Entry, ahead: Forecast | None, horizon: int | None) -> go.Figure:
    figure = blank_figure("training step", plain(name))
    if ahead is not None and ahead.ahead.size > 1:
        _add_band(figure, ahead)
    figure.add_trace(line(points, plain(name), _LINE, legend=ahead is not None))
    for segment in entry.segments[1:]:
        about = f"segment {segment.number} from step {segment.from_step}"
        figure.add_vline(x=segment.from_step, line={"color": RECIPE, "width": 1, "dash": "dot"}, name=about)
    _add_stop(figure, points, entry)
    if name in LOGARITHMIC:
        figure.update_yaxes(type="log", tickformat="~g")
    last = max([horizon or 0, points[-1][0]])
    figure.update_xaxes(range=[0, 1.02 * last])
    return figure


def _add_band(figure: go.Figure, ahead: Forecast) -> None:
    steps = np.round(ahead.ahead, 2).tolist()
    edge = {"x": steps, "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}, "showlegend": False}
    figure.add_trace(go.Scatter(**edge, y=np.round(ahead.high, 6).tolist()))
    low = {**edge, "showlegend": True}
    name = f"forecast, {ahead.coverage:.0%} band"
    fill = "rgba(124,108,240,0.18)"
    figure.add_trace(go.Scatter(**low, y=np.round(ahead.low, 6).tolist(), fill="tonexty", fillcolor=fill, name=name))
    figure.add_trace(
        go.Scatter(
            x=steps,
            y=np.round(ahead.expected, 6).tolist(),
            mode="lines",
            name="expected",
            line={"color": _BAND, "width": 1.6, "dash": "dash"},
            hovertemplate="step %{x:.0f}: %{y:.4g} expected<extra></extra>",
        )
    )


def _add_stop(figure: go.Figure, points: Curve, entry: Entry) -> None:
    """A cross where each segment ended before the step that it was sent to, with the reason."""
    cut = [s for s in entry.segments if s.stop_kind not in (None, "reached")]
    if not cut:
        return
    at = [min(points, key=lambda p, step=s.stop_step or 0: abs(p[0] - step)) for s in cut]
    figure.add_trace(
        go.Scatter(
            x=[step for step, _ in at],
            y=[value for _, value in at],
            mode="markers",
            name="stopped",
            showlegend=False,
            marker={"symbol": "x", "size": 10, "color": STOPPED},
            text=[
                plain(f"{s.stop_rule or s.stop_kind} at step {s.stop_step}: {s.stop_reason}").replace("%{", "% {")
                for s in cut
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
