"""The score along each hyperparameter, as the model has it, with what was measured: one small figure each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from rltune.analysis.effects import Effect
from rltune.analysis.projection import Projection
from rltune.analysis.sensitivity import ModelView, Sensitivity
from rltune.report.figures.base import RECIPE, WINNER, Picture, blank_figure, plain, settings_text
from rltune.space.parameters import CategoricalParameter, Parameter
from rltune.types import Fidelity, Scalar

HEIGHT = 260
_JITTER = 0.24
"""Dots of one choice lie up to this far beside it."""
_BESIDE = 0.06


def marginal_pictures(found: Sensitivity, colors: Mapping[str, str]) -> tuple[Picture, ...]:
    """One picture for each hyperparameter, the most influential first; none where nothing is told. All have the same
    y-axis. `colors`: by model."""
    if found.goal is None:
        return ()
    views = [v for v in (found.proxy, found.goal) if v is not None]
    dots = {f.fidelity: f.projection for f in found.by_fidelity}
    measured = np.concatenate([[0.0, 1.0], *(dots[v.fidelity].worth for v in views if v.fidelity in dots)])
    seen = np.concatenate([measured[2:], *(np.concatenate([e.low, e.high]) for v in views for e in v.effects)])
    # a band may leave what a score can be; the axis doesn't
    low, high = max(float(seen.min()), float(measured.min())), min(float(seen.max()), float(measured.max()))
    margin = 0.04 * max(high - low, 0.01)
    span = (100 * (low - margin), 100 * (high + margin))
    order = sorted(found.goal.shares, key=lambda s: -s.value)
    return tuple(_picture(i, s.name, found, views, dots, colors, span) for i, s in enumerate(order))


def _picture(
    number: int,
    name: str,
    found: Sensitivity,
    views: Sequence[ModelView],
    dots: Mapping[Fidelity, Projection],
    colors: Mapping[str, str],
    span: tuple[float, float],
) -> Picture:
    parameter = found.space.parameters[name]
    figure = blank_figure("", "score, %")
    for view in views:
        effect = next(e for e in view.effects if e.name == name)
        color = colors[view.fidelity.model]
        for trace in _curve(effect, parameter, color, view is found.goal):
            figure.add_trace(trace)
        if view.fidelity in dots:
            figure.add_trace(_dots(dots[view.fidelity], name, parameter, color, view.fidelity.model))
    for configuration, color, dash in ((found.recipe, RECIPE, "dash"), (found.winner, WINNER, "solid")):
        if configuration is not None and name in configuration.values:
            x = _position(parameter, configuration.values[name])
            figure.add_vline(x=x, line={"color": color, "width": 2, "dash": dash}, layer="below")
    figure.update_layout(showlegend=False, margin={"l": 48, "r": 8, "t": 8, "b": 32})
    figure.update_yaxes(range=span)
    _set_axis(figure, parameter)
    return Picture(f"marginal{number}", figure, "", height=HEIGHT)


def _curve(effect: Effect, parameter: Parameter, color: str, on_target: bool) -> list[go.Scatter]:
    """The mean with its band and, on the target, the score around the winner; of choices points instead of lines."""
    choices = isinstance(parameter, CategoricalParameter)
    # two models' points on one choice would hide each other
    beside = (_BESIDE if on_target else -_BESIDE) if choices else 0.0
    x = [_position(parameter, v) + beside for v in effect.values]
    mean = go.Scatter(
        x=x,
        y=100 * effect.mean,
        mode="markers" if choices else "lines",
        line={"color": color, "width": 2.2},
        marker={"color": color, "size": 16, "symbol": "line-ew-open", "line": {"width": 2.5, "color": color}},
        text=[f"{100 * a:.1f} to {100 * b:.1f} %" for a, b in zip(effect.low, effect.high, strict=True)],
        hovertemplate="%{y:.1f} % (%{text})<extra>others averaged</extra>",
    )
    if choices:
        mean.error_y = {"array": 100 * (effect.high - effect.mean), "color": _faint(color), "thickness": 9, "width": 0}
        traces = [mean]
    else:
        band = 100 * np.concatenate([effect.high, effect.low[::-1]])
        filled = {"fill": "toself", "fillcolor": _faint(color), "line": {"width": 0}, "hoverinfo": "skip"}
        traces = [go.Scatter(x=[*x, *x[::-1]], y=band, mode="lines", **filled), mean]
    if on_target and effect.near is not None:
        traces.append(
            go.Scatter(
                x=x,
                y=100 * effect.near,
                mode="markers" if choices else "lines",
                line={"color": color, "width": 1.5, "dash": "dot"},
                marker={"color": color, "size": 9, "symbol": "diamond-open"},
                hovertemplate="%{y:.1f} %<extra>others as in the winner</extra>",
            )
        )
    return traces


def _dots(projection: Projection, name: str, parameter: Parameter, color: str, model: str) -> go.Scatter:
    shown = [i for i, c in enumerate(projection.configurations) if name in c.values]
    x = np.array([_position(parameter, projection.configurations[i].values[name]) for i in shown], dtype=float)
    if isinstance(parameter, CategoricalParameter):
        # evenly spread instead of drawn by chance: the page is the same each time it is written
        x = x + _JITTER * np.resize([-1.0, -0.33, 0.33, 1.0], len(x))
    return go.Scatter(
        x=x,
        y=[100 * float(projection.worth[i]) for i in shown],
        mode="markers",
        marker={
            "color": color,
            "size": 6,
            "opacity": 0.75,
            "symbol": ["x" if projection.dead[i] else "circle" for i in shown],
        },
        text=[settings_text(projection.configurations[i]) for i in shown],
        hovertemplate=f"%{{y:.1f}} % measured<br>%{{text}}<extra>{plain(model)}</extra>",
    )


def _position(parameter: Parameter, value: Scalar) -> float:
    return float(parameter.choices.index(value)) if isinstance(parameter, CategoricalParameter) else float(value)


def _set_axis(figure: go.Figure, parameter: Parameter) -> None:
    """The whole searched interval, with few enough labels for a narrow panel."""
    if isinstance(parameter, CategoricalParameter):
        count = parameter.cardinality
        labels = [plain(c) for c in parameter.choices]
        figure.update_xaxes(tickvals=list(range(count)), ticktext=labels, range=[-0.5, count - 0.5], showgrid=False)
        return
    room = 0.03
    if not parameter.log:
        room *= parameter.high - parameter.low
        figure.update_xaxes(range=[parameter.low - room, parameter.high + room], nticks=6)
        return
    low, high = math.log10(parameter.low), math.log10(parameter.high)
    room *= high - low
    # within two decades, powers of ten alone would be one or two labels
    steps = (1, 2, 5) if high - low < 2 else (1,)
    marks = [step * 10.0**d for d in range(math.floor(low), math.floor(high) + 1) for step in steps]
    ticks = [t for t in marks if low - 1e-9 <= math.log10(t) <= high + 1e-9]
    figure.update_xaxes(type="log", range=[low - room, high + room], tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
