"""How a trial's end is judged: from what it left on disk, how its process ended, and what the executor did to it.

Pure. A trial's own word (an outcome) counts; without one, the way the process ended tells whether it is a failure of
the trial (a crash, its limits) or says nothing about it (somebody killed it).
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace

from rltune.executors.base import Outcome
from rltune.executors.lease import STATUS_FENCED
from rltune.executors.worker import STATUS_NO_ORDER, STATUS_NO_OUTCOME
from rltune.types import FAILURES, StopKind

_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why the executor ended a trial: OUT_OF_MEMORY or FAILED for a broken limit, INTERRUPTED on request.

    `grace_seconds` is what it was given to stop by itself; None if it was given nothing.
    """

    kind: StopKind
    reason: str
    grace_seconds: float | None = None


def judge(outcome: Outcome, ending: Ending | None, forced: bool, status: int | None, out_of_memory: bool) -> Outcome:
    """The outcome with its final reason.

    Args:
        outcome: as collected from disk; kind LOST if the trial left none.
        ending: what the executor had decided, if anything. forced: the grace period ran out, it was killed.
        status: the process's wait status; None if nobody could wait for it.
        out_of_memory: True if the kernel killed something for lack of memory meanwhile.
    """
    stop = outcome.stop
    left_word = stop.kind is not StopKind.LOST
    if left_word and not (ending and ending.kind in FAILURES and stop.kind is StopKind.INTERRUPTED):
        return outcome
    if ending is not None:
        patience = ending.grace_seconds if forced else None
        tail = "" if patience is None else f"; it did not stop within {patience:g} s and was ended by force"
        return replace(outcome, stop=replace(stop, kind=ending.kind, reason=ending.reason + tail))
    kind, reason = _from_status(status, out_of_memory)
    return replace(outcome, stop=replace(stop, kind=kind, reason=f"after step {stop.step} {reason}"))


def _from_status(status: int | None, out_of_memory: bool) -> tuple[StopKind, str]:
    if status is None:
        return StopKind.LOST, "the process that had started it died"
    if not os.WIFSIGNALED(status):
        code = os.waitstatus_to_exitcode(status)
        if code == STATUS_FENCED:
            return StopKind.LOST, "its run was given to another worker"
        if code in (STATUS_NO_ORDER, STATUS_NO_OUTCOME):
            what = "read its order" if code == STATUS_NO_ORDER else "write its outcome"
            # A trial that never learned what to do says nothing of its configuration: it is given again.
            kind = StopKind.LOST if code == STATUS_NO_ORDER else StopKind.FAILED
            return kind, f"it could not {what}: the disk is full or damaged, or its folder is gone"
        return StopKind.FAILED, f"it ended with exit status {code} without an outcome"
    number = signal.Signals(os.WTERMSIG(status))
    if number is signal.SIGKILL and out_of_memory:
        return StopKind.OUT_OF_MEMORY, "the kernel killed it because memory ran out"
    if number in _FROM_OUTSIDE:
        return StopKind.LOST, f"it was killed from outside by signal {number.value} ({number.name})"
    return StopKind.FAILED, f"it crashed with signal {number.value} ({number.name})"
