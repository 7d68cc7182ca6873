"""Proxy score against target score of every confirmed configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from rltune.analysis.transfer import TransferPair
from rltune.report.data import ReportData
from rltune.report.figures.base import RECIPE, WINNER, Picture, blank_figure, model_colors, plain


def transfer_picture(data: ReportData) -> Picture | None:
    """None as long as no configuration was trained on a proxy and to the end on the target."""
    return scatter(data.summary.transfer.pairs, data.records.models(), data.records.target, data.role)


def scatter(
    pairs: Sequence[TransferPair], models: Sequence[str], target: str | None, role: Callable[[str], str]
) -> Picture | None:
    """The same of these pairs; None without any. `role`: of a configuration by its id: winner, recipe or empty."""
    if not pairs:
        return None
    figure = blank_figure(plain(f"score on {pairs[0].proxy}, step {pairs[0].proxy_steps}, %"), "score on the target, %")
    other = model_colors(models, target).get(target or "")
    colors = {"winner": WINNER, "recipe": RECIPE, "": other}
    figure.add_trace(
        go.Scatter(
            x=[100 * p.proxy_score for p in pairs],
            y=[100 * p.target_score for p in pairs],
            mode="markers+text",
            marker={
                "size": 12,
                "color": [colors[role(p.configuration)] for p in pairs],
                "opacity": 0.85,
            },
            text=[role(p.configuration) for p in pairs],
            textposition="top center",
            cliponaxis=False,
            customdata=[plain(f"{p.configuration}: {p.proxy}, step {p.proxy_steps}") for p in pairs],
            hovertemplate="%{customdata}<br>proxy %{x:.1f} %, target %{y:.1f} %<extra></extra>",
        )
    )
    values = [100 * v for p in pairs for v in (p.proxy_score, p.target_score)]
    ends = [min(values), max(values)]
    figure.add_trace(
        go.Scatter(x=ends, y=ends, mode="lines", line={"dash": "dot", "width": 1, "color": RECIPE}, hoverinfo="skip")
    )
    figure.update_layout(showlegend=False)
    return Picture("transfer", figure, "The dotted line is where both scores are equal.")
