"""Did the proxies stand in for the target: the check during the search, the pairs, what moved between the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.analysis.leaning import Transfers
from rltune.analysis.transfer import Transfer
from rltune.report.data import ReportData
from rltune.report.figures.transfer import transfer_picture
from rltune.report.markup import Html, join, missing, paragraph, section, table, tag
from rltune.report.plots import plot

_TITLE = "From proxy to target"


def transfer(data: ReportData) -> Html:
    """What the check found and did, the scatter with its rank correlations, and what shifted."""
    found, picture = data.summary.transfer, transfer_picture(data)
    parts = list(_check(found.check))
    if picture is None:
        parts.append(missing("No configuration has been trained both on a proxy and to the end on the target yet."))
    else:
        parts += [plot(picture), paragraph(_correlations(found))]
    return section(_TITLE, "transfer", *parts, *_moves(found))


def _check(check: Mapping[str, object]) -> Sequence[Html]:
    """The check's words, and its pairs."""
    reason = str(check.get("reason", ""))
    if not reason:
        return ()
    parts = [tag("h3", "The check during the search"), paragraph(f"{reason[0].upper()}{reason[1:]}")]
    pairs = check.get("pairs")
    if isinstance(pairs, list) and pairs:
        rows = [
            [str(p["configuration"]), f"{float(p['proxy']):.3f}", f"{float(p['target']):.3f}"]
            for p in sorted(pairs, key=lambda p: -float(p["proxy"]))
        ]
        headers = ["configuration", f"{check['proxy']}, step {check['step']}", f"target, step {check['step']}"]
        parts.append(table(headers, rows, numeric=(1, 2)))
    return parts


def _correlations(found: Transfer) -> str:
    spearman, kendall = found.verdict.spearman, found.verdict.kendall
    if spearman is None or kendall is None or found.verdict.pick is None:
        return f"No rank correlation: {found.note}."
    return f"{spearman.text}, {kendall.text}: {found.note}. {found.verdict.pick.text.capitalize()}."


def _moves(found: Transfer) -> Sequence[Html]:
    """What the target prefers otherwise than the proxy does."""
    parts: list[Html] = []
    if found.shift is not None:
        text = found.shift.text
        note = "Learning rates are on the target's scale: what the scaling by width leaves over."
        parts.append(paragraph(f"{text[0].upper()}{text[1:]}. {note}"))
    known = [leaning for leaning in found.leanings if leaning.transfers is not Transfers.OPEN]
    if known:
        parts.append(tag("ul", join(tag("li", leaning.text) for leaning in known)))
    return parts
