"""Python dicts that a trainer prints into its console log.

- TRL: `{'loss': '0.0012', 'reward': '0.25', ..., 'epoch': '0.01'}`, as text since transformers 5, between progress
  bars. There is no step in them, so they are numbered 1, 2, ...; where the epoch goes back, a restart repeats steps.
- OpenRLHF: `Global step 3: {'reward': 0.25, ...}`.
"""

from __future__ import annotations

import math
import re

from rltune.trainers.logs.base import Reading, is_training
from rltune.trainers.logs.collect import Curve
from rltune.trainers.logs.names import STEP_NAMES, canonical
from rltune.trainers.logs.numbers import number_of, step_of
from rltune.trainers.logs.rollouts import Entry, to_rollout_steps
from rltune.trainers.logs.source import Source

_DICT = re.compile(r"(?:Global step ([0-9]{1,12}): ?)?(\{'[^{}]*\})")
_PAIR = re.compile(r"'([^'\n]{1,300})': ?('[^']{0,300}'|[^',{}][^,{}]{0,300})(?=[,}])")
_MARKS = frozenset({"epoch", "loss", *STEP_NAMES})
"""One of these tells a trainer's log from a dict in a model's answer."""


class PrintedDicts:
    """See the module."""

    name = "printed_dicts"

    def claims(self, head: str) -> bool:
        return True  # the first step may come after any amount of other output

    def read(self, source: Source) -> Reading:
        log = _Log()
        for line in source.lines():
            if "{'" in line.text:
                log.line(line.text, line.number)
                if not line.ended and line.text.rfind("{'") > line.text.rfind("}"):
                    log.notes.append("the last line is cut: left out")
        if not log.entries:
            return Reading((), tuple(log.unknown), line=log.seen_at)
        entries, merged = (log.entries, ()) if log.numbered else to_rollout_steps(log.entries)
        curve = Curve()
        for step, values in entries:
            curve.add(step, values)
        if not log.numbered:
            log.notes.append("the log has no step numbers: its lines are numbered 1, 2, ...")
        return Reading((curve.finish(source, self.name, notes=(*log.notes, *merged)),))


class _Log:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self.unknown: dict[str, None] = {}
        self.seen_at: int | None = None
        self.numbered = False
        self._epochs: list[float] = []  # of the training lines: that of step i + 1
        self._step = 0

    def line(self, text: str, number: int) -> None:
        for match in _DICT.finditer(text):
            raw = {name: _value(value.strip()) for name, value in _PAIR.findall(match[2])}
            if not match[1] and _MARKS.isdisjoint(raw):
                continue
            values = canonical({name: value for name, value in raw.items() if value is not None})
            if not values:
                self.seen_at = self.seen_at or number
                self.unknown.update(dict.fromkeys(n for n in raw if n not in _MARKS and len(self.unknown) < 20))
                continue
            self.entries.append((self._step_of(match[1], raw, values), values))

    def _step_of(self, printed: str | None, raw: dict[str, float | None], values: dict[str, float]) -> int:
        named = step_of(printed) if printed else next((step_of(raw[n]) for n in STEP_NAMES if n in raw), None)
        if named is not None:
            self.numbered = True
            return named
        if not is_training(values):
            return self._step
        epoch = raw.get("epoch")
        if epoch is not None and self._epochs and epoch < self._epochs[-1]:
            back = next(i for i, before in enumerate(self._epochs) if before >= epoch)
            self.notes.append(
                f"the epoch goes back after line {self._step}: a restart, counted on from step {back + 1}"
            )
            del self._epochs[back:]
            self._step = back
        self._epochs.append(epoch if epoch is not None else math.nan)
        self._step += 1
        return self._step


def _value(text: str) -> float | None:
    return math.nan if text == "None" else number_of(text)
