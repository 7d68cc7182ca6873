"""A figure's place in the page: its data as JSON beside an empty box, which page.js draws."""

from __future__ import annotations

from plotly.io import to_json

from rltune.report.figures.base import Picture
from rltune.report.markup import Html, join, paragraph, tag


def plot(picture: Picture) -> Html:
    """The box, the data and the caption."""
    # "<" is escaped, so that no name from outside can end the script element.
    written = (to_json(picture.figure, engine="json") or "{}").replace("<", "\\u003c")
    box = tag("div", "", class_="plot", id=f"plot-{picture.name}", style=f"height:{picture.height}px")
    data = Html(f'<script type="application/json" data-plot="{picture.name}">{written}</script>')
    return tag("figure", join([box, data, tag("figcaption", paragraph(picture.caption))]))
