"""A figure as the page gets it."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

import plotly.graph_objects as go
from plotly.io import to_json

from rltune.report.figures.base import Picture, blank_figure


def wire(figure: go.Figure) -> dict[str, Any]:
    """`{"data": [...], "layout": {...}}`, without Plotly's template: the page has its own for dark and light."""
    found = json.loads(to_json(figure, engine="json", validate=False, remove_uids=True) or "{}")
    found["layout"].pop("template", None)
    return {"data": found["data"], "layout": found["layout"]}


def sheet(x_title: str, y_title: str) -> dict[str, Any]:
    """An empty figure as the page gets it, to be filled with plain values: Plotly's own objects check each of them,
    which takes longer than all else where a page asks for fifteen figures every second."""
    figure = deepcopy(_blank())
    for axis, title in (("xaxis", x_title), ("yaxis", y_title)):
        figure["layout"][axis]["title"]["text"] = title
        figure["layout"][axis]["exponentformat"] = "power"  # a learning rate of 400 µ would be read as something else
    return figure


@cache
def _blank() -> dict[str, Any]:
    return wire(blank_figure("x", "y"))


def wire_picture(picture: Picture | None) -> object:
    """The same with its name, its caption and its height in pixels; None for none."""
    if picture is None:
        return None
    return {**wire(picture.figure), "name": picture.name, "caption": picture.caption, "height": picture.height}
