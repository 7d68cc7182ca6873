"""Best score so far against the budget that was spent for it, each model a line, with the recipe's level.

Notation
    t    wall clock of the study, seconds: of its sittings, pauses between them left out
    Evaluations carry no time of their own, so each stands at the end of the segment that measured it; those times are
    the wall's, and are mapped to t by the time in which any trial was in flight.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from rltune.report.data import seconds_text
from rltune.report.figures.base import (
    RECIPE,
    Picture,
    blank_figure,
    model_colors,
    plain,
    settings_text,
    time_unit,
)
from rltune.store.lines import EvaluationLine, SegmentLine
from rltune.web.board import Entry
from rltune.web.live import Live

_NEVER = math.inf


def progress(live: Live) -> Picture | None:
    """None as long as nothing has a score."""
    study = live.study()
    entries = live.board.entries
    if not live.board.better:
        return None
    clock = StudyClock(live.board.segments.values(), study.seconds)
    points = {
        model: [(clock.at(_when(entries[line.run], line)), line.score or 0.0, entries[line.run]) for line in lines]
        for model, lines in live.board.better.items()
    }
    end = max(study.seconds, *(t for found in points.values() for t, _, _ in found))
    unit, name = time_unit(end)
    figure = blank_figure(f"{name} of the study", "best score so far, %")
    colors = model_colors(live.models(), study.target)
    for model in live.models():
        if model in points:
            figure.add_trace(_steps(model, sorted(points[model], key=lambda p: p[0]), colors[model], unit, end))
    recipe = _recipe(live)
    if recipe is not None:
        level = 100 * recipe
        figure.add_trace(
            go.Scatter(
                x=[0, end / unit],
                y=[level, level],
                mode="lines",
                name="recipe on the target",
                line={"dash": "dash", "color": RECIPE, "width": 2},
                hovertemplate=f"recipe on the target: {level:.1f} %<extra></extra>",
            )
        )
    caption = (
        "The best validation score so far on each model, by the study's own clock (pauses between sittings left out); "
        "scores of different models don't compare."
    )
    return Picture("progress", figure, caption, height=320)


class StudyClock:
    """Maps wall time to the study's clock, by the union of all segments' times, stretched to `total` seconds."""

    def __init__(self, segments: Iterable[SegmentLine], total: float) -> None:
        begins: list[float] = []
        ends: list[float] = []
        for start, end in sorted((s.started, _NEVER if s.ended is None else s.ended) for s in segments):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                begins.append(start)
                ends.append(end)
        self._begins, self._ends = begins, ends
        self._before = [0.0]
        for begin, end in zip(begins, ends, strict=True):
            self._before.append(self._before[-1] + (0.0 if end == _NEVER else end - begin))
        busy = self._before[-1]
        # What a segment in flight adds isn't known by its times: then the clock goes on from the last end.
        self._scale = 1.0 if not busy or (ends and ends[-1] == _NEVER) else max(total, busy) / busy

    def at(self, wall: float) -> float:
        """Seconds of the study's clock at a wall time."""
        place = bisect.bisect_right(self._begins, wall) - 1
        if place < 0:
            return 0.0
        inside = min(wall, self._ends[place]) - self._begins[place]
        return self._scale * (self._before[place] + max(0.0, inside))


def _when(entry: Entry, line: EvaluationLine) -> float:
    """Wall time of an evaluation: where in its segment its step was, by the share of the steps."""
    for segment in entry.segments:
        if line.steps_trained <= (segment.stop_step or segment.to_step):
            end = segment.ended if segment.ended is not None else segment.started
            whole = (segment.stop_step or segment.to_step) - segment.from_step
            share = (line.steps_trained - segment.from_step) / whole if whole > 0 else 1.0
            return segment.started + min(max(share, 0.0), 1.0) * (end - segment.started)
    last = entry.segments[-1] if entry.segments else None
    return 0.0 if last is None else last.ended or last.started


def _steps(model: str, points: Sequence[tuple[float, float, Entry]], color: str, unit: float, end: float) -> go.Scatter:
    """Points of which each was better than all before it, the last of them drawn on until now."""
    best: list[tuple[float, float, str]] = []
    for t, score, entry in points:
        head = plain(f"run {entry.run.number} after {seconds_text(t)}")
        best.append((t, score, f"{head}<br>{settings_text(entry.run.configuration)}"))
    last = best[-1]
    return go.Scatter(
        x=[*(t / unit for t, _, _ in best), end / unit],
        y=[*(100 * score for _, score, _ in best), 100 * last[1]],
        mode="lines+markers",
        marker={"size": [7] * len(best) + [0.1], "color": color},
        line={"shape": "hv", "color": color, "width": 2},
        name=plain(model),
        text=[*(text.replace("%{", "% {") for _, _, text in best), ""],
        hovertemplate="%{y:.1f} %<br>%{text}<extra>" + plain(model).replace("%{", "% {") + "</extra>",
    )


def _recipe(live: Live) -> float | None:
    """The mean over seeds of the recipe's validation score on the target at r_max."""
    study = live.study()
    name = study.fact("recipe").get("id")
    found = [
        line.score
        for e in live.board.entries.values()
        if e.run.configuration.id == name and e.run.model == study.target
        for line in e.evaluations.values()
        if line.step == study.horizon and line.score is not None and math.isfinite(line.score)
    ]
    return sum(found) / len(found) if found else None
