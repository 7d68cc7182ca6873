"""A small canvas of terminal cells: curves in braille dots (2 x 4 a cell), and single characters where no dot is.

Own code since plotting libraries for terminals draw neither bands nor marks that read without colours.
"""

from __future__ import annotations

from rich.text import Text

_BRAILLE = 0x2800
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # [column][row] of a cell's dots
_ASCII = {ord(a): b for a, b in zip("░─┊┃│└┬├┤▲", "=-:||+-<>^", strict=True)}


class Canvas:
    """`width` x `height` cells; (0, 0) is at the top left. Coordinates outside of it are ignored."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = [[0] * width for _ in range(height)]
        self._marks = [[(" ", "")] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]

    def mark(self, column: int, row: int, character: str, style: str) -> None:
        """A character in a cell; later ones replace earlier ones, dots hide them."""
        if 0 <= column < self.width and 0 <= row < self.height:
            self._marks[row][column] = (character, style)

    def dot(self, x: int, y: int, style: str) -> None:
        """A dot at (x, y) in dots: 0 <= x < 2 width, 0 <= y < 4 height, from the top left."""
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
            self._dots[y // 4][x // 2] |= _BITS[x % 2][y % 4]
            self._styles[y // 4][x // 2] = style

    def line(self, x0: int, y0: int, x1: int, y1: int, style: str) -> None:
        """Dots from (x0, y0) to (x1, y1)."""
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(length + 1):
            self.dot(round(x0 + (x1 - x0) * i / length), round(y0 + (y1 - y0) * i / length), style)

    def row(self, number: int) -> Text:
        """One row as text of exactly `width` cells."""
        text = Text(no_wrap=True, end="")
        for dots, mark, style in zip(self._dots[number], self._marks[number], self._styles[number], strict=True):
            text.append(chr(_BRAILLE + dots) if dots else mark[0], style if dots else mark[1])
        return text


def in_ascii(text: Text) -> Text:
    """The same in ASCII, for terminals that can show nothing else: a `*` for each cell with dots."""
    plain = "".join("*" if _BRAILLE < ord(c) <= _BRAILLE + 0xFF else c for c in text.plain)
    replaced = text.copy()
    replaced.plain = plain.translate(_ASCII)
    return replaced
