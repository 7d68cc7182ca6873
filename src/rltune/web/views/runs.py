"""The table of runs: sorted, filtered and cut to a page here, since a browser shouldn't be sent ten thousand rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rltune.types import StopKind
from rltune.web.board import Entry
from rltune.web.live import Live
from rltune.web.parameters import number_of, text_of
from rltune.web.plain import shown

MOST_ROWS = 500
_REACHED = (None, StopKind.REACHED.value)

Row = dict[str, Any]


def runs(live: Live, query: Mapping[str, str]) -> object:
    """`GET /api/runs`."""
    entries = list(live.board.entries.values())
    share = gpu_shares(live)
    flying = live.flying()
    found = _matching(entries, query)
    key, descending = _order(text_of(query, "sort", "number")), text_of(query, "desc") == "1"
    found.sort(key=lambda entry: _sortable(key(entry)), reverse=descending)
    # What has no value comes last, whichever way the others go.
    found.sort(key=lambda entry: _sortable(key(entry)) == _NOTHING)
    offset, limit = number_of(query, "offset", 0), number_of(query, "limit", 100, most=MOST_ROWS)
    return {
        "total": len(entries),
        "matching": len(found),
        "rows": [row_of(entry, share, flying) for entry in found[offset : offset + limit]],
        "columns": columns(live),
        "facets": _facets(entries),
    }


def row_of(entry: Entry, gpus: Mapping[str, float], flying: Mapping[int, int]) -> Row:
    """A run as tables show it. `gpus`: of a trial by model. `flying`: newest step by run, of those being trained."""
    run, newest, result = entry.run, entry.newest, entry.result
    seconds = entry.seconds
    share = gpus.get(run.model)
    return {
        "run": run.id,
        "number": run.number,
        "configuration": run.configuration.id,
        "values": dict(run.configuration.values),
        "model": run.model,
        "seed": run.seed,
        "phase": newest.phase if newest else None,
        "rung": newest.to_step if newest else None,
        "steps": max(steps_of(entry), flying.get(run.key, 0)),
        "score": score_of(entry),
        "last_score": result.last_score if result and result.score is None else None,
        "seconds": seconds,
        "gpu_seconds": None if share is None else share * seconds,
        "state": entry.state,
        "stop": _stop(entry),
        "started": entry.segments[0].started if entry.segments else None,
        "ended": newest.ended if newest else None,
        "worker": newest.worker if newest else "",
    }


def columns(live: Live) -> list[str]:
    """Names of the hyperparameters that were searched, then those that any configuration has beside them."""
    searched = [str(name) for name in live.study().fact("space")]
    return [*searched, *sorted(live.board.names.difference(searched))]


def gpu_shares(live: Live) -> dict[str, float]:
    """GPUs that a trial has to itself, by model, as far as the study file says."""
    executor = live.study().config.get("executor")
    shares = executor.get("gpus") if isinstance(executor, Mapping) else None
    target, models = live.study().target, live.models()
    if isinstance(shares, (int, float)):
        return dict.fromkeys(models, float(shares))
    if not isinstance(shares, Mapping):
        return {}
    named = {str(k): float(v) for k, v in shares.items() if isinstance(v, (int, float))}
    found = {m: named.get(m, named.get("target" if m == target else "proxy")) for m in models}
    return {model: share for model, share in found.items() if share is not None}


def score_of(entry: Entry) -> float | None:
    """The newest score."""
    return entry.result.score if entry.result else None


def steps_of(entry: Entry) -> int:
    """The last step that was trained and is known of, without what flies now."""
    ended = [s.stop_step for s in entry.segments if s.stop_step is not None]
    return max([*ended, *(e.steps_trained for e in entry.evaluations.values())], default=0)


def _stop(entry: Entry) -> Row | None:
    """Why its newest segment ended before the step that it was sent to."""
    newest = entry.newest
    if newest is None or newest.stop_kind in _REACHED:
        return None
    return {
        "kind": newest.stop_kind,
        "rule": newest.stop_rule,
        "reason": newest.stop_reason,
        "step": newest.stop_step,
    }


def stop_name(entry: Entry) -> str | None:
    """The rule that stopped it, or how it ended otherwise; None if it got where it was sent."""
    newest = entry.newest
    if newest is None or newest.stop_kind in _REACHED:
        return None
    return newest.stop_rule or newest.stop_kind


def _matching(entries: Iterable[Entry], query: Mapping[str, str]) -> list[Entry]:
    wanted = {name: text_of(query, name) for name in _FACETS if text_of(query, name)}
    words = text_of(query, "q").casefold().split()
    return [
        entry
        for entry in entries
        if all(shown(str(_FACETS[name](entry))) == value for name, value in wanted.items())
        and (not words or _has(entry, words))
    ]


def _has(entry: Entry, words: Iterable[str]) -> bool:
    """Whether each word is somewhere in what the row shows; `name=value` of a hyperparameter too."""
    if entry.text is None:
        entry.text = _text(entry)
    return all(word in entry.text for word in words)


def _text(entry: Entry) -> str:
    run, newest = entry.run, entry.newest
    found = [run.id, run.configuration.id, run.model, *(f"{k}={v}" for k, v in run.configuration.values.items())]
    if newest is not None:
        found += [newest.phase, newest.stop_kind or "", newest.stop_rule or "", newest.stop_reason or "", newest.worker]
    return shown("\n".join(found)).casefold()


_FACETS: Mapping[str, Callable[[Entry], str | None]] = {
    "model": lambda entry: entry.run.model,
    "state": lambda entry: entry.state,
    "phase": lambda entry: entry.newest.phase if entry.newest else None,
    "stop": stop_name,
}


def _facets(entries: Iterable[Entry]) -> dict[str, list[str]]:
    entries = list(entries)
    return {name: sorted({value for e in entries if (value := of(e))}) for name, of in _FACETS.items()}


_COLUMNS: Mapping[str, Callable[[Entry], object]] = {
    **_FACETS,
    "run": lambda entry: entry.run.number,
    "number": lambda entry: entry.run.number,
    "configuration": lambda entry: entry.run.configuration.id,
    "seed": lambda entry: entry.run.seed,
    "rung": lambda entry: entry.newest.to_step if entry.newest else None,
    "steps": steps_of,
    "score": score_of,
    "seconds": lambda entry: entry.seconds,
    "gpu_seconds": lambda entry: entry.seconds,
    "started": lambda entry: entry.segments[0].started if entry.segments else None,
    "ended": lambda entry: entry.newest.ended if entry.newest else None,
    "worker": lambda entry: entry.newest.worker if entry.newest else None,
}


def _order(name: str) -> Callable[[Entry], object]:
    """What to sort by: a column, or else a hyperparameter of that name."""
    return _COLUMNS.get(name, lambda entry: entry.run.configuration.values.get(name))


_NOTHING = (2, 0.0, "")


def _sortable(value: object) -> tuple[int, float, str]:
    """Numbers before texts, nothing and NaN last."""
    if isinstance(value, (bool, int, float)):
        return (0, float(value), "") if math.isfinite(value) else _NOTHING
    return _NOTHING if value in (None, "") else (1, 0.0, str(value))
