"""What the figures share: colours that read on light and dark ground, and a figure with its caption.

Grounds, text and grid colours are set in the browser (page.js), by the reader's preference.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rltune.report.data import configuration_text
from rltune.types import Configuration
from rltune.visible import visible

WINNER = "#12a37a"
RECIPE = "#8891a0"
STOPPED = "#e2553f"
_TARGET = "#7c6cf0"
_PROXIES = ("#e39b2d", "#3f8fe0", "#c65fb0", "#6aa84f", "#b5763a")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, the height that it needs (pixels) and the sentence that says how to read it."""

    name: str
    figure: go.Figure
    caption: str
    height: int = 420


def plain(text: object) -> str:
    """Text for labels and hovers: Plotly reads a few HTML tags there, so names from outside are escaped."""
    return html.escape(visible(str(text)), quote=False)


def settings_text(configuration: Configuration) -> str:
    """A configuration for hovers, one setting a line."""
    return "<br>".join(plain(line) for line in configuration_text(configuration, "\n").split("\n"))


def model_colors(models: Sequence[str], target: str | None) -> dict[str, str]:
    """A colour for each model (smallest first): proxies in a fixed order, the target always the same."""
    proxies = [m for m in models if m != target]
    colors = {m: _PROXIES[i % len(_PROXIES)] for i, m in enumerate(proxies)}
    return colors | ({target: _TARGET} if target else {})


def blank_figure(x_title: str, y_title: str) -> go.Figure:
    """A figure without data and without Plotly's own template."""
    figure = go.Figure()
    figure.update_layout(
        template=go.layout.Template(),
        margin={"l": 56, "r": 16, "t": 16, "b": 48},
        xaxis={"title": {"text": x_title}, "automargin": True},
        yaxis={"title": {"text": y_title}, "automargin": True},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        hoverlabel={"align": "left"},
    )
    return figure


def time_unit(seconds: float) -> tuple[float, str]:
    """(seconds a unit, its name) in which durations up to `seconds` are easily read."""
    for size, name in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return size, name
    return 1.0, "seconds"
