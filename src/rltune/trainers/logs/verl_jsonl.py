"""verl's file logger: `{"step": 3, "data": {"critic/score/mean": 0.25, ...}}` a line; null is NaN or infinity."""

from __future__ import annotations

import json
import math
from typing import Any

from rltune.trainers.logs.base import Reading
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import canonical, lookup
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.source import Source


class VerlJsonl:
    """See the module. Lines that are none are skipped."""

    name = "verl_jsonl"

    def claims(self, head: str) -> bool:
        return any(line.lstrip().startswith("{") for line in head.splitlines())

    def read(self, source: Source) -> Reading:
        curve, bad, cut, unknown = Curve(), 0, 0, dict[str, None]()
        for line in source.lines():
            row = parse_row(line.text)
            step = step_of(row.get("step")) if row else None
            if row is None or step is None or not isinstance(row.get("data"), dict):
                if line.text.strip():
                    bad, cut = bad + line.ended, cut + (not line.ended)
                continue
            data = {n: math.nan if v is None else number_of(v) for n, v in row["data"].items()}
            unknown.update(dict.fromkeys(name for name in data if len(unknown) < 20 and not lookup(name)))
            curve.add(step, canonical({n: v for n, v in data.items() if v is not None}))
        if not len(curve):
            return Reading((), tuple(unknown), line=1)
        notes = (*counted(bad, "line", "skipped: no such JSON object"), *counted(cut, "line", "cut short: left out"))
        return Reading((curve.finish(source, self.name, notes=notes),))


def parse_row(text: str) -> dict[str, Any] | None:
    """The JSON object on a line, or None."""
    text = text.strip()
    if not text.startswith("{"):
        return None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
