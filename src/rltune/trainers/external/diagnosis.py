"""Why a program failed, from its exit status and the last lines of its output.

Running out of memory says that the trial was too large for its machine, a full disk that the machine is at fault, and
sampling from NaN that the configuration diverged: three things to be told apart from a crash.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from rltune.faults.base import WORDS, Cause
from rltune.faults.texts import says


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`reason`: one line for people, beginning with the cause."""

    cause: Cause
    reason: str


_TOLD_APART = (Cause.MEMORY, Cause.DISK, Cause.DIVERGED, Cause.PREEMPTED, Cause.NODE)
_ERROR = re.compile(r"(?:^|[\s:.])(?:[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b|Exception:)")
_LONGEST = 200


def diagnose(status: int, lines: Sequence[str]) -> Diagnosis:
    """The cause of a failure.

    Args:
        status: exit status, or minus the number of the signal that ended the program.
        lines: the end of its output.
    """
    ending = describe_status(status)
    for cause in _TOLD_APART:
        found = next((line for line in reversed(lines) if says(cause, line)), None)
        if found is not None:
            return Diagnosis(cause, f"{WORDS[cause]}: the program {ending}: {_short(found)}")
    if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
        # By the kernel for lack of memory, or by a person or a scheduler: whoever knows the kernel's counters decides.
        return Diagnosis(Cause.KILLED, f"the program {ending}")
    said = next((line for line in reversed(lines) if _ERROR.search(line)), lines[-1] if lines else "")
    return Diagnosis(Cause.CRASHED, f"the program {ending}" + (f": {_short(said)}" if said else " and said nothing"))


def describe_status(status: int) -> str:
    """`ended with exit status 1`, or `was ended by signal 9 (SIGKILL)`."""
    number = -status if status < 0 else status - 128
    if status >= 0 and not (number in set(signal.Signals) and status > 128):
        return f"ended with exit status {status}"
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    return f"was ended by signal {number} ({name})"


def _short(line: str) -> str:
    text = " ".join(line.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
