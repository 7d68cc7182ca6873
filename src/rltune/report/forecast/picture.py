"""A curve and its forecast as a picture for the terminal: readable without colours, as wide as it is told.

Measured rewards are braille dots; ahead of them the band is shaded, its middle is a line; the advised stop and the
last step seen are vertical lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from rltune.analysis.forecasts import LogForecast
from rltune.curves.forecast import Forecast
from rltune.curves.phases import Phase, PhaseName
from rltune.curves.series import Array
from rltune.report.forecast.canvas import Canvas, in_ascii

_WIDEST = 110
_LARGEST = 1e300  # beyond it differences of two values aren't finite any more
SHORT = {
    PhaseName.SLOW_START: ("slow start", "slow"),
    PhaseName.IMPROVEMENT: ("rapid improvement", "rapid", "up"),
    PhaseName.PLATEAU: ("plateau", "flat"),
    PhaseName.DECLINE: ("decline", "fall"),
}
"""Names of the phases for little room, the longest first."""

_SEEN, _LATER, _BAND, _EXPECTED, _STOP, _AXIS = "cyan", "green", "magenta", "bold magenta", "bold yellow", "dim"


@dataclass(frozen=True, slots=True)
class _Scale:
    """Steps `first` ... `last` over `columns` cells, levels `low` ... `high` over `rows` cells."""

    first: float
    last: float
    low: float
    high: float
    columns: int
    rows: int

    def x(self, step: float, per_cell: int = 1) -> int:
        share = (step - self.first) / max(self.last - self.first, 1)
        return min(int(share * self.columns * per_cell), self.columns * per_cell - 1)

    def y(self, level: float, per_cell: int = 1) -> int:
        # held within the picture before it is counted in cells: far outside, the quotient may be infinite
        share = min(max((self.high - level) / (self.high - self.low), 0.0), 1.0)
        return min(int(share * self.rows * per_cell), self.rows * per_cell - 1)


def picture(answer: LogForecast, width: int, *, ascii_only: bool = False) -> Text | None:
    """The picture, no line longer than `width` (>= 24 cells); None if no finite value was measured."""
    finite = np.abs(answer.values) < _LARGEST
    if not finite.any():
        return None
    rows = 14 if width >= 60 else 10
    low, high = _levels(answer, finite)
    ticks = _round_numbers(low, high, rows // 2)
    labels = dict(zip(ticks, _labels(ticks), strict=True))
    margin = max((len(label) for label in labels.values()), default=0)
    columns = max(8, min(width, _WIDEST) - margin - 3)
    first = float(answer.steps[0])
    scale = _Scale(first, max(float(answer.horizon), float(answer.steps[-1])), low, high, columns, rows)
    canvas = _drawn(answer, scale)
    at_row = {scale.y(tick): label for tick, label in labels.items()}
    lines = []
    for row in range(rows):
        edge = f"{at_row.get(row, ''):>{margin}} {'┤' if row in at_row else '│'}"
        lines.append(Text.assemble((edge, _AXIS), canvas.row(row)))
    indent = " " * (margin + 1)
    below = [*_x_axis(scale), *_strip(answer, scale), *_pointers(answer, scale)]
    lines += [Text(indent, end="").append_text(line) for line in below]
    text = Text("\n").join(lines)
    return in_ascii(text) if ascii_only else text


def legend(answer: LogForecast, *, ascii_only: bool = False) -> Text:
    """What the signs mean, of those that are there."""
    parts = [("⠒⠒ measured", _SEEN)]
    if isinstance(answer.result, Forecast) and answer.result.last_step < answer.horizon:
        parts += [("── expected", _EXPECTED), (f"░░ {answer.result.coverage:.0%} band", _BAND)]
    if answer.seen < answer.steps.size:
        parts.append(("⠒⠒ what came later", _LATER))
    if _has_stop(answer):
        parts.append(("┃ advised stop", _STOP))
    text = Text("   ").join(Text(words, style=style) for words, style in parts)
    return in_ascii(text) if ascii_only else text


def _levels(answer: LogForecast, finite: NDArray[np.bool_]) -> tuple[float, float]:
    """Lowest and highest level shown: single outliers may lie beyond it."""
    shown = [*np.quantile(answer.values[finite], [0.005, 0.995])]
    if isinstance(answer.result, Forecast):
        shown += [float(answer.result.low.min()), float(answer.result.high.max())]
    low, high = float(min(shown)), float(max(shown))
    room = 0.04 * (high - low) or 0.1 * abs(high) or 0.1
    return low - room, high + room


def _round_numbers(low: float, high: float, count: int) -> list[float]:
    """At most about `count` multiples of 1, 2 or 5 times a power of ten between low and high."""
    if high <= low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _labels(ticks: list[float]) -> list[str]:
    """All with as many decimals as they need, or short where they would be long."""
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9)) if len(ticks) > 1 else 3
    if digits > 4 or max(map(abs, ticks), default=0.0) >= 1e6:
        return [f"{tick:.4g}" for tick in ticks]
    return [f"{tick:.{digits}f}" for tick in ticks]


def _drawn(answer: LogForecast, scale: _Scale) -> Canvas:
    canvas = Canvas(scale.columns, scale.rows)
    result, cut = answer.result, float(answer.result.last_step)
    if isinstance(result, Forecast) and result.ahead.size > 1:
        for column in range(scale.x(cut), scale.columns):
            step = scale.first + (column + 0.5) / scale.columns * (scale.last - scale.first)
            low, middle, high = (
                float(np.interp(step, result.ahead, level)) for level in (result.low, result.expected, result.high)
            )
            for row in range(scale.y(high), scale.y(low) + 1):
                canvas.mark(column, row, "░", _BAND)
            canvas.mark(column, scale.y(middle), "─", _EXPECTED)
    for row in range(scale.rows):
        if cut < scale.last:
            canvas.mark(scale.x(cut), row, "┊", _AXIS)
        if _has_stop(answer) and isinstance(result, Forecast):
            canvas.mark(scale.x(result.advice.step), row, "┃", _STOP)
    _curve(canvas, scale, answer.steps[answer.seen - 1 :], answer.values[answer.seen - 1 :], _LATER)
    _curve(canvas, scale, answer.steps[: answer.seen], answer.values[: answer.seen], _SEEN)
    return canvas


def _curve(canvas: Canvas, scale: _Scale, steps: Array, values: Array, style: str) -> None:
    """The mean of each dot's steps, joined; steps that aren't finite are a gap."""
    sums: dict[int, list[float]] = {}
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        sums.setdefault(scale.x(step, 2), []).append(value)
    before: tuple[int, int] | None = None
    for x, group in sums.items():
        mean = sum(group) / len(group)
        here = (x, scale.y(mean, 4)) if math.isfinite(mean) else None
        if here:
            canvas.line(*(before or here), *here, style)
        before = here


def _x_axis(scale: _Scale) -> tuple[Text, Text]:
    """The axis with its ticks, and their numbers; the last step is always one of them."""
    ticks = [round(t) for t in _round_numbers(scale.first, scale.last, max(2, scale.columns // 10)) if t >= 1]
    end = round(scale.last)
    room = len(str(end)) + 2
    ticks = [t for t in dict.fromkeys(ticks) if scale.x(t) + room < scale.columns - len(str(end)) / 2] + [end]
    line, numbers = ["─"] * scale.columns, [" "] * scale.columns
    for tick in ticks:
        column, label = scale.x(tick), str(tick)
        line[column] = "┬"
        begin = min(max(column - len(label) // 2, 0), scale.columns - len(label))
        numbers[begin : begin + len(label)] = label
    return Text("└" + "".join(line), style=_AXIS), Text(" " + "".join(numbers), style=_AXIS)


def _strip(answer: LogForecast, scale: _Scale) -> list[Text]:
    """A line with the phases, each below its steps; none if there are no phases."""
    cells = [" "] * scale.columns
    phases = answer.result.phases
    if not phases:
        return []
    begins = [scale.x(phase.first_step) for phase in phases]
    ends = [*begins[1:], *(scale.x(phase.last_step) + 1 for phase in phases[-1:])]
    for phase, begin, end in zip(phases, begins, ends, strict=True):
        cells[begin:end] = _named(phase, end - begin)
    return [Text(" " + "".join(cells), style="italic")]


def _named(phase: Phase, width: int) -> str:
    """`├─ plateau ──┤` in `width` cells, with as long a name as fits."""
    for name in SHORT[phase.name]:
        if len(name) + 4 <= width:
            return f"├{f' {name} ':─^{width - 2}}┤"
    return "├" + "─" * (width - 2) + "┤" if width >= 2 else "│" * width


def _pointers(answer: LogForecast, scale: _Scale) -> list[Text]:
    """What the vertical lines are, each on a line of its own."""
    pointed: list[tuple[float, str, str]] = []
    if answer.result.last_step < scale.last:
        pointed.append((answer.result.last_step, f"seen to {answer.result.last_step}", _AXIS))
    if isinstance(answer.result, Forecast) and _has_stop(answer):
        pointed.append((answer.result.advice.step, f"stop at {answer.result.advice.step}", _STOP))
    lines = []
    for step, words, style in pointed:
        column = scale.x(step)
        fits = column + len(words) + 2 <= scale.columns
        label = f"▲ {words}" if fits else f"{words} ▲"
        lines.append(Text(" " * (1 + (column if fits else column + 1 - len(label))) + label, style=style))
    return lines


def _has_stop(answer: LogForecast) -> bool:
    return isinstance(answer.result, Forecast) and answer.result.advice.saved > 0
