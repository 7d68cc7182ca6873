"""Ending what a dead controller left running."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from rltune.clock import Clock, SystemClock
from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import kill_trials, members, send

_LOOK_SECONDS = 0.05


def kill_leftovers(
    identities: Iterable[ProcessIdentity], *, grace_seconds: float = 10.0, clock: Clock | None = None
) -> list[ProcessIdentity]:
    """Ends the trials whose workers are these processes, with all that they started; returns when none is left.

    Workers get SIGTERM first, and `grace_seconds` to save a checkpoint. Recognized by pid and start time: another
    process that has been given the same pid since is never touched.

    Returns:
        The identities of which something was still running.
    """
    clock = clock or SystemClock()
    left = [identity for identity in identities if members(identity)]
    for identity in left:
        send(identity, signal.SIGTERM)
    deadline = clock.monotonic() + grace_seconds
    while clock.monotonic() < deadline and any(members(identity) for identity in left):
        clock.sleep(_LOOK_SECONDS)
    kill_trials(left)
    return left
