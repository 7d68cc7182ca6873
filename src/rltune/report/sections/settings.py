"""The winner's settings beside the recipe's, with the interval that was searched; what differs is marked."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.report.data import ReportData, value_text
from rltune.report.markup import Html, missing, section, table, tag


def settings(data: ReportData) -> Html:
    """The table, or why there is none yet."""
    winner, recipe = data.summary.winner, data.summary.recipe
    finalist = winner or recipe
    if finalist is None:
        return section("Settings", "settings", missing("No winner yet: it is chosen after the confirm phase."))
    ours = winner.configuration.values if winner else {}
    theirs = recipe.configuration.values if recipe else {}
    space = data.records.fact("space") or _mapping(data.records.study.config.get("space"))
    names = sorted({*ours, *theirs})
    changed = [bool(winner and recipe) and ours.get(n) != theirs.get(n) for n in names]
    rows = [
        [n, _cell(ours, n, mark), _cell(theirs, n, False), interval_text(space.get(n))]
        for n, mark in zip(names, changed, strict=True)
    ]
    found = table(
        ["setting", "winner", f"recipe{f' ({recipe.label})' if recipe and recipe.label else ''}", "searched"],
        rows,
        marked=["changed" if c else "" for c in changed],
        numeric=(1, 2),
    )
    reason = [tag("p", f"Why this one: {winner.label}")] if winner and winner.label else []
    waiting = [] if winner else [missing("No winner yet: it is chosen after the confirm phase.")]
    return section("Settings of the winner" if winner else "Settings", "settings", *waiting, found, *reason)


def interval_text(parameter: object) -> str:
    """A parameter of the space as people write it: `1e-05 to 0.003 (log)`, or its choices."""
    spec = _mapping(parameter)
    choices = spec.get("choices") or spec.get("values")
    if isinstance(choices, (list, tuple)):
        return " | ".join(value_text(c) for c in choices)
    if "low" not in spec or "high" not in spec:
        return "fixed" if parameter is None else str(parameter)
    log = " (log)" if spec.get("log") else ""
    return f"{value_text(spec['low'])} to {value_text(spec['high'])}{log}"


def _cell(values: Mapping[str, object], name: str, changed: bool) -> object:
    text = value_text(values[name]) if name in values else "–"
    return tag("mark", text) if changed else text


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
