"""Score against spent cost: every evaluation a point, each model's best so far a line."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from rltune.analysis.records import Records
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
class Point:
    """An evaluation, and the seconds spent on all trials up to it."""

    seconds: float
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Scene:
    """What the figure knows beside its points.

    Attributes:
        models: smallest first, the target last. horizon: r_max, None if unknown.
        winner, recipe: ids of their configurations. base: score of each untrained model, 0 to 1.
        level: the recipe's score on the target, None as long as it has none.
    """

    models: Sequence[str]
    target: str | None
    horizon: int | None
    winner: str | None
    recipe: str | None
    base: Mapping[str, float]
    level: float | None

    def role(self, configuration_id: str) -> str:
        """What a configuration is: winner, recipe, or nothing (empty)."""
        if configuration_id == self.winner:
            return "winner"
        return "recipe" if configuration_id == self.recipe else ""


def spending_picture(data: ReportData) -> Picture | None:
    """None as long as nothing was evaluated."""
    points = spent(data.records.evaluations)
    if not points:
        return None
    recipe = data.summary.recipe
    scene = Scene(
        models=data.records.models(),
        target=data.records.target,
        horizon=data.records.horizon,
        winner=data.winner_id,
        recipe=data.recipe_id,
        base=base_scores(data.records),
        level=statistics.fmean(recipe.validation.values()) if recipe and recipe.validation else None,
    )
    return draw(points, scene, _beside(data))


def draw(points: Sequence[Point], scene: Scene, more: str = "") -> Picture:
    """The figure of these points (at least one). `more`: sentences for the caption."""
    end = points[-1].seconds
    unit, name = time_unit(end)
    figure = blank_figure(f"{name} spent on trials, all added up", "validation score, %")
    colors = model_colors(scene.models, scene.target)
    for model in scene.models:
        mine = [p for p in points if p.evaluation.fidelity.model == model]
        _add_model(figure, scene, model, mine, colors[model], unit, end)
    _add_ended(figure, scene, points, unit)
    _add_recipe(figure, scene, end / unit)
    caption = (
        "Larger points trained for more steps; diamonds are the recipe, stars the winner. A line is the best "
        "score so far on its model: scores of different models don't compare. Crosses are runs that ended "
        f"early, at the last score that they had.{more}"
    )
    return Picture("spending", figure, caption)


def base_scores(records: Records) -> dict[str, float]:
    """The validation score of each model before any training, as far as it was measured."""
    return {s.model: s.values.get("mean", 0.0) for s in records.scores if s.run_id is None}


def _beside(data: ReportData) -> str:
    """Why the trials' time isn't the study's: how many ran at the same time at most, if more than one."""
    ends = [(s.started, 1) for s in data.records.segments if s.ended is not None]
    ends += [(s.ended, -1) for s in data.records.segments if s.ended is not None]
    most = max(itertools.accumulate(change for _, change in sorted(ends)), default=0)
    return f" Up to {most} trials ran at once: their times added up are not the study's wall clock." if most > 1 else ""


def spent(evaluations: Iterable[tuple[str, Evaluation]]) -> list[Point]:
    """Search and confirm evaluations, given as (run id, evaluation) in commit order, with the cost of all runs until
    then."""
    total, of_run, points = 0.0, dict[str, float](), []
    for run_id, e in evaluations:
        total += max(0.0, e.cost.seconds - of_run.get(run_id, 0.0))
        of_run[run_id] = max(e.cost.seconds, of_run.get(run_id, 0.0))
        if e.phase is not Phase.FINAL:
            points.append(Point(total, e))
    return points


def _add_model(
    figure: go.Figure,
    scene: Scene,
    model: str,
    points: Sequence[Point],
    color: str,
    unit: float,
    end: float,
) -> None:
    scored = [(p, p.evaluation.score) for p in points if p.evaluation.score is not None]
    if not scored:
        return
    horizon = scene.horizon or max(p.evaluation.fidelity.steps for p, _ in scored)
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
                "symbol": [_SYMBOLS[scene.role(p.evaluation.configuration.id)] for p, _ in scored],
            },
            text=[_hover(scene, p) for p, _ in scored],
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


def _add_ended(figure: go.Figure, scene: Scene, points: Sequence[Point], unit: float) -> None:
    """Runs without a score where they were sent."""
    ended = [p for p in points if p.evaluation.score is None]
    if not ended:
        return
    heights = [
        100 * (e.last_score if e.last_score is not None else scene.base.get(e.fidelity.model, 0.0))
        for e in (p.evaluation for p in ended)
    ]
    figure.add_trace(
        go.Scatter(
            x=[p.seconds / unit for p in ended],
            y=heights,
            mode="markers",
            name="ended early",
            marker={"color": STOPPED, "size": 9, "symbol": "x"},
            text=[f"{_hover(scene, p)}<br>{plain(p.evaluation.stop.reason)}" for p in ended],
            hovertemplate="%{text}<extra></extra>",
        )
    )


def _add_recipe(figure: go.Figure, scene: Scene, end: float) -> None:
    if scene.level is None:
        return
    level = 100 * scene.level
    figure.add_trace(
        go.Scatter(
            x=[0, end],
            y=[level, level],
            mode="lines",
            name="recipe on the target",
            line={"dash": "dash", "color": RECIPE, "width": 2},
            hovertemplate=f"recipe on the target: {level:.1f} %<extra></extra>",
        )
    )


def _hover(scene: Scene, point: Point) -> str:
    e = point.evaluation
    role = scene.role(e.configuration.id)
    head = f"{e.configuration.id}{f' ({role})' if role else ''} on {e.fidelity.model}, step {e.steps_trained}"
    cost = f"this run so far: {seconds_text(e.cost.seconds)}"
    return f"{plain(head)}<br>{settings_text(e.configuration)}<br>{cost}"
