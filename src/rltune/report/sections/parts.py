"""Test scores in parts: groups of the test questions, and other tasks' test questions."""

from __future__ import annotations

from collections.abc import Sequence

from rltune.analysis.parts import Part, group_parts, other_parts
from rltune.report.data import ReportData, percent_text
from rltune.report.markup import Html, paragraph, section, table


def parts(data: ReportData) -> Html:
    """A table for each of the two; nothing if there is neither."""
    winner, recipe = data.summary.winner, data.summary.recipe
    if winner is None or recipe is None:
        return Html("")
    groups, others = group_parts(winner, recipe), other_parts(winner, recipe)
    content: list[object] = []
    if groups:
        content.append(_table("part of the test questions", groups))
    if others:
        content.append(_table("other test questions", others))
        if winner.failed_seeds or recipe.failed_seeds:
            content.append(
                paragraph("Runs that failed have no score on other test questions and are left out.", "fine")
            )
    if not content:
        return Html("")
    content.append(paragraph("Accuracy of sampled answers, the mean over the seeds that both have a score of.", "fine"))
    return section("Test scores in parts", "parts", *content)


def _table(what: str, found: Sequence[Part]) -> Html:
    rows = [
        [
            part.name,
            percent_text(part.winner),
            percent_text(part.recipe),
            f"{100 * part.gain:+.1f} points",
            len(part.seeds),
        ]
        for part in found
    ]
    return table([what, "winner", "recipe", "difference", "seeds"], rows, numeric=(1, 2, 3, 4))
