"""The one place that decides whose fault a failure is: pure, from why a trial ended and the end of its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rltune.faults.base import FAULTS, Attribution, Cause, Fault
from rltune.faults.texts import SIGNS, STACK_OF_COLLECTIVE
from rltune.types import StopKind, StopReason

_LONGEST = 200
_BY_KIND = {StopKind.DIVERGED: Cause.DIVERGED, StopKind.OUT_OF_MEMORY: Cause.MEMORY}
_ECHO = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?|'[^']*'|\"[^\"]*\"|/\S+", re.IGNORECASE)
_HANGS = "it hangs"
_HARMLESS = re.compile(r"(?:^|[\s\[(:])(?:WARN(?:ING)?|INFO|DEBUG)\b")
"""In a line that isn't why anything ended."""


def attribute(stop: StopReason, log_tail: str = "") -> Attribution | None:
    """Whose fault an end is; None if it is no failure (reached, ended by a rule, asked to stop).

    Args:
        log_tail: the last lines of the trial's log. What it says counts after the reason, newest line first.
    """
    if stop.kind in _BY_KIND:
        return Attribution(_BY_KIND[stop.kind])
    if stop.kind not in (StopKind.FAILED, StopKind.LOST):
        return None
    lines = log_tail.splitlines()
    if stop.kind is StopKind.LOST:
        return _told(stop.reason, lines) or Attribution(Cause.KILLED)
    if stop.reason.startswith(_HANGS) and (frame := next(filter(STACK_OF_COLLECTIVE, lines), None)):
        return Attribution(Cause.COLLECTIVE, _short(frame))
    return _told(stop.reason, lines) or Attribution(Cause.CRASHED)


def settle(stop: StopReason, log_tail: str = "") -> StopReason:
    """The end as it counts: what the infrastructure or a broken study has ended says nothing of the configuration, so
    that it is LOST: the run goes on from its newest checkpoint, a broken study's once that is mended."""
    found = attribute(stop, log_tail)
    elsewhere = found is not None and found.fault in (Fault.INFRASTRUCTURE, Fault.STUDY)
    lost = stop.kind is StopKind.FAILED and elsewhere
    return replace(stop, kind=StopKind.LOST) if lost else stop


def signature(reason: str) -> str:
    """A reason without what differs between two trials that fail the same way: numbers, paths, quotations."""
    return " ".join(_ECHO.sub("#", reason).split())


def _told(reason: str, lines: Sequence[str]) -> Attribution | None:
    """The first sign of the table that the reason has, else that a line has. Memory and non-finite numbers aren't
    looked for: whoever saw the exception has decided on them, and a message may quote such words."""
    signs = [sign for sign in SIGNS if FAULTS[sign.cause] is not Fault.CONFIGURATION]
    lines = [line for line in lines if not _HARMLESS.search(line)]
    for sign in signs:
        if sign.says(reason):
            return Attribution(sign.cause, _short(reason))
    for sign in (sign for sign in signs if not sign.first):
        if line := next(filter(sign.says, reversed(lines)), None):
            return Attribution(sign.cause, _short(line))
    return None


def _short(line: str) -> str:
    text = " ".join(line.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
