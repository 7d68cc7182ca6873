"""One controller per study: a lease in its database, renewed by a heartbeat, that ends soon after its process does.

A second controller is refused while the first one lives. It takes over
- at once, if the first has let go, or is known to have ended (on this machine, processes can be looked at);
- otherwise only from one that was not heard of for `Terms.lease` seconds by the database's clock, *and* for
  `Terms.watch` seconds before our eyes, by a clock that never jumps: after a jump of the first clock all leases look
  old, and a living holder renews its own meanwhile.
Taking over raises the token, by which the store refuses whatever its former controller still writes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from rltune.clock import Clock, SystemClock
from rltune.errors import StoreError
from rltune.store import filelock, lease
from rltune.store.engine import WRITES, Access, open_engine, parse_location
from rltune.store.failures import store_errors
from rltune.store.holder import Holder
from rltune.store.lease import TERMS, Terms
from rltune.store.names import check_name
from rltune.store.open import key_of
from rltune.store.process import this_process
from rltune.store.upgrade import reader
from rltune.store.writing import hold_study
from rltune.words import duration

_PATIENCE_SECONDS = 0.5
"""How long to wait for a holder that is just going."""
_LOOK_SECONDS = 0.1
_UNHURRIED_SECONDS = 1.0


class StudyLock:
    """A lease that is held and renewed by a thread; `release` or leaving its `with` block gives it back.

    Attributes:
        token: for `StudyStore.fence`.
    """

    def __init__(self, holder: Holder, token: int, engine: Engine, study: int, clock: Clock, terms: Terms) -> None:
        self.holder = holder
        self.token = token
        self._engine = engine
        self._study = study
        self._clock = clock
        self._terms = terms
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="rltune heartbeat", daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._over.wait(self._terms.beat):
            try:
                with store_errors("heartbeat"), self._engine.begin() as connection:
                    if not lease.renew(connection, self._study, self.token, self._clock):
                        return  # taken over: the controller hears of it with its next write
            except StoreError:
                continue  # no database: the lease may run out, and is ours again if nobody took it meanwhile

    def release(self) -> None:
        """Gives the study back. Idempotent; without a database the lease just runs out."""
        if self._over.is_set():
            return
        self._over.set()
        self._heart.join()
        try:
            with store_errors("lease"), self._engine.begin() as connection:
                lease.give_back(connection, self._study, self.token)
        except StoreError:
            pass
        finally:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_study(
    location: str | Path,
    name: str,
    *,
    wait: bool = False,
    tell: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
    terms: Terms = TERMS,
) -> StudyLock:
    """Makes this process the study's controller.

    Args:
        wait: until its controller has ended, instead of refusing. tell: what is waited for, in a sentence.

    Raises:
        StoreError: if another controller holds it (the message says which), there is no such study, or the location
            can't be used.
    """
    check_name(name)
    place, time = parse_location(location), clock or SystemClock()
    engine = open_engine(place, Access.WRITE).execution_options(**{WRITES: True})
    try:
        study = key_of(engine, place, name)
        suitor = _Suitor(engine, study, place.shown, time, terms)
        token = suitor.win(name, wait, tell)
    except StoreError:
        engine.dispose()
        raise
    return StudyLock(suitor.me, token, engine, study, time, terms)


class _Suitor:
    """Tries for a lease until it has it, or knows that it can't."""

    def __init__(self, engine: Engine, study: int, where: str, clock: Clock, terms: Terms) -> None:
        self.me = Holder(os.getpid(), socket.gethostname(), clock.now())
        self._engine = engine
        self._study = study
        self._where = where
        self._clock = clock
        self._terms = terms
        self._beat: tuple[int, float] | None = None
        self._since = clock.monotonic()

    def win(self, name: str, wait: bool, tell: Callable[[str], None]) -> int:
        begun, told = self._clock.monotonic(), None
        while True:
            got = self._try()
            if isinstance(got, int):
                return got
            old = not -self._terms.lease < got.age < self._terms.lease
            if not wait and not old and self._clock.monotonic() - begun >= _PATIENCE_SECONDS:
                raise StoreError(
                    f"study {name!r} is being run by {got.holder}{self._silence(got)}",
                    where=self._where,
                    hint="one controller at a time: watch it with `rltune status`, end that process first, or wait for "
                    "its end with `rltune resume --wait`",
                )
            if told is None and (wait or old):
                told = f"study {name!r} is being run by {got.holder}{self._silence(got)}: waiting"
                tell(told)
            self._clock.sleep(_UNHURRIED_SECONDS if wait and not old else _LOOK_SECONDS)

    def _try(self) -> int | lease.Seen:
        """The token, or whom it has to wait for."""
        with store_errors(self._where), self._engine.begin() as connection:
            hold_study(connection, self._study)
            seen = lease.look(connection, self._study, self._clock)
            if seen is None or self._silent(seen):
                return lease.take(connection, self._study, this_process(), self.me, self._clock)
            return seen

    def _silent(self, seen: lease.Seen) -> bool:
        """Whether the holder was not heard of for so long that it may be taken for dead."""
        now = self._clock.monotonic()
        if seen.beat != self._beat:
            self._beat, self._since = seen.beat, now
        old = not -self._terms.lease < seen.age < self._terms.lease
        return old and now - self._since >= self._terms.watch

    def _silence(self, seen: lease.Seen) -> str:
        return f" (not heard of for {duration(seen.age)})" if seen.age > 2 * self._terms.beat else ""


def lock_holder(location: str | Path, name: str, *, clock: Clock | None = None, terms: Terms = TERMS) -> Holder | None:
    """Who runs the study now, or None. A study in state `running` that nobody holds has crashed.

    Raises:
        StoreError: if the location can't be used.
    """
    check_name(name)
    place, time = parse_location(location), clock or SystemClock()
    engine = reader(place)
    try:
        study = key_of(engine, place, name)
        with store_errors(place.shown), engine.begin() as connection:
            seen = lease.look(connection, study, time)
    finally:
        engine.dispose()
    if seen is not None and abs(seen.age) < terms.lease:
        return seen.holder
    # Only a controller of the first release locks this file: it is at work on a store that waits for its upgrade.
    return None if place.folder is None else filelock.holder(place.folder / f"{name}.lock")
