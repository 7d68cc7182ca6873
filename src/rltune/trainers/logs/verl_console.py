"""verl's console log: `step:3 - actor/kl_loss:0.001 - critic/score/mean:0.255 - ...`, one line a step.

Such a line comes in company: colours, Ray's `(TaskRunner pid=12)`, a progress bar or another metrics line before it on
the same line, prints of other processes around it; and a model's answers, which may hold `step:3 - ` themselves. So
what counts as a metrics line is decided in `_Console`:
- at the start of a line (after such prefixes) a line with at least one metric that verl is known to log, most of whose
  parts are `name:number`, unless it has far fewer of them than the run's other lines;
- in the middle of other text only if it goes on like the run's last line: almost the same names, and many of them, at
  one of the next steps, with nothing after it;
- not if it is cut short: the log's last line, or one that another line follows without a line end;
- a line that a stray line end breaks within a number loses that number.
verl rounds to three digits, so that a learning rate of 1e-6 is logged as 0.000; it is read as it was logged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rltune.trainers.logs.base import Reading, is_training
from rltune.trainers.logs.collect import Curve, counted
from rltune.trainers.logs.names import canonical, lookup
from rltune.trainers.logs.numbers import VALUE
from rltune.trainers.logs.source import Line, Source

_START = re.compile(r"(?<![A-Za-z_/-])step:([0-9]{1,12}) - ")
_PLAN = re.compile(r"Total training steps: ([0-9]{1,9})\s*$")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PREFIX = re.compile(
    r"(?:\s|\[[0-9;]{1,10}m"  # white space, colours that lost their escape
    r"|\([^()]{0,200}pid=[0-9]+[^()]{0,100}\)"  # Ray
    r"|\[[^\[\]]{0,200}\]"  # [rank0], [repeated 2x across cluster], [2025-01-01 10:00:00]
    r"|[0-9]{1,4}:(?=\s)"  # srun --label
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?"
    r"|(?:INFO|DEBUG|WARNING|stdout|stderr)\b|[FP](?=\s)|[:|-](?=\s)"
    r")*"
)
_BEFORE = re.compile(
    r"(?:\([^()]{0,200}pid=[0-9]+[^()]{0,100}\)|[0-9]%\|[^|]{0,300}\|[^\[\]]{0,100}(?:\[[^\[\]]{0,200}\])?)\s*$"
)
"""What ends other text for sure: Ray's prefix (something was printed without a line end), a progress bar."""

_LONGEST_PREFIX = 600
"""Characters that are looked at before a metrics line."""

_ALIKE = 0.8
_MANY = 8
_NEAR = 5
"""In the middle of text: the share of names that must be those of the last line, how many there must be, and how many
steps later it may be."""

_FEW = 1 / 3
"""A line with less than this share of the names of the run's fullest line is text, or torn."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A metrics line as parsed.

    Attributes:
        pairs: numbers by verl's name. values: by canonical name.
        pieces: how many parts there are between ` - `, parsable or not.
        last: the last part's name. decimals: digits after the point by verl's name. rest: what follows the last number.
    """

    step: int
    pairs: dict[str, float]
    values: dict[str, float]
    pieces: int
    last: str
    decimals: dict[str, int]
    rest: str

    def without_last(self) -> _Chunk:
        """The same without its last number."""
        pairs = {name: value for name, value in self.pairs.items() if name != self.last}
        return replace(self, pairs=pairs, values=canonical(pairs))


class VerlConsole:
    """See the module."""

    name = "verl_console"

    def claims(self, head: str) -> bool:
        return True  # the first step may come after any amount of other output

    def read(self, source: Source) -> Reading:
        console = _Console()
        for line in source.lines():
            if "step:" in line.text:
                console.line(line)
            elif "Total training steps:" in line.text:
                console.plan(line)
        curve = console.curve()
        if not len(curve):
            return Reading((), tuple(console.unknown)[:20], line=console.seen_at)
        notes = (
            *counted(console.text, "line", "that looked like metrics but stood in other text or were torn: left out"),
            *counted(console.cut, "line", "cut short: left out"),
            *counted(console.broken, "line", "broken within a number: the number is left out"),
        )
        return Reading((curve.finish(source, self.name, notes=notes, horizon=console.planned),))


class _Console:
    def __init__(self) -> None:
        self._steps: list[tuple[int, dict[str, float], int]] = []  # step, canonical values, names on the line
        self.text = 0
        self.cut = 0
        self.broken = 0
        self.unknown: dict[str, None] = {}
        self.seen_at: int | None = None
        self.planned: int | None = None  # the run's number of steps; after a restart the newest
        self._last: _Chunk | None = None  # the last accepted training line
        self._most = 0  # names of the fullest training line

    def plan(self, line: Line) -> None:
        text = _ANSI.sub("", line.text[-_LONGEST_PREFIX:])
        found = _PLAN.search(text)
        if found and int(found[1]) and _PREFIX.fullmatch(text[: found.start()]):
            self.planned = int(found[1])

    def line(self, line: Line) -> None:
        text = _ANSI.sub("", line.text) if "\x1b" in line.text else line.text
        starts = list(_START.finditer(text))
        free = 0  # where the text begins that no metrics line has taken
        for number, here in enumerate(starts, start=1):
            following = starts[number] if number < len(starts) else None
            end = following.start() if following else len(text)
            chunk = _parse(int(here[1]), text[here.end() : end])
            before = text[max(free, here.start() - _LONGEST_PREFIX) : here.start()]
            if not self._is_metrics(chunk, before):
                self._reject(chunk, line.number)
                continue
            free = end - len(chunk.rest)
            if (following or not line.ended) and self._is_cut(chunk):
                self.cut += 1
            elif self._is_broken(chunk):
                self.broken += 1
                self._accept(chunk.without_last())
            else:
                self._accept(chunk)

    def curve(self) -> Curve:
        """What was read. Only now it is known what a full line is: text before the first may have looked like one."""
        curve = Curve()
        for step, values, names in self._steps:
            if is_training(values) and names < _FEW * self._most:
                self.text += 1
            else:
                curve.add(step, values)
        return curve

    def _is_metrics(self, chunk: _Chunk, before: str) -> bool:
        if not chunk.values or len(chunk.pairs) * 2 < chunk.pieces:
            return False
        if not any("/" in name and lookup(name) for name in chunk.pairs):
            return False
        if _PREFIX.fullmatch(before) or _BEFORE.search(before):
            return not is_training(chunk.values) or len(chunk.pairs) >= _FEW * self._most
        if self._last is None or len(chunk.pairs) < _MANY or chunk.rest.strip():
            return False
        if not self._last.step < chunk.step <= self._last.step + _NEAR:
            return False
        return len(chunk.pairs.keys() & self._last.pairs.keys()) >= _ALIKE * len(self._last.pairs)

    def _is_cut(self, chunk: _Chunk) -> bool:
        """Whether a line without an end of its own lacks some of its end, as far as the line before it tells."""
        last = self._last
        if last is None or not is_training(chunk.values):
            return False
        if chunk.last != last.last:
            return True
        return lookup(chunk.last) is not None and self._is_shorter(chunk)

    def _is_broken(self, chunk: _Chunk) -> bool:
        """Whether a line ends where the one before went on, in a number with fewer digits than it had there."""
        return self._last is not None and chunk.last != self._last.last and self._is_shorter(chunk)

    def _is_shorter(self, chunk: _Chunk) -> bool:
        before = self._last.decimals if self._last else {}
        return chunk.decimals.get(chunk.last, 0) < before.get(chunk.last, 0)

    def _accept(self, chunk: _Chunk) -> None:
        self._steps.append((chunk.step, chunk.values, len(chunk.pairs)))
        if is_training(chunk.values):
            self._last = chunk
            self._most = max(self._most, len(chunk.pairs))

    def _reject(self, chunk: _Chunk, number: int) -> None:
        if chunk.pairs:
            self.text += 1
            self.seen_at = self.seen_at or number
            if len(self.unknown) < 20:
                self.unknown.update(dict.fromkeys(name for name in chunk.pairs if not lookup(name)))


def _parse(step: int, text: str) -> _Chunk:
    pieces = text.split(" - ")
    pairs: dict[str, float] = {}
    decimals: dict[str, int] = {}
    last, rest = "", text
    for number, piece in enumerate(pieces, start=1):
        name, _, value = piece.rpartition(":")  # a validation set's name may hold a colon, a number can't
        found = VALUE.fullmatch(value.strip())
        if found is None:
            name, _, value = piece.partition(":")  # but the repr of one can
            found = VALUE.fullmatch(value.strip())
        if found is None and number == len(pieces) and (loose := re.search(r"^([^:]*):(?=\S)", piece)):
            # What follows the last value may hold anything: another prefix, a progress bar, a print.
            name, found = loose[1], VALUE.match(piece, loose.end())
        name = name.strip()
        last = name or piece.strip()
        if found is None or not name or any(c.isspace() for c in name):
            rest = piece if number == len(pieces) else rest
            continue
        pairs[name] = float(found[1])
        decimals[name] = len(found[1].partition(".")[2])
        rest = found.string[found.end() :] if found.string is piece else ""
    return _Chunk(step, pairs, canonical(pairs), len(pieces), last, decimals, rest)
