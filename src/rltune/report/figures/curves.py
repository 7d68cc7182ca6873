"""Every run's curve of one metric, coloured by model, with a marker where a rule or a failure ended it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from rltune.report.data import ReportData
from rltune.report.figures.base import (
    RECIPE,
    STOPPED,
    WINNER,
    Picture,
    blank_figure,
    model_colors,
    plain,
    settings_text,
)
from rltune.store.base import RunRecord
from rltune.types import BY_RULE, FAILURES, StepMetrics, StopKind

MOST_POINTS = 400
_ROLE_COLORS = {"winner": WINNER, "recipe": RECIPE}
_ENDED = (*BY_RULE, *FAILURES, StopKind.DIVERGED)


def reward_picture(data: ReportData) -> Picture | None:
    """The mean training reward; None if no run has reported it."""
    caption = (
        "Mean reward of each training step; the winner and the recipe are dotted where they ran on a proxy. "
        "A cross is a run that a rule or a failure ended: hover for the reason."
    )
    return _picture(data, "reward", "reward", "mean reward", caption, log=False)


def loss_picture(data: ReportData) -> Picture | None:
    """The training loss, of algorithms that learn from given answers; None if no run has reported it."""
    caption = (
        "Loss of each training step; the winner and the recipe are dotted where they ran on a proxy. Losses of "
        "configurations with other settings of the loss can't be compared. "
        "A cross is a run that a rule or a failure ended: hover for the reason."
    )
    return _picture(data, "loss", "loss", "training loss", caption, log=False)


def kl_picture(data: ReportData) -> Picture | None:
    """KL to the reference model; None if no run has reported it (no KL term in the loss, no metric)."""
    caption = "Distance of the policy from the base model, on a logarithmic axis; zeros are left out."
    return _picture(data, "kl", "kl", "KL to the base model", caption, log=True)


def _picture(data: ReportData, name: str, metric: str, title: str, caption: str, *, log: bool) -> Picture | None:
    figure = blank_figure("training step", title)
    colors = model_colors(data.records.models(), data.records.target)
    shown: set[str] = set()
    ended: list[tuple[RunRecord, tuple[float, float]]] = []
    # The finalists are drawn last, above the others.
    for run in sorted(data.records.runs.values(), key=lambda r: (*_rank(data, r), r.number)):
        points = _points(data.records.curves.get(run.id, ()), metric, log)
        if not points:
            continue
        role = data.role(run.configuration.id)
        group = role or run.model
        color = _ROLE_COLORS.get(role) or colors[run.model]
        on_target = run.model == data.records.target
        figure.add_trace(_line(run, points, group, color, first=group not in shown, on_target=on_target))
        shown.add(group)
        if run.stop is not None and run.stop.kind in _ENDED:
            ended.append((run, points[-1]))
    if not shown:
        return None
    if ended:
        figure.add_trace(_end_marks(ended))
    if log:
        figure.update_yaxes(type="log", tickformat="~g", dtick=1)
    return Picture(name, figure, caption)


def _rank(data: ReportData, run: RunRecord) -> tuple[bool, bool]:
    """Finalists after the others, and their target runs first: the legend shows the solid line."""
    finalist = bool(data.role(run.configuration.id))
    return finalist, finalist and run.model != data.records.target


def _points(curve: Sequence[StepMetrics], metric: str, log: bool) -> list[tuple[float, float]]:
    """(step, value), finite and (on a logarithmic axis) positive; thinned to MOST_POINTS, the last kept."""
    found = [
        (float(m.step), m.values[metric])
        for m in curve
        if metric in m.values and math.isfinite(m.values[metric]) and (not log or m.values[metric] > 0)
    ]
    stride = math.ceil(len(found) / MOST_POINTS) or 1
    return found if stride == 1 else [*found[:-1:stride], found[-1]]


def _line(
    run: RunRecord,
    points: Sequence[tuple[float, float]],
    group: str,
    color: str,
    *,
    first: bool,
    on_target: bool,
) -> go.Scatter:
    finalist = group in _ROLE_COLORS
    about = f"run {run.number}: {run.configuration.id} on {run.model}, seed {run.seed}"
    # Braces and percent signs would be read as template fields.
    text = f"{plain(about)}<br>{settings_text(run.configuration)}".replace("%{", "% {")
    dash = "solid" if on_target else "dot"
    return go.Scatter(
        x=[p[0] for p in points],
        y=[round(p[1], 6) for p in points],
        mode="lines" if len(points) > 1 else "markers",
        name=plain(group),
        legendgroup=group,
        showlegend=first,
        line={"color": color, "width": 2.2 if finalist else 1.2, "dash": dash if finalist else "solid"},
        opacity=0.95 if finalist else 0.5,
        hovertemplate=f"step %{{x}}: %{{y:.4g}}<br>{text}<extra></extra>",
    )


def _end_marks(ended: Sequence[tuple[RunRecord, tuple[float, float]]]) -> go.Scatter:
    texts = []
    for run, _ in ended:
        stop = run.stop
        if stop is None:
            continue
        cause = f"rule {stop.rule}" if stop.rule else stop.kind.value
        about = f"run {run.number} ({run.configuration.id} on {run.model}) ended by {cause} at step {stop.step}"
        texts.append(f"{plain(about)}<br>{plain(stop.reason)}")
    return go.Scatter(
        x=[p[0] for _, p in ended],
        y=[p[1] for _, p in ended],
        mode="markers",
        name="stopped or failed",
        marker={"symbol": "x", "size": 9, "color": STOPPED},
        text=texts,
        hovertemplate="%{text}<extra></extra>",
    )
