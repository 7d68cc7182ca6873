"""Which hyperparameters matter, and which may be left at the recipe: in words, as a table, and along each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.analysis.importance import Share
from rltune.analysis.sensitivity import LEAST, LITTLE, MATTERS, SAFE_FROM, ModelView, Sensitivity
from rltune.report.data import ReportData
from rltune.report.figures.base import RECIPE, WINNER, model_colors
from rltune.report.figures.marginals import marginal_pictures
from rltune.report.figures.sensitivity import importance_picture
from rltune.report.markup import Html, join, missing, paragraph, section, table, tag
from rltune.report.plots import plot
from rltune.report.sensitivity import study_sensitivity

_TITLE = "Which hyperparameters matter"


def sensitivity(data: ReportData) -> Html:
    """The section, or why there is nothing to tell."""
    winner, recipe = data.summary.winner, data.summary.recipe
    found = study_sensitivity(
        data.records, winner.configuration if winner else None, recipe.configuration if recipe else None
    )
    if isinstance(found, str):
        return section(_TITLE, "sensitivity", missing(f"Nothing can be told: {found}."))
    if found.goal is None:
        return section(_TITLE, "sensitivity", missing(f"Nothing can be told yet: {found.refused}."))
    colors = model_colors(data.records.models(), data.records.target)
    return section(
        _TITLE,
        "sensitivity",
        paragraph(verdict(found)),
        paragraph(basis(found), "fine"),
        _table(found, found.goal),
        plot(importance_picture(found, found.goal, colors)),
        tag("h3", "The score along each of them"),
        _key(found, colors),
        _panels(found, colors),
    )


def verdict(found: Sensitivity) -> str:
    """What matters, what may be left at the recipe, and what lies between: one to three sentences."""
    goal = found.goal
    if goal is None:
        return f"Nothing can be told: {found.refused}."
    where = f"{goal.fidelity.model} at step {goal.fidelity.steps}"
    first, *others = [s.name for s in found.matters] or [""]
    if first:
        share = found.matters[0]
        words = f"{first} matters most: by itself it makes {_share(share)} of the differences in score on {where}"
        told = [f"{words}; {_listed(others)} {_verb(others, 'matters', 'matter')} too" if others else words]
    else:
        told = [f"No hyperparameter surely makes more than {MATTERS:.0%} of the differences in score on {where}"]
    stay = [s.name for s in found.may_stay]
    between = [s for s in goal.stakes if s.name not in {first, *others, *stay}]
    if stay:
        each = " each" if len(stay) > 1 else ""
        told.append(f"{_listed(stay)} may be left at the recipe: that costs less than {100 * LITTLE:.0f} points{each}")
    if goal.stakes and found.configurations < SAFE_FROM:
        told.append(f"What may be left at the recipe is told from {SAFE_FROM} configurations on")
    elif between:
        costs = [f"{s.name} ({100 * s.cost:.1f} points)" for s in sorted(between, key=lambda s: -s.cost)]
        told.append(f"With the others as in the winner, {_listed(costs)} {_verb(costs, 'is', 'are')} worth setting too")
    return ". ".join(told) + "."


def basis(found: Sensitivity) -> str:
    """How many evaluations it rests on, and where there are too few."""
    few = [f for f in found.by_fidelity if f.refused]
    text = (
        f"Told by the search's model of the scores, after {found.evaluations} evaluations of {found.configurations} "
        "configurations, at configurations that fill the searched space evenly. In brackets: where 90 % of resamples "
        "of the evaluated configurations have it."
    )
    if few:
        named = _listed([f"{f.fidelity.model} at {f.fidelity.steps} ({len(f.projection)})" for f in few])
        text += f" Fewer than {LEAST} configurations, too few for an importance of their own: {named}."
    return text


def _table(found: Sensitivity, goal: ModelView) -> Html:
    stakes = {s.name: s for s in goal.stakes}
    matters, stay = {s.name for s in found.matters}, {s.name for s in found.may_stay}
    rows = []
    for share in sorted(goal.shares, key=lambda s: -s.value):
        stake = stakes.get(share.name)
        cost = f"{100 * stake.cost:.1f} ({100 * stake.low:.1f} to {100 * stake.high:.1f})" if stake else "–"
        verdicts = [
            text for text, names in (("matters", matters), ("may be left at the recipe", stay)) if share.name in names
        ]
        rows.append([share.name, _share(share), cost, "; ".join(verdicts) or "–"])
    headers = ["setting", "main effect", "points lost at the recipe's value", ""]
    return table(headers, rows, numeric=(1, 2))


def _panels(found: Sensitivity, colors: Mapping[str, str]) -> Html:
    order = sorted(found.goal.shares if found.goal else (), key=lambda s: -s.value)
    pictures = marginal_pictures(found, colors)
    shown = (join([tag("h4", s.name), plot(p)]) for s, p in zip(order, pictures, strict=True))
    return tag("div", join(tag("div", panel) for panel in shown), class_="panels")


def _key(found: Sensitivity, colors: Mapping[str, str]) -> Html:
    """What lines, bands and dots of all panels are."""
    views = [v for v in (found.goal, found.proxy) if v is not None]
    entries = [(colors[v.fidelity.model], f"{v.fidelity.model} at step {v.fidelity.steps}") for v in views]
    entries += [(WINNER, "the winner's value")] * (found.winner is not None)
    entries += [(RECIPE, "the recipe's value")] * (found.recipe is not None)
    named = join(tag("span", join([tag("i", "", style=f"background:{color}"), text])) for color, text in entries)
    text = (
        "Line: the score with the other settings averaged over the whole space, its band 90 %. "
        "Dots: what was measured there (a cross: the run died); most lie above the line, since the search tries "
        "good values of the others."
    )
    if found.winner is not None:
        text += " Dotted line, open diamonds: the others as in the winner, on the target."
    return join([tag("p", named, class_="key"), paragraph(text, "fine")])


def _share(share: Share) -> str:
    if share.high < 0.005:
        return "under 1 %"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _verb(things: Sequence[object], one: str, several: str) -> str:
    return one if len(things) == 1 else several


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
