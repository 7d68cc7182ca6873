"""Small pieces of HTML. `Html` is text that is safe to place in the page; every other string is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from rltune.visible import visible


class Html(str):
    """Markup that is finished: nothing in it needs escaping any more."""

    __slots__ = ()


def safe(value: object) -> Html:
    """`value` as markup: as it is if it is Html, else its text, visible, with all special characters escaped."""
    return value if isinstance(value, Html) else Html(html.escape(visible(str(value)), quote=True))


def tag(name: str, content: object = "", **attributes: str) -> Html:
    """One element. An attribute's trailing underscore is dropped (`class_`)."""
    written = "".join(f' {key.rstrip("_")}="{safe(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{safe(content)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Parts one after the other."""
    return Html("".join(safe(p) for p in parts))


def paragraph(text: object, kind: str = "") -> Html:
    """A paragraph of text, of a CSS class if `kind` names one."""
    return tag("p", text, class_=kind) if kind else tag("p", text)


def missing(text: str) -> Html:
    """Says what a section can't show yet, and why."""
    return paragraph(text, "missing")


def section(title: str, anchor: str, *content: object) -> Html:
    """A section of a page under a heading; links lead to its anchor."""
    return tag("section", join([tag("h2", title), *content]), id=anchor)


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    marked: Sequence[str] = (),
    numeric: Sequence[int] = (),
) -> Html:
    """A table that scrolls sideways on small screens.

    Args:
        marked: one CSS class for each row, or nothing. numeric: the columns that are aligned to the right.
    """

    def cells(row: Sequence[object], name: str) -> Html:
        return join(tag(name, c, class_="n" if i in numeric else "t") for i, c in enumerate(row))

    kinds = marked or [""] * len(rows)
    body = join(tag("tr", cells(row, "td"), class_=kind) for row, kind in zip(rows, kinds, strict=True))
    head = tag("thead", tag("tr", cells(headers, "th")))
    return tag("div", tag("table", join([head, tag("tbody", body)])), class_="wide")
