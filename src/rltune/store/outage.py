"""A database server that goes away in the middle: transactions are tried again, with growing pauses, within bounds.

Trials go on meanwhile (what they measure lies in their folders), so that nothing but decisions waits for the server.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from rltune.clock import Clock
from rltune.words import duration

PATIENCE_SECONDS = 300.0
"""How long a controller waits for its database: a server's restart and a failover take less."""
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0

_PASSING_CLASSES = ("08", "57P")  # SQLSTATE: connection lost; shut down, crashed or still starting
_PASSING = ("25P03", "40001", "40P01", "53300")  # ended while frozen, serialization, deadlock, too many connections

R = TypeVar("R")

logger = logging.getLogger(__name__)


def is_outage(error: BaseException) -> bool:
    """Whether another try may do better: a server, or the way to it, is gone for now, or an SQLite file has so many
    writers that one of them has waited for its turn in vain (turns are taken by chance)."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # no connection could be made: then there is no code
        return isinstance(error, OperationalError)
    return state in _PASSING or state.startswith(_PASSING_CLASSES)


class Outages:
    """Tries again while the server is away.

    Args:
        patience: seconds for one outage. Once they are over, later calls try only once, until one succeeds: a
            controller that has given up must come to its end.
    """

    def __init__(self, where: str, clock: Clock, patience: float) -> None:
        self._where = where
        self._clock = clock
        self._patience = patience
        self._given_up = False

    def outlast(self, attempt: Callable[[], R]) -> tuple[R, float]:
        """The result of the first attempt that gets through, and for how many seconds there was none.

        Raises:
            DBAPIError: that of the last attempt, if the server stays away; any other at once.
        """
        begun, pause, away = self._clock.monotonic(), _FIRST_PAUSE, 0.0
        while True:
            try:
                result = attempt()
            except DBAPIError as error:
                away = self._clock.monotonic() - begun
                if not is_outage(error) or self._given_up or away + pause > self._patience:
                    self._given_up = self._patience > 0 and is_outage(error)
                    raise
                if pause == _FIRST_PAUSE:
                    logger.warning(
                        "%s: the database is away or busy: waiting up to %s", self._where, duration(self._patience)
                    )
                self._clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                away = self._clock.monotonic() - begun
            else:
                self._given_up = False
                return result, away
