"""How a store's methods become transactions: one controller at a time, and none lost or doubled with its connection.

A connection that breaks while a transaction commits leaves it open whether it went through. So each writing
transaction of a controller leaves a mark of its own in the study's lease, and the next try looks for it first, once
it has the study to itself: by then the broken one is over, one way or the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine

from rltune.clock import Clock
from rltune.errors import StoreError
from rltune.store import lease, writing
from rltune.store.engine import WRITES
from rltune.store.failures import store_errors
from rltune.store.outage import Outages
from rltune.store.scope import Scope
from rltune.words import duration

WORTH_TELLING_SECONDS = 1.0
"""An outage that took less is no event."""

R = TypeVar("R")


class Transactions:
    """Runs functions of a connection, each in a transaction of its own. They may be run again, so they must not change
    anything but the database.

    Args:
        patience: seconds to wait for a server that went away; a reader doesn't wait.
    """

    def __init__(self, engine: Engine, scope: Scope, read_only: bool, clock: Clock, patience: float) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._scope = scope
        self._read_only = read_only
        self._clock = clock
        self._outages = Outages(scope.where, clock, 0.0 if read_only else patience)
        self._token: int | None = None

    def fence(self, token: int) -> None:
        """From now on only the holder of this token writes (see `StudyStore.fence`)."""
        self._token = token

    def read(self, look: Callable[[Connection], R]) -> R:
        """What `look` returns, from one view of the whole study."""

        def attempt() -> R:
            with self._engine.begin() as connection:
                return look(connection)

        with store_errors(self._scope.where):
            found, _ = self._outages.outlast(attempt)
        return found

    def write(self, change: Callable[[Connection], R]) -> R:
        """What `change` returns, when all that it did is committed.

        Raises:
            StoreError: also if another controller has taken over, or the store is for reading only.
        """
        if self._read_only:
            raise StoreError(
                "the store was opened for reading only",
                where=self._scope.where,
                hint="open it with read_only=False",
            )
        mark, done = uuid4().hex, []

        def attempt() -> R:
            if done and self._token is None:
                raise _in_doubt(self._scope.where)
            with self._writer.begin() as connection:
                writing.hold_study(connection, self._scope.study)
                if done and lease.went_through(connection, self._scope.study, self._token or 0, mark):
                    return done[0]
                if self._token is not None:
                    lease.fence(connection, self._scope.study, self._token, mark, self._scope.where)
                done[:] = [change(connection)]
            return done[0]

        with store_errors(self._scope.where):
            result, away = self._outages.outlast(attempt)
        if away >= WORTH_TELLING_SECONDS:
            self._tell(away)
        return result

    def _tell(self, away: float) -> None:
        text = f"the database was away or busy for {duration(away)}; what was measured meanwhile is recorded now"
        now = self._clock.now()
        self.write(lambda connection: writing.event(connection, self._scope, "warning", text, now))


def _in_doubt(where: str) -> StoreError:
    return StoreError(
        "the connection broke in the middle of a commit, and whether that went through isn't known",
        where=where,
        hint="look at the study before you write to it again; a controller with a lease finds out by itself",
    )
