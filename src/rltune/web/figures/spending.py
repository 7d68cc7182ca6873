"""The report's score against cost, of as many evaluations as a page can show."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from rltune.analysis.finalists import Finalist
from rltune.analysis.records import Records
from rltune.report.figures.base import Picture
from rltune.report.figures.spending import Point, Scene, base_scores, draw
from rltune.store.lines import EvaluationLine
from rltune.types import Phase
from rltune.web.live import Live
from rltune.web.records import evaluation_record

MOST_POINTS = 400


def live_spending(live: Live, records: Records, winner: Finalist | None, recipe: Finalist | None) -> Picture | None:
    """None as long as nothing was evaluated."""
    lines = _spent(live)
    if not lines:
        return None
    chosen = _chosen(live, lines)
    points = [Point(t, evaluation_record(live.board.entries[line.run], line)) for t, line in chosen]
    scene = Scene(
        models=live.models(),
        target=records.target,
        horizon=records.horizon,
        winner=winner.configuration.id if winner else None,
        recipe=recipe.configuration.id if recipe else None,
        base=base_scores(records),
        level=statistics.fmean(recipe.validation.values()) if recipe and recipe.validation else None,
    )
    left_out = len(lines) - len(points)
    more = f" {left_out:,} of {len(lines):,} are left out, none of which was the best so far." if left_out else ""
    return draw(points, scene, more)


def _spent(live: Live) -> list[tuple[float, EvaluationLine]]:
    """As `rltune.report.figures.spending.spent`, of lines."""
    total, found = 0.0, []
    of_run: dict[int, float] = {}
    for line in live.board.evaluations:
        before = of_run.get(line.run, 0.0)
        if line.seconds > before:
            total += line.seconds - before
            of_run[line.run] = line.seconds
        if line.phase != Phase.FINAL.value:
            found.append((total, line))
    return found


def _chosen(live: Live, lines: Sequence[tuple[float, EvaluationLine]]) -> list[tuple[float, EvaluationLine]]:
    """All, or those that were the best of their model until then, every so many-th of the others, and the last."""
    if len(lines) <= MOST_POINTS:
        return list(lines)
    every = math.ceil(len(lines) / MOST_POINTS)
    best: dict[str, float] = {}
    kept = []
    for place, (t, line) in enumerate(lines):
        model = live.board.entries[line.run].run.model
        better = line.score is not None and line.score > best.get(model, -math.inf)
        if better:
            best[model] = line.score or 0.0
        if better or place % every == 0 or place == len(lines) - 1:
            kept.append((t, line))
    return kept
