"""A curve and its forecast as a figure: rewards, level, phases, law, band, interval at the end, advised stop."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rltune.analysis.forecasts import LogForecast
from rltune.curves.forecast import LEAST_STEPS, Forecast
from rltune.curves.phases import PhaseName, centred
from rltune.curves.series import Array, Series, binned
from rltune.report.figures.base import STOPPED, WINNER, Picture, blank_figure, plain
from rltune.report.forecast.words import interval_text

_MOST_POINTS = 600
_REWARD, _AHEAD, _LAW, _CAME, _SOFT = "#3f8fe0", "#7c6cf0", "#8891a0", WINNER, "#8891a0"
_NAMED = 0.12  # of the width: narrower stripes have no room for a name
_STRIPES = {
    PhaseName.SLOW_START: "rgba(136,145,160,0.10)",
    PhaseName.IMPROVEMENT: "rgba(63,143,224,0.12)",
    PhaseName.PLATEAU: "rgba(18,163,122,0.12)",
    PhaseName.DECLINE: "rgba(226,85,63,0.14)",
}


def forecast_picture(answer: LogForecast, name: str) -> Picture:
    """The figure; `name` is unique in its page."""
    figure = blank_figure("step", answer.metric)
    figure.update_layout(legend_traceorder="normal")
    _stripes(figure, answer)
    seen = slice(0, answer.seen)
    _measured(figure, answer.steps[seen], answer.values[seen], "measured", _REWARD)
    if answer.seen < answer.steps.size:
        _measured(figure, answer.steps[answer.seen :], answer.values[answer.seen :], "what came", _CAME)
    caption = "Dots are single steps (means of neighbours in long runs), the line is their smoothed level."
    if isinstance(answer.result, Forecast):
        _law(figure, answer.result)
        _future(figure, answer.result)
        _stop(figure, answer.result)
        caption += " Shaded: phases. Dotted: the best law."
        if answer.result.ahead.size > 1:
            share = f"{answer.result.coverage:.0%}"
            caption += (
                f" The band holds the level with {share} probability, the bar the measured mean of the last tenth."
            )
    _range(figure, answer)
    return Picture(name, figure, caption, height=440)


def _range(figure: go.Figure, answer: LogForecast) -> None:
    """Both axes show all of it but single outliers."""
    shown = answer.values[np.isfinite(answer.values)]
    ends = list(np.quantile(shown, [0.002, 0.998])) if shown.size else [0.0, 1.0]
    if isinstance(answer.result, Forecast):
        ends += [*answer.result.interval, float(answer.result.low.min()), float(answer.result.high.max())]
    low, high = float(min(ends)), float(max(ends))
    room = 0.07 * (high - low) or 0.1
    last = max(float(answer.horizon), float(answer.steps[-1]))
    figure.update_yaxes(range=[low - room, high + room])
    figure.update_xaxes(range=[float(answer.steps[0]) - 0.01 * last, 1.02 * last])


def _measured(figure: go.Figure, steps: Array, values: Array, name: str, color: str) -> None:
    kept = np.isfinite(values)
    if not kept.any():
        return
    steps, values = steps[kept], values[kept]
    level = centred(values, max(3, values.size // 15) | 1) if values.size >= LEAST_STEPS else values
    points, means = _thinned(steps, values)
    at, levels = _thinned(steps, level)
    figure.add_trace(
        go.Scatter(
            x=points,
            y=np.round(means, 6),
            mode="markers",
            marker={"size": 4, "color": color},
            opacity=0.35,
            showlegend=False,
            hovertemplate="step %{x:.0f}: %{y:.4g}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=at,
            y=np.round(levels, 6),
            mode="lines",
            name=name,
            line={"color": color, "width": 2.4},
            hovertemplate=f"{name}: level %{{y:.4g}} at step %{{x:.0f}}<extra></extra>",
        )
    )


def _thinned(steps: Array, values: Array) -> tuple[Array, Array]:
    """At most about _MOST_POINTS points: means of neighbours."""
    at, means, _ = binned(Series(steps, values), _MOST_POINTS)
    return at, means


def _law(figure: go.Figure, result: Forecast) -> None:
    fit = result.laws[0]
    steps = np.linspace(1, result.horizon, 240)
    figure.add_trace(
        go.Scatter(
            x=np.round(steps, 2),
            y=np.round(fit.level(steps), 6),
            mode="lines",
            name=f"law: {fit.law.name}",
            line={"color": _LAW, "width": 1.4, "dash": "dot"},
            hovertemplate=f"{fit.law.name} law: %{{y:.4g}}<extra></extra>",
        )
    )


def _future(figure: go.Figure, result: Forecast) -> None:
    if result.ahead.size > 1:
        edge = {"x": np.round(result.ahead, 2), "mode": "lines", "hoverinfo": "skip"}
        figure.add_trace(go.Scatter(**edge, y=np.round(result.high, 6), line={"width": 0}, showlegend=False))
        figure.add_trace(
            go.Scatter(
                **edge,
                y=np.round(result.low, 6),
                line={"width": 0},
                fill="tonexty",
                fillcolor="rgba(124,108,240,0.22)",
                name=f"{result.coverage:.0%} band",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=np.round(result.ahead, 2),
                y=np.round(result.expected, 6),
                mode="lines",
                name="expected",
                line={"color": _AHEAD, "width": 2.4},
                hovertemplate="expected %{y:.4g} at step %{x:.0f}<extra></extra>",
            )
        )
    low, high = result.interval
    figure.add_trace(
        go.Scatter(
            x=[result.horizon],
            y=[result.final],
            mode="markers",
            showlegend=False,
            cliponaxis=False,
            marker={"size": 8, "color": _AHEAD, "symbol": "diamond"},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [max(high - result.final, 0)],
                "arrayminus": [max(result.final - low, 0)],
                "color": _AHEAD,
                "thickness": 2,
                "width": 6,
            },
            hovertemplate=f"%{{y:.4g}} at step {result.horizon} ({interval_text(result)})<extra></extra>",
        )
    )


def _stripes(figure: go.Figure, answer: LogForecast) -> None:
    phases = answer.result.phases
    last = max(float(answer.horizon), float(answer.steps[-1]), 1.0)
    ends = [*(after.first_step for after in phases[1:]), *(phase.last_step for phase in phases[-1:])]
    for phase, end in zip(phases, ends, strict=True):
        name = {
            "annotation_text": plain(phase.name.value),
            "annotation_position": "bottom left",
            "annotation_font_size": 11,
            "annotation_font_color": _SOFT,
        }
        figure.add_vrect(
            x0=phase.first_step,
            x1=end,
            line_width=0,
            fillcolor=_STRIPES[phase.name],
            layer="below",
            **(name if (end - phase.first_step) / last > _NAMED else {}),
        )


def _stop(figure: go.Figure, result: Forecast) -> None:
    if not result.advice.saved > 0:
        return
    late = result.advice.step > 0.75 * result.horizon
    figure.add_vline(
        x=result.advice.step,
        line={"color": STOPPED, "width": 2, "dash": "dash"},
        annotation_text=f"advised stop: {result.advice.step}",
        annotation_position="top left" if late else "top right",
        annotation_font_color=STOPPED,
    )
