"""What the study knew beforehand: earlier studies, how well they predicted, how far they were believed in the end."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from rltune.report.data import ReportData
from rltune.report.markup import Html, paragraph, section, table

_TITLE = "Earlier studies"


def earlier(data: ReportData) -> Html:
    """A row for each of them; nothing for a study that knew none."""
    facts = data.records.study.facts
    studies = _rows(facts.get("prior_studies"))
    if not studies:
        return Html("")
    beliefs = _rows(facts.get("prior_beliefs"))  # in the same order; none before the search is over
    rows = [[*_known(s), *_believed(b)] for s, b in itertools.zip_longest(studies, beliefs[: len(studies)])]
    heads = ["earlier study", "task", "evaluations used", "rank correlation", "weight", "influence"]
    notes = [f"{study.get('name')}: {note}." for study in studies for note in _texts(study.get("notes"))]
    said = (
        "Rank correlation (Kendall's, over pairs of this study's evaluations at one fidelity) says how well what the "
        "earlier study knew of whole runs on the target predicted. Weight is how far it was believed when the search "
        "was over: 1 is to the letter, 0 not at all. Influence is the spread that it thereby gave to predictions, in "
        "standard deviations of the scores."
    )
    waiting = "" if beliefs else " How well it predicts is known when the search is over."
    return section(
        _TITLE,
        "earlier",
        table(heads, rows, numeric=(2, 3, 4, 5)),
        paragraph(said + waiting, "fine"),
        *(paragraph(note, "fine") for note in notes),
    )


def _known(study: Mapping[str, object]) -> list[str]:
    return [str(study.get("name")), str(study.get("task") or "–"), f"{study.get('used')} of {study.get('evaluations')}"]


def _believed(belief: Mapping[str, object] | None) -> list[str]:
    if belief is None:
        return ["–", "–", "–"]
    fixed = " (fixed)" if belief.get("fixed") else ""
    return [_number(belief.get("correlation")), _number(belief.get("weight")) + fixed, _number(belief.get("influence"))]


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, (int, float)) else "–"


def _rows(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, (list, tuple)) else []


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, (list, tuple)) else []
