"""Score against spent cost: every evaluation a point, each model's best so far a line."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rltune.report.data import ReportData, seconds_text
from rltune.report.figures.base import (
    RECIPE,
    STOPPED,
    Picture,
    blank_figure,
    model_colors,
    plain,
    settings_text,
    time_unit,
)
from rltune.types import Evaluation, Phase

_SYMBOLS = {"winner": "star", "recipe": "diamond", "": "circle"}


@dataclass(frozen=True, slots=True)
class _Point:
    seconds: float  # spent on all trials up to here
    evaluation: Evaluation


def spending_picture(data: ReportData) -> Picture | None:
    """None as long as nothing was evaluated."""
    points = _spent(data)
    if not points:
        return None
    unit, name = time_unit(points[-1].seconds)
    figure = blank_figure(f"{name} spent on trials, all added up", "validation score, %")
    colors = model_colors(data.records.models(), data.records.target)
    for model in data.records.models():
        mine = [p for p in points if p.evaluation.fidelity.model == model]
        _add_model(figure, data, model, mine, colors[model], unit, points[-1].seconds)
    _add_ended(figure, data, points, unit)
    _add_recipe(figure, data, points, unit)
    caption = (
        "Larger points trained for more steps; diamonds are the recipe, stars the winner. A line is the best "
        "score so far on its model: scores of different models don't compare. Crosses are runs that ended "
        f"early, at the last score that they had.{_beside(data)}"
    )
    return Picture("spending", figure, caption)


def _beside(data: ReportData) -> str:
    """Why the trials' time isn't the study's: how many ran at the same time at most, if more than one."""
    ends = [(s.started, 1) for s in data.records.segments if s.ended is not None]
    ends += [(s.ended, -1) for s in data.records.segments if s.ended is not None]
    most = max(itertools.accumulate(change for _, change in sorted(ends)), default=0)
    return f" Up to {most} trials ran at once: their times added up are not the study's wall clock." if most > 1 else ""


def _spent(data: ReportData) -> list[_Point]:
    """Search and confirm evaluations in commit order, with the cost of all runs until then."""
    total, of_run, points = 0.0, dict[str, float](), []
    for run_id, e in data.records.evaluations:
        total += max(0.0, e.cost.seconds - of_run.get(run_id, 0.0))
        of_run[run_id] = max(e.cost.seconds, of_run.get(run_id, 0.0))
        if e.phase is not Phase.FINAL:
            points.append(_Point(total, e))
    return points


def _add_model(
    figure: go.Figure,
    data: ReportData,
    model: str,
    points: Sequence[_Point],
    color: str,
    unit: float,
    end: float,
) -> None:
    scored = [(p, p.evaluation.score) for p in points if p.evaluation.score is not None]
    if not scored:
        return
    horizon = data.records.horizon or max(p.evaluation.fidelity.steps for p, _ in scored)
    best_x, best_y = [], []
    for p, score in scored:
        best_y.append(max([*best_y[-1:], 100 * score]))
        best_x.append(p.seconds / unit)
    figure.add_trace(
        go.Scatter(
            x=[p.seconds / unit for p, _ in scored],
            y=[100 * score for _, score in scored],
            mode="markers",
            name=plain(model),
            legendgroup=model,
            marker={
                "color": color,
                "size": [7 + 8 * p.evaluation.fidelity.steps / horizon for p, _ in scored],
                "opacity": 0.8,
                "line": {"width": 0},
                "symbol": [_SYMBOLS[data.role(p.evaluation.configuration.id)] for p, _ in scored],
            },
            text=[_hover(data, p) for p, _ in scored],
            hovertemplate="%{y:.1f} %<br>%{text}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[*best_x, end / unit],
            y=[*best_y, best_y[-1]],
            mode="lines",
            line={"shape": "hv", "color": color, "width": 1.5},
            legendgroup=model,
            showlegend=False,
            hoverinfo="skip",
        )
    )


def _add_ended(figure: go.Figure, data: ReportData, points: Sequence[_Point], unit: float) -> None:
    """Runs without a score where they were sent."""
    ended = [p for p in points if p.evaluation.score is None]
    if not ended:
        return
    base = {s.model: s.values.get("mean", 0.0) for s in data.records.scores if s.run_id is None}
    heights = [
        100 * (e.last_score if e.last_score is not None else base.get(e.fidelity.model, 0.0))
        for e in (p.evaluation for p in ended)
    ]
    figure.add_trace(
        go.Scatter(
            x=[p.seconds / unit for p in ended],
            y=heights,
            mode="markers",
            name="ended early",
            marker={"color": STOPPED, "size": 9, "symbol": "x"},
            text=[f"{_hover(data, p)}<br>{plain(p.evaluation.stop.reason)}" for p in ended],
            hovertemplate="%{text}<extra></extra>",
        )
    )


def _add_recipe(figure: go.Figure, data: ReportData, points: Sequence[_Point], unit: float) -> None:
    recipe = data.summary.recipe
    if recipe is None or not recipe.validation:
        return
    level = 100 * statistics.fmean(recipe.validation.values())
    figure.add_trace(
        go.Scatter(
            x=[0, points[-1].seconds / unit],
            y=[level, level],
            mode="lines",
            name="recipe on the target",
            line={"dash": "dash", "color": RECIPE, "width": 2},
            hovertemplate=f"recipe on the target: {level:.1f} %<extra></extra>",
        )
    )


def _hover(data: ReportData, point: _Point) -> str:
    e = point.evaluation
    role = data.role(e.configuration.id)
    head = f"{e.configuration.id}{f' ({role})' if role else ''} on {e.fidelity.model}, step {e.steps_trained}"
    cost = f"this run so far: {seconds_text(e.cost.seconds)}"
    return f"{plain(head)}<br>{settings_text(e.configuration)}<br>{cost}"
