"""Brings a tracker up to the store, pass by pass, and tells each trouble once.

A mirror after each commit, not a queue in the controller: the store has everything, so nothing is lost by a kill, an
outage or a tracker that was added later, and the same code serves a running study and one that ended long ago.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rltune.analysis.records import ReadableStore
from rltune.clock import Clock
from rltune.errors import StoreError, TrackerError
from rltune.redaction import redacted
from rltune.trackers.base import EvaluationTracker, Tracker
from rltune.trackers.contents import Contents, Item, runs
from rltune.trackers.view import tracked_study

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds until a tracker that failed is tried again; doubled after each failure."""
SHORTEST_PAUSE = 2.0
"""Seconds between two passes, at least."""
IDLE_SHARE = 20.0
"""A pass is followed by a pause of so many times its length: large studies take seconds to read."""
GIVE_UP_AFTER = 3
"""After so many items that couldn't be written, a pass leaves the others for the next one: it isn't the items."""

Tell = Callable[[str, str], None]
"""(level, text): something that a person should know."""


@dataclass(slots=True)
class Mirrored:
    """How a pass went: items (`rltune.trackers.contents`) written, there already, and that couldn't be written."""

    written: int = 0
    current: int = 0
    missing: int = 0


class Mirror:
    """One tracker of one study.

    Args:
        build: makes the tracker; may take long, and may fail like everything else of a tracker.
        tell: called for the first of several equal failures, and when they are over.
        contents: what of the study goes into it.
    """

    def __init__(
        self,
        name: str,
        build: Callable[[], Tracker],
        store: ReadableStore,
        clock: Clock,
        tell: Tell,
        contents: Contents = runs,
    ) -> None:
        self.name = name
        self.build = build
        self.store = store
        self.clock = clock
        self.tell = tell
        self.contents = contents
        self._tracker: Tracker | None = None
        self._there: dict[str, str] = {}
        self._trouble: str | None = None
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def update(self, *, alive: bool = True, now: bool = False) -> Mirrored:
        """One pass: writes every item that has changed. Never raises because of the tracker.

        Args:
            alive: whether a controller is at work (`tracked_runs`). now: even if a failed tracker should rest.

        Raises:
            StoreError: if the store can't be read.
        """
        items = self.contents(self.store, alive)
        if not now and self.clock.monotonic() < self._not_before:
            return Mirrored(missing=_counted(items))
        done = Mirrored()
        failures = 0
        try:
            tracker = self._ready(items)
        except StoreError:
            raise
        except Exception as error:
            self._failed(error)
            return Mirrored(missing=_counted(items))
        for position, item in enumerate(items):
            if item.settled and self._there.get(item.key) == item.digest:
                done.current += item.counted
                continue
            try:
                item.send(tracker)
            except StoreError:
                raise
            except Exception as error:
                self._failed(error)
                failures += 1
                if failures == GIVE_UP_AFTER:
                    done.missing = failures + _counted(items[position + 1 :])
                    return done
                continue
            self._there[item.key] = item.digest
            done.written += item.counted
        done.missing = failures
        if not failures:
            self._recovered()
        return done

    def follow(self, ended: Callable[[float], bool], alive: Callable[[], bool] = lambda: True) -> None:
        """Passes until `ended`, which waits the seconds that it is given, says so.

        Raises:
            StoreError: if the store can't be read.
        """
        pause = 0.0
        while not ended(pause):
            began = self.clock.monotonic()
            self.update(alive=alive())
            pause = max(SHORTEST_PAUSE, IDLE_SHARE * (self.clock.monotonic() - began))

    def close(self) -> bool:
        """Frees the tracker; False if that failed, so that the newest writes may not have arrived."""
        if self._tracker is None:
            return True
        try:
            self._tracker.close()
        except Exception as error:
            self._failed(error)
            return False
        self._tracker = None
        return True

    @property
    def place(self) -> str:
        """Where a person finds what was written; empty if the tracker couldn't be opened."""
        return redacted(self._tracker.place) if self._tracker is not None else ""

    def _ready(self, items: Sequence[Item]) -> Tracker | None:
        """The tracker, open, and rid of what contradicts the store; None while there is nothing to be written."""
        if self._tracker is None and items:
            tracker = self.build()
            self._there = dict(tracker.open(tracked_study(self.store.study())))
            self._tracker = tracker
        if isinstance(self._tracker, EvaluationTracker):
            self._there = dict(self._tracker.settle({item.key: item.digest for item in items}))
        return self._tracker

    def _failed(self, error: Exception) -> None:
        """Tells it, unless the same was told before, and lets the tracker rest."""
        now = self.clock.monotonic()
        if now >= self._not_before:  # once a pass, however many runs fail in it
            self._not_before = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        text = str(error).strip() or type(error).__name__
        told = f"{type(error).__name__}: {text[:80]}"
        if told == self._trouble:
            return
        self._trouble = told
        shown = text if isinstance(error, TrackerError) else f"{type(error).__name__}: {' '.join(text.split())[:400]}"
        # A library's message may quote an address with a password in it.
        self.tell("warning", redacted(f"the tracker {self.name} can't be written: {shown}"))

    def _recovered(self) -> None:
        self._not_before, self._pause = 0.0, FIRST_PAUSE
        if self._trouble is not None:
            self._trouble = None
            self.tell("info", f"the tracker {self.name} is written again, and has everything")


def _counted(items: Sequence[Item]) -> int:
    return sum(item.counted for item in items)
