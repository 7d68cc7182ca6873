"""The report's score against cost, of as many evaluations as a page can show."""

from __future__ import annotations

import math
import statistics

from rltune.analysis.finalists import Finalist
from rltune.analysis.records import Records
from rltune.report.figures.base import Picture
from rltune.report.figures.spending import Point, Scene, base_scores, draw
from rltune.web.board import Board, Spent
from rltune.web.live import Live
from rltune.web.records import evaluation_record

MOST_POINTS = 400


def live_spending(live: Live, records: Records, winner: Finalist | None, recipe: Finalist | None) -> Picture | None:
    """None as long as nothing was evaluated."""
    spent = live.board.spent
    if not spent:
        return None
    chosen = _chosen(live.board)
    points = [Point(each.seconds, evaluation_record(live.board.entries[each.line.run], each.line)) for each in chosen]
    scene = Scene(
        models=live.models(),
        target=records.target,
        horizon=records.horizon,
        winner=winner.configuration.id if winner else None,
        recipe=recipe.configuration.id if recipe else None,
        base=base_scores(records),
        level=statistics.fmean(recipe.validation.values()) if recipe and recipe.validation else None,
    )
    left_out = len(spent) - len(points)
    more = f" {left_out:,} of {len(spent):,} are left out, none of which was the best so far." if left_out else ""
    return draw(points, scene, more)


def _chosen(board: Board) -> list[Spent]:
    """All, or those that were the best of their model until then, every so many-th of the others, and the last."""
    spent = board.spent
    if len(spent) <= MOST_POINTS:
        return [each for each in spent if board.is_current(each.line)]
    better = {line.key for lines in board.better.values() for line in lines}
    every = math.ceil(len(spent) / MOST_POINTS)
    last = len(spent) - 1
    return [each for place, each in enumerate(spent) if place % every == 0 or place == last or each.line.key in better]
