"""Curves of chosen runs: one metric of several, or all metrics of one with what happened on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rltune.report.figures.base import STOPPED, plain
from rltune.web.figures.wire import sheet

MOST_POINTS = 400
COLORS = ("#7c6cf0", "#e39b2d", "#3f8fe0", "#12a37a", "#c65fb0", "#e2553f", "#6aa84f", "#b5763a", "#2aa5b5", "#8891a0")
LOGARITHMIC = ("kl", "policy_kl")

LOG_AXIS = {"type": "log", "tickformat": "~g"}

Figure = dict[str, Any]
"""`{"data": [...], "layout": {...}}`, as Plotly in the browser reads it."""

Trace = dict[str, Any]
Curve = Sequence[tuple[int, float]]
"""(step, value), steps increasing; values may be NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a run ended before its time: after which step, and why in a line."""

    step: int
    text: str


def overlay(metric: str, curves: Mapping[str, Curve], labels: Mapping[str, str], marks: Mapping[str, Mark]) -> Figure:
    """One metric of several runs; curves, labels and marks by run id."""
    figure = sheet("training step", plain(metric))
    log = metric in LOGARITHMIC
    for index, (run, curve) in enumerate(curves.items()):
        points = thinned(curve, log)
        if not points:
            continue
        color = COLORS[index % len(COLORS)]
        figure["data"].append(line(points, plain(labels[run]), color))
        if run in marks:
            figure["data"].append(_mark(marks[run], points, color))
    if log:
        figure["layout"]["yaxis"] |= LOG_AXIS
    return figure


def line(points: Curve, name: str, color: str, *, width: float = 1.8, legend: bool = True) -> Trace:
    """A curve as a line; a single point as a marker."""
    return {
        "type": "scatter",
        "x": [step for step, _ in points],
        "y": [float(f"{value:.6g}") for _, value in points],
        "mode": "lines" if len(points) > 1 else "markers",
        "name": name,
        "showlegend": legend,
        "line": {"color": color, "width": width},
        "hovertemplate": "step %{x}: %{y:.4g}<extra>" + name.replace("%{", "% {") + "</extra>",
    }


def thinned(curve: Curve, log: bool = False, most: int = MOST_POINTS) -> list[tuple[int, float]]:
    """The finite points (on a logarithmic axis the positive ones), at most about so many.

    Of each stretch the least and the greatest value stay, so that no spike is lost.
    """
    found = [(s, v) for s, v in curve if math.isfinite(v) and (not log or v > 0)]
    if len(found) <= most:
        return found
    size = math.ceil(2 * len(found) / most)
    kept: list[tuple[int, float]] = []
    for begin in range(0, len(found), size):
        part = found[begin : begin + size]
        ends = {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
        kept += sorted(ends)
    return kept if kept[-1] == found[-1] else [*kept, found[-1]]


def _mark(mark: Mark, points: Curve, color: str) -> Trace:
    before = [p for p in points if p[0] <= mark.step]
    step, value = (before or points)[-1]
    return {
        "type": "scatter",
        "x": [step],
        "y": [value],
        "mode": "markers",
        "marker": {"symbol": "x", "size": 10, "color": STOPPED, "line": {"color": color, "width": 1}},
        "showlegend": False,
        "text": [plain(mark.text).replace("%{", "% {")],
        "hovertemplate": "%{text}<extra></extra>",
    }
