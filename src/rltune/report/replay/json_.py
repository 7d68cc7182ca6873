"""A replay as JSON: plain values, and null for what isn't there or isn't a finite number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from rltune.analysis.log_replay import LogReplay
from rltune.analysis.replay import Judged, Share, Verdict
from rltune.report.replay.words import abstained
from rltune.stopping.base import Decision
from rltune.stopping.labels import DEFINITION
from rltune.stopping.replay import is_timed


def curve_lines(replayed: LogReplay) -> Iterator[dict[str, object]]:
    """One object a curve; of several sets the first fills the top level, and `presets` has all of them."""
    several = len(replayed.sets) > 1
    for number, run in enumerate(replayed.runs):
        first = replayed.judged[0][number]
        timed = is_timed(run.training)
        line = {
            "file": run.source,
            "run": run.run,
            "group": replayed.groups[number],
            "preset": replayed.sets[0].name,
            **_stopped(first),
            **_why(first.replayed.stop),
            "steps": first.replayed.last_step,
            "fate": first.label.fate.value,
            "end": _finite(first.label.end),
            "lost_at": first.label.lost,
            "abstained": {rule: abstained(reason) for rule, reason in first.replayed.abstentions.items()},
            "seconds": _finite(first.replayed.seconds) if timed else None,
            "saved_seconds": _finite(first.replayed.saved_seconds) if timed else None,
            "notes": list(run.notes),
        }
        if several:
            pairs = zip(replayed.sets, replayed.judged, strict=True)
            line["presets"] = {each.name: _stopped(judged[number]) for each, judged in pairs}
        yield line


def summary(replayed: LogReplay) -> dict[str, object]:
    """The verdict on each set, as one object."""
    return {
        "runs": len(replayed.runs),
        "groups": len(set(replayed.groups)),
        "definition": DEFINITION,
        "presets": {
            each.name: {"rules": [dict(rule) for rule in each.rules], **_verdict(verdict)}
            for each, verdict in zip(replayed.sets, replayed.verdicts, strict=True)
        },
    }


def _stopped(judged: Judged) -> dict[str, object]:
    stop = judged.replayed.stop
    if stop is None:
        return {"stopped_at": None, "rule": None, "reason": None}
    return {"stopped_at": stop.step, "rule": stop.rule, "reason": stop.reason}


def _why(stop: Decision | None) -> Mapping[str, object]:
    if stop is None:
        return {"kind": None, "values": {}}
    return {"kind": stop.kind.value, "values": {name: _finite(value) for name, value in stop.values.items()}}


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "died": verdict.died,
        "stopped": verdict.stopped,
        "recall": _share(verdict.recall),
        "precision": _share(verdict.precision),
        "precision_dying": _share(verdict.precision_dying),
        "good_lost": _share(verdict.good_lost),
        "best_lost": _share(verdict.best_lost),
        "caught": _finite(verdict.caught),
        "saved": _finite(verdict.saved),
        "cost_unit": "seconds" if verdict.timed else "steps",
        "when": _finite(verdict.when),
        "by_rule": dict(verdict.by_rule),
        "by_fate": {fate.value: _share(value) for fate, value in verdict.by_fate.items()},
    }


def _share(share: Share) -> dict[str, object]:
    low, high = share.interval
    return {
        "count": share.count,
        "total": share.total,
        "value": _finite(share.value),
        "interval": [_finite(low), _finite(high)],
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
