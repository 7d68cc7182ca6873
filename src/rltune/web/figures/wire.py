"""A figure as the page gets it."""

from __future__ import annotations

import json

import plotly.graph_objects as go
from plotly.io import to_json

from rltune.report.figures.base import Picture


def wire(figure: go.Figure) -> dict[str, object]:
    """`{"data": [...], "layout": {...}}`, without Plotly's template: the page has its own for dark and light."""
    found = json.loads(to_json(figure, engine="json", validate=False, remove_uids=True) or "{}")
    found["layout"].pop("template", None)
    return {"data": found["data"], "layout": found["layout"]}


def wire_picture(picture: Picture | None) -> object:
    """The same with its name, its caption and its height in pixels; None for none."""
    if picture is None:
        return None
    return {**wire(picture.figure), "name": picture.name, "caption": picture.caption, "height": picture.height}
