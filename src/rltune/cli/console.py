"""The consoles that commands print to: what they are given is text, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rltune.visible import visible


class TextConsole(Console):
    """A console for names, reasons and log lines from outside: `[red]` and `:bomb:` stay as they are written, and
    escape sequences in a text are shown, not sent to the terminal. Styles are given beside the text.

    Args:
        stderr, soft_wrap, width: as of rich's own.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, width=width, highlight=False, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            # Only rich's own cursor movements are control segments.
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
