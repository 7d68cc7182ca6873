"""Whether the proxies tell the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rltune.analysis.leaning import Transfers
from rltune.analysis.records import Records
from rltune.analysis.transfer import Transfer, measure_transfer
from rltune.report.figures.transfer import scatter
from rltune.types import Evaluation, Phase
from rltune.web.board import Entry
from rltune.web.figures.wire import wire_picture
from rltune.web.live import Live
from rltune.web.records import evaluations_of, records_of

_NOTHING_YET = "No configuration has been trained both on a proxy and to the end on the target yet."


def transfer(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/transfer`."""
    records = records_of(live)
    if not [model for model in live.models() if model != records.target]:
        return {"none": "The study has no proxies: it searches on the target itself."}
    found = _measured(live, records)
    if not found.pairs and not found.check:
        return {"none": _NOTHING_YET}
    roles = {str(records.fact(role).get("id")): role for role in ("recipe", "winner")}
    picture = scatter(found.pairs, live.models(), records.target, lambda name: roles.get(name, ""))
    return {
        "verdict": _verdict(found),
        "notes": _notes(found),
        "pairs": found.pairs,
        "rank": _rank(found),
        "check": found.check,
        "figures": {"scatter": wire_picture(picture)},
    }


def _measured(live: Live, records: Records) -> Transfer:
    """From the evaluations that it takes: most configurations of a large study never see the target."""
    target, horizon = records.target, records.horizon
    not_final = [e for e in live.board.entries.values() if _is_compared(e)]
    on_target = {e.run.configuration for e in not_final if e.run.model == target}
    elsewhere = {e.run.configuration for e in not_final if e.run.model != target}
    both = on_target & elsewhere
    scored = {
        e.run.configuration
        for e in not_final
        if e.run.model == target
        and (line := e.evaluations.get(horizon or -1)) is not None
        and line.score is not None
        and math.isfinite(line.score)
    }
    paired = evaluations_of(live, (e for e in live.board.entries.values() if e.run.configuration in both))

    def of_model(model: str) -> Iterator[tuple[str, Evaluation]]:
        return evaluations_of(live, (e for e in live.board.entries.values() if e.run.model == model))

    return measure_transfer(replace(records, evaluations=tuple(paired)), len(scored), of_model)


def _is_compared(entry: Entry) -> bool:
    return any(line.phase != Phase.FINAL.value for line in entry.evaluations.values())


def _verdict(found: Transfer) -> str:
    """One sentence on how well the proxy ranked, or why that can't be told."""
    spearman, pick = found.verdict.spearman, found.verdict.pick
    if spearman is None or pick is None:
        return f"No rank correlation: {found.note}."
    return f"{spearman.text}: {found.note}. {pick.text[0].upper()}{pick.text[1:]}."


def _notes(found: Transfer) -> list[str]:
    """What the target prefers otherwise than the proxy does."""
    shift = [f"{found.shift.text[0].upper()}{found.shift.text[1:]}."] if found.shift is not None else []
    return [*shift, *(leaning.text for leaning in found.leanings if leaning.transfers is not Transfers.OPEN)]


def _rank(found: Transfer) -> dict[str, Any] | None:
    spearman, kendall = found.verdict.spearman, found.verdict.kendall
    if spearman is None:
        return None
    return {
        "spearman": spearman.value,
        "low": spearman.low,
        "high": spearman.high,
        "level": spearman.level,
        "kendall": kendall.value if kendall else None,
        "kendall_low": kendall.low if kendall else None,
        "kendall_high": kendall.high if kendall else None,
        "n": len(found.pairs),
    }
