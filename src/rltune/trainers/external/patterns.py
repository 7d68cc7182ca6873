"""Regular expressions of the user's on lines of a program's: given up when one takes too long.

An expression such as `(a+)+$` takes time that doubles with each character, and the lines are a stranger's. Python's
matcher looks for signals while it works, so that an alarm can end it; only a process's main thread can set one, which
is where trials and commands run. Elsewhere nothing is limited.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rltune.errors import TrainerError

SECONDS = 5.0
"""How long one expression may take on one line. A plain one reads a line of a megabyte in milliseconds."""


class _TooLong(Exception):
    """The time is over."""


@contextmanager
def patience(pattern: re.Pattern[str], line: str, seconds: float | None = None) -> Iterator[None]:
    """Within the `with` block the pattern may work on the line for `seconds` (None: SECONDS).

    Raises:
        TrainerError: if it takes longer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    limit = SECONDS if seconds is None else seconds

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    except _TooLong:
        raise TrainerError(
            f"the regular expression {pattern.pattern!r:.200} takes more than {limit:g} s on a line of "
            f"{len(line):,} characters",
            where="pattern",
            hint=r"a repetition inside of a repetition does that, as in (\w+)*; say what may not follow, as in [^,]*",
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
