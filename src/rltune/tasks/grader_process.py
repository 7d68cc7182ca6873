"""The program that `rltune.tasks.grader` runs: compares answers with math-verify, one JSON line each, within limits.

It is started as a script and imports nothing of rltune, so that it is small and starts fast.

    in:  {"reference": "\\frac{1}{2}", "text": "0.5", "is_answer": true}
    out: right | wrong

The limit is processor time, not time on the clock, so that a verdict doesn't depend on what else the machine does.
"""

from __future__ import annotations

import json
import logging
import math
import os
import resource
import signal
import sys
from functools import lru_cache
from typing import Any

SECONDS = 3
"""Processor time for one comparison; the kernel ends the process between this and a second more."""

BYTES = 4 << 30
"""Address space of the process. What needs more gets a MemoryError and is wrong."""


def main() -> None:
    """Answers requests until the input ends."""
    # A trial that is told to stop finishes its step first, and needs the grades of that step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # nothing that a library prints may be taken for a reply
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    # Imported here, after the limits and the signals, and only where this runs as a program: it brings SymPy.
    import math_verify  # noqa: F401, PLC0415

    logging.disable(logging.CRITICAL)  # it warns at each comparison without a time limit of its own
    print("ready", file=replies, flush=True)
    os.dup2(nowhere, 2)  # from here on nobody reads it, and a full pipe would block
    for line in sys.stdin:
        request = json.loads(line)
        _allow(SECONDS)
        right = _equal(request["reference"], request["text"], request["is_answer"])
        print("right" if right else "wrong", file=replies, flush=True)


def _allow(seconds: int) -> None:
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])  # user and system time
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used) + seconds, hard))


def _equal(reference: str, text: str, is_answer: bool) -> bool:
    import math_verify  # noqa: PLC0415

    try:
        gold: list = list(_parsed(reference))
        found = math_verify.parse(_boxed(text) if is_answer else text, parsing_timeout=0)
        right = bool(gold) and bool(math_verify.verify(gold, found, timeout_seconds=0))
        return right and ("%" in reference + text or not _far(gold[0], found[0]))
    except Exception:  # a parser may fail in any way on what a model wrote
        return False


def _far(gold: Any, found: Any) -> bool:
    """Whether two numbers differ though math-verify takes them for equal: it rounds to six digits behind the point."""
    if not (getattr(gold, "is_number", False) and getattr(found, "is_number", False)):
        return False
    gold, found = gold.doit(), found.doit()  # math-verify leaves products and powers as they stand
    size = abs(gold.evalf())  # a SymPy number: 1/2004! is no float
    return bool(0 < size < 1e-3) and bool(abs((gold - found).evalf()) > 1e-6 * size)


@lru_cache(maxsize=65_536)
def _parsed(reference: str) -> tuple[object, ...]:
    import math_verify  # noqa: PLC0415

    return tuple(math_verify.parse(_boxed(reference), parsing_timeout=0))


def _boxed(answer: str) -> str:
    # Boxed, a bare LaTeX answer such as \frac{1}{2} is recognized as one.
    return f"\\boxed{{{answer}}}"


if __name__ == "__main__":
    main()
