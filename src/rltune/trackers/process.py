"""The program that mirrors a running study into one tracker: `python -m rltune.trackers.process`.

A process of its own, so that nothing that a tracker's library does (waiting for a network, minutes of importing,
threads, exits, memory) can touch the study. It only reads the store. Its controller gives it one line of JSON (`Order`)
and then nothing; the end of that input, also by the controller's death, means: one last pass, then end. What a person
should know goes into a pipe whose number is its only argument, one JSON object a line; what libraries print goes to
their standard output and error.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from rltune.clock import Clock, SystemClock
from rltune.errors import RltuneError
from rltune.redaction import redacted
from rltune.store.lock import lock_holder
from rltune.store.open import open_study
from rltune.trackers.build import TRACKERS, mirror_of
from rltune.trackers.lock import MirrorLock
from rltune.trackers.mirror import Tell

GIVEN_UP = 3
"""Exit status after a message that says why. Python's own after an exception is 1."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is mirrored where.

    Attributes:
        location, study: of the store. folder: the study's. tracker, options: as in the study file.
    """

    location: str
    study: str
    folder: str
    tracker: str
    options: Mapping[str, object]

    @property
    def remedy(self) -> str:
        again = f"rltune export {shlex.quote(self.folder)} --format {self.tracker}"
        return f"the study goes on; `{again}` makes up for what is missing"

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    """Exit status: 0, or GIVEN_UP."""
    told = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    os.set_inheritable(told.fileno(), False)  # a library's own processes would hold it open
    os.nice(10)

    def tell(level: str, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # the controller is gone, and nobody listens
            print(json.dumps({"level": level, "text": redacted(text)}), file=told, flush=True)

    commands = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (unbuffered: `select` watches what follows)
    order = Order(**json.loads(commands.readline()))
    try:
        mirror_until_the_end(order, tell)
    except RltuneError as error:
        tell("warning", f"the tracker {order.tracker} was given up: {error} (the study goes on)")
        return GIVEN_UP
    return 0


def mirror_until_the_end(order: Order, tell: Tell, clock: Clock | None = None) -> None:
    """Passes until the standard input ends, then a last one.

    Raises:
        RltuneError: if the store can't be read, or another process mirrors the study into the tracker.
    """
    time = clock or SystemClock()
    folder = Path(order.folder)
    with (
        MirrorLock(folder, order.tracker, time, patience=60.0),
        closing(open_study(order.location, order.study, read_only=True)) as store,
    ):
        mirror = mirror_of(
            order.tracker,
            order.options,
            store,
            folder,
            time,
            lambda level, text: tell(level, text if level == "info" else f"{text} ({order.remedy})"),
        )
        mirror.follow(_input_ended)
        last = mirror.update(alive=lock_holder(order.location, order.study) is not None, now=True)
        arrived = mirror.close()
        if last.missing or not arrived:
            things = TRACKERS[order.tracker].things
            tell(
                "warning",
                f"the tracker {order.tracker} lacks {last.missing or 'some'} of the {things} ({order.remedy})",
            )


def _input_ended(seconds: float) -> bool:
    """Waits so long for the end of the standard input."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    sys.exit(main())
