"""JSON lines: `{"step": 3, "reward": 0.5, ...}` a line, with canonical or any trainer's names.

Several runs may share a file, told apart by `run`. A null is NaN, but a null score means that the step wasn't
validated: that is how tables with gaps are written. Numbers may be written `{"$float": "nan"}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rltune.trainers.logs.base import Reading
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import STEP_NAMES, canonical, lookup
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.source import Source
from rltune.trainers.logs.verl_jsonl import parse_row

_META = frozenset({*STEP_NAMES, "run", "time", "timestamp", "_timestamp", "_runtime", "epoch"})


class JsonLines:
    """See the module. Lines that are no JSON object with a step are skipped."""

    name = "json_lines"

    def claims(self, head: str) -> bool:
        return any(line.lstrip().startswith("{") for line in head.splitlines())

    def read(self, source: Source) -> Reading:
        curves: dict[str | None, Curve] = {}
        bad, cut, unknown, first = 0, 0, dict[str, None](), None
        for line in source.lines():
            row = parse_row(line.text)
            step = step_of_row(row) if row else None
            if row is None or step is None:
                if line.text.strip():
                    bad, cut = bad + line.ended, cut + (not line.ended)
                continue
            first = first or line.number
            unknown.update(dict.fromkeys(n for n in row if len(unknown) < 20 and n not in _META and not lookup(n)))
            run = row.get("run")
            if values := canonical(numbers_of_row(row)):
                curves.setdefault(None if run is None else str(run), Curve()).add(step, values)
        notes = (
            *counted(bad, "line", "skipped: no JSON object with a step"),
            *counted(cut, "line", "cut short: left out"),
        )
        runs = tuple(curve.finish(source, self.name, run, notes) for run, curve in curves.items())
        return Reading(runs, tuple(unknown), line=first)


def step_of_row(row: Mapping[str, Any]) -> int | None:
    """The step number of a row, whatever it is called; None if it has none."""
    return next((step for name in STEP_NAMES if (step := step_of(row.get(name))) is not None), None)


def numbers_of_row(row: Mapping[str, Any]) -> dict[str, float]:
    """What is a number in a row, by name."""
    numbers = {}
    for name, value in row.items():
        if isinstance(value, dict) and len(value) == 1:
            value = value.get("$float", value)
        number = math.nan if value is None and not name.startswith("score/") else number_of(value)
        if number is not None:
            numbers[name] = number
    return numbers
