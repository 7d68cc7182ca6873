"""The headline figure: test accuracy of winner and recipe, a dot for each seed, means with intervals."""

from __future__ import annotations

import plotly.graph_objects as go

from rltune.analysis.finalists import Finalist
from rltune.analysis.gain import interval
from rltune.report.data import ReportData
from rltune.report.figures.base import RECIPE, WINNER, Picture, blank_figure


def seeds_picture(data: ReportData) -> Picture | None:
    """None as long as nothing was tested."""
    rows = [("recipe", data.summary.recipe, RECIPE), ("winner", data.summary.winner, WINNER)]
    tested = [(label, f, color) for label, f, color in rows if f is not None and f.test]
    if not tested:
        return None
    figure = blank_figure("accuracy on the test questions, %", "")
    for label, finalist, color in tested:
        _add_row(figure, label, finalist, color)
    figure.update_layout(showlegend=False, margin={"l": 64, "r": 24, "t": 8, "b": 48})
    figure.update_yaxes(type="category", showgrid=False, range=[-0.6, len(tested) - 0.4])
    caption = (
        "Each dot is one seed (a failed run: the untrained model), the diamond their mean, the bar the 95 % t-interval "
        "of the mean. The test questions were used only here."
    )
    return Picture("seeds", figure, caption, height=190)


def _add_row(figure: go.Figure, label: str, finalist: Finalist, color: str) -> None:
    seeds = finalist.counted or tuple(finalist.test)
    values = [finalist.test[seed] for seed in seeds]
    ends, mean = interval(values), sum(values) / len(values)
    figure.add_trace(
        go.Scatter(
            x=[100 * v for v in values],
            y=[label] * len(values),
            mode="markers",
            marker={"size": 13, "color": color, "opacity": 0.55},
            text=[f"seed {seed}{' (failed)' if seed in finalist.failed_seeds else ''}" for seed in seeds],
            hovertemplate=f"{label}, %{{text}}: %{{x:.1f}} %<extra></extra>",
        )
    )
    half = 100 * (ends[1] - mean) if ends else 0.0
    figure.add_trace(
        go.Scatter(
            x=[100 * mean],
            y=[label],
            mode="markers",
            marker={"size": 11, "color": color, "symbol": "diamond"},
            error_x={"type": "data", "array": [half], "color": color, "thickness": 3, "width": 9},
            hovertemplate=f"{label}, mean of {len(values)}: %{{x:.1f}} %<extra></extra>",
        )
    )
