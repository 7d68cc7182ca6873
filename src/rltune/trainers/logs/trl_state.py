"""TRL's trainer_state.json (in each checkpoint): `log_history` is what was logged, with full precision.

A bare list of such entries, as `json.dump(trainer.state.log_history, ...)` writes it, is read too. A null is NaN: TRL
drops NaN before it averages and logs null where nothing is left.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from rltune.trainers.logs.base import Reading
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import canonical, lookup
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.rollouts import Entry, to_rollout_steps, updates_per_step
from rltune.trainers.logs.source import Source

_BARE_LIST = re.compile(r"\[\s*\{")


class TrlState:
    """See the module."""

    name = "trl_state"

    def claims(self, head: str) -> bool:
        text = head.lstrip()
        return bool(_BARE_LIST.match(text)) or (text.startswith("{") and not _is_row(text))

    def read(self, source: Source) -> Reading:
        try:
            content = json.loads(source.text())
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            return Reading((), (), f"the JSON is cut or damaged: {error}", line)
        history = content.get("log_history") if isinstance(content, dict) else content
        if not isinstance(history, list):
            return Reading((), (), "expected the key 'log_history' of a trainer_state.json", 1)
        entries, unknown, bad = _entries(history)
        if not entries:
            problem = "log_history is empty: nothing was logged before this checkpoint" if not history else None
            return Reading((), unknown, problem, 1)
        steps, notes = to_rollout_steps(entries)
        curve = Curve()
        for step, values in steps:
            curve.add(step, values)
        skipped = counted(bad, "entry", "without a step: left out")
        planned = step_of(content.get("max_steps")) if isinstance(content, dict) else None  # in updates
        horizon = math.ceil(planned / updates_per_step(entries)) if planned else None
        return Reading((curve.finish(source, self.name, notes=(*notes, *skipped), horizon=horizon),))


def _is_row(text: str) -> bool:
    """Whether the first line is a whole object that isn't a trainer's state: JSON lines."""
    line = text.partition("\n")[0].strip()
    return line.endswith("}") and '"log_history"' not in line


def _entries(history: Sequence[Any]) -> tuple[list[Entry], tuple[str, ...], int]:
    entries: list[Entry] = []
    unknown: dict[str, None] = {}
    bad, seen_at, seen = 0, 0, 0.0
    for row in history:
        step = step_of(row.get("step")) if isinstance(row, dict) else None
        if step is None:
            bad += 1
            continue
        numbers = {n: math.nan if v is None else number_of(v) for n, v in row.items() if n not in ("step", "epoch")}
        values = canonical({n: v for n, v in numbers.items() if v is not None})
        unknown.update(dict.fromkeys(name for name in numbers if len(unknown) < 20 and not lookup(name)))
        tokens = number_of(row.get("num_tokens"))  # all tokens of the run so far
        if tokens is not None and step > seen_at:
            if values and tokens >= seen:
                values.setdefault("tokens", (tokens - seen) / (step - seen_at))
            seen_at, seen = step, tokens
        if values:
            entries.append((step, values))
    return entries, tuple(unknown), bad
