"""How important each hyperparameter is at each fidelity: a point with its interval for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from rltune.analysis.importance import Share
from rltune.analysis.sensitivity import FidelityImportance, ModelView, Sensitivity
from rltune.report.figures.base import Picture, blank_figure, plain

_ROOM = 0.6
"""Height that a hyperparameter's points share, of the 1 between two hyperparameters."""


def importance_picture(found: Sensitivity, goal: ModelView, colors: Mapping[str, str]) -> Picture:
    """`goal`: the view of the target. `colors`: by model."""
    names = [s.name for s in sorted(goal.shares, key=lambda s: s.value)]
    told = [f for f in found.by_fidelity if f.refused is None]
    figure = blank_figure("share, %", "")
    rows = [
        (
            f.fidelity.model,
            f"{f.fidelity.model} at {f.fidelity.steps}",
            "circle",
            _strength(f.fidelity.steps, told),
            f.shares,
        )
        for f in told
    ]
    at = goal.fidelity
    rows.append((at.model, f"main effect, {at.model} at {at.steps}", "diamond", 1.0, goal.shares))
    for place, (model, label, symbol, opacity, shares) in enumerate(rows):
        offset = _ROOM * (0.5 - (place + 0.5) / len(rows))
        figure.add_trace(_points(shares, names, offset, plain(label), symbol, colors[model], opacity))
    figure.update_layout(legend_traceorder="normal")
    figure.update_xaxes(range=[-2, 102])
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=[plain(n) for n in names], showgrid=False, zeroline=False
    )
    caption = (
        "Circles: how much of what tells the best quarter of all configurations from the rest lies in this "
        "hyperparameter (PED-ANOVA), by model and step; fainter ones are earlier steps. Diamond: the share of the "
        "differences in score on the target that it makes by itself (first-order Sobol index). Bars: where "
        "90 % of resamples of the evaluated configurations have it."
    )
    return Picture("importance", figure, caption, height=130 + 24 * max(len(rows), 2) * len(names) // 2)


def _strength(steps: int, told: Sequence[FidelityImportance]) -> float:
    """Opacity: later rungs are stronger."""
    rungs = sorted({f.fidelity.steps for f in told})
    return 0.4 + 0.6 * (rungs.index(steps) + 1) / len(rungs)


def _points(
    shares: Sequence[Share], names: Sequence[str], offset: float, label: str, symbol: str, color: str, opacity: float
) -> go.Scatter:
    return go.Scatter(
        x=[100 * s.value for s in shares],
        y=[names.index(s.name) + offset for s in shares],
        mode="markers",
        name=label,
        marker={"color": color, "size": 9, "symbol": symbol},
        opacity=opacity,
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (s.high - s.value) for s in shares],
            "arrayminus": [100 * (s.value - s.low) for s in shares],
            "color": color,
            "thickness": 1.5,
            "width": 0,
        },
        text=[f"{100 * s.low:.1f} to {100 * s.high:.1f} %" for s in shares],
        customdata=[plain(s.name) for s in shares],
        hovertemplate="%{customdata}: %{x:.1f} % (%{text})<extra>" + label + "</extra>",
    )
