"""What each configuration cost at which fidelity: a bar for each, its parts by model and rung."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import plotly.graph_objects as go

from rltune.report.data import ReportData, seconds_text, value_text
from rltune.report.figures.base import (
    STOPPED,
    Picture,
    blank_figure,
    model_colors,
    plain,
    settings_text,
    time_unit,
)
from rltune.types import BY_RULE, FAILURES, Configuration, StopKind

MOST_ROWS = 60
_ENDED = (*BY_RULE, *FAILURES, StopKind.DIVERGED)


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds by (configuration id, model, asked step); `ended`: why a configuration's run ended early."""

    seconds: dict[tuple[str, str, int], float]
    configurations: dict[str, Configuration]
    ended: dict[str, str]

    def total(self, configuration_id: str) -> float:
        return sum(v for (c, _, _), v in self.seconds.items() if c == configuration_id)


def costs_picture(data: ReportData) -> Picture | None:
    """None as long as no trial has ended."""
    costs = _collect(data)
    if not costs.seconds:
        return None
    dearest = sorted(costs.configurations, key=costs.total, reverse=True)
    rows = dearest[:MOST_ROWS][::-1]
    unit, name = time_unit(costs.total(dearest[0]))
    setting = _telling(data, costs)
    labels = {c: _label(data, costs.configurations[c], setting) for c in rows}
    figure = blank_figure(f"{name} of training, validation and start", "")
    _add_bars(figure, data, costs, labels, unit)
    _add_ends(figure, costs, labels, unit)
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_yaxes(type="category", showgrid=False, categoryorder="array", categoryarray=list(labels.values()))
    left_out = f" The {MOST_ROWS} dearest of {len(dearest)} are shown." if len(dearest) > MOST_ROWS else ""
    caption = (
        "Colours are models, darker parts later rungs; a promotion adds only the steps that were missing. "
        f"A cross marks a configuration with a run that ended early. {_naming(setting)}{left_out}"
    )
    return Picture("costs", figure, caption, height=110 + 20 * len(rows))


def _collect(data: ReportData) -> _Costs:
    seconds: dict[tuple[str, str, int], float] = defaultdict(float)
    configurations: dict[str, Configuration] = {}
    ended: dict[str, str] = {}
    for segment in data.records.segments:
        run = data.records.runs.get(segment.run_id)
        if run is None or segment.stop is None:
            continue
        key = run.configuration.id
        configurations[key] = run.configuration
        seconds[key, run.model, segment.to_step] += segment.cost.seconds
        if segment.stop.kind in _ENDED:
            ended[key] = f"{segment.stop.rule or segment.stop.kind.value}, step {segment.stop.step} on {run.model}"
    return _Costs(dict(seconds), configurations, ended)


def _telling(data: ReportData, costs: _Costs) -> str:
    """The setting that stands beside a configuration's id: the first one searched that differs; empty if none does."""
    found = costs.configurations.values()
    varied = (n for n in data.records.fact("space") if len({c.values.get(n) for c in found}) > 1)
    return next(varied, "")


def _naming(setting: str) -> str:
    if not setting:
        return "Hover for all settings."
    return f"Beside each configuration's id stands its {setting}; hover for all settings."


def _label(data: ReportData, configuration: Configuration, setting: str) -> str:
    value = f": {value_text(configuration.values[setting])}" if setting in configuration.values else ""
    return plain(f"{data.role(configuration.id)} {configuration.id}{value}".strip())


def _add_bars(figure: go.Figure, data: ReportData, costs: _Costs, labels: dict[str, str], unit: float) -> None:
    colors = model_colors(data.records.models(), data.records.target)
    order = {model: i for i, model in enumerate(data.records.models())}
    fidelities = sorted({(m, step) for _, m, step in costs.seconds}, key=lambda f: (order.get(f[0], 0), f[1]))
    for model, step in fidelities:
        steps = [s for m, s in fidelities if m == model]
        values = {c: costs.seconds.get((c, model, step), 0.0) for c in labels}
        shown = [c for c in labels if values[c] > 0]
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=[values[c] / unit for c in shown],
                y=[labels[c] for c in shown],
                name=plain(f"{model} to {step}"),
                marker={"color": colors[model]},
                opacity=0.4 + 0.6 * (steps.index(step) + 1) / len(steps),
                text=[seconds_text(values[c]) for c in shown],
                textposition="none",
                customdata=[settings_text(costs.configurations[c]) for c in shown],
                hovertemplate=f"{plain(model)} to step {step}: %{{text}}<br>%{{customdata}}<extra></extra>",
            )
        )


def _add_ends(figure: go.Figure, costs: _Costs, labels: dict[str, str], unit: float) -> None:
    marked = [c for c in labels if c in costs.ended]
    if not marked:
        return
    room = max(costs.total(c) for c in labels) * 0.015
    figure.add_trace(
        go.Scatter(
            x=[(costs.total(c) + room) / unit for c in marked],
            y=[labels[c] for c in marked],
            mode="markers",
            name="ended early",
            marker={"symbol": "x", "size": 8, "color": STOPPED},
            text=[plain(costs.ended[c]) for c in marked],
            hovertemplate="%{text}<extra></extra>",
        )
    )
