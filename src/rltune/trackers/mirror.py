"""Brings a tracker up to the store, pass by pass, and tells each trouble once.

A mirror after each commit, not a queue in the controller: the store has everything, so nothing is lost by a kill, an
outage or a tracker that was added later, and the same code serves a running study and one that ended long ago.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rltune.analysis.records import ReadableStore
from rltune.clock import Clock
from rltune.errors import StoreError, TrackerError
from rltune.redaction import redacted
from rltune.trackers.base import Status, Tracker
from rltune.trackers.view import curve_of, tracked_runs, tracked_study

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds until a tracker that failed is tried again; doubled after each failure."""
GIVE_UP_AFTER = 3
"""After so many runs that couldn't be written, a pass leaves the others for the next one: it isn't the runs."""

Tell = Callable[[str, str], None]
"""(level, text): something that a person should know."""


@dataclass(slots=True)
class Mirrored:
    """How a pass went: runs written, runs that were there already, runs that couldn't be written."""

    written: int = 0
    current: int = 0
    missing: int = 0


class Mirror:
    """One tracker of one study.

    Args:
        build: makes the tracker; may take long, and may fail like everything else of a tracker.
        tell: called for the first of several equal failures, and when they are over.
    """

    def __init__(self, name: str, build: Callable[[], Tracker], store: ReadableStore, clock: Clock, tell: Tell) -> None:
        self.name = name
        self.build = build
        self.store = store
        self.clock = clock
        self.tell = tell
        self._tracker: Tracker | None = None
        self._there: dict[str, str] = {}
        self._trouble: str | None = None
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def update(self, *, alive: bool = True, now: bool = False) -> Mirrored:
        """One pass: writes every run that has changed. Never raises because of the tracker.

        Args:
            alive: whether a controller is at work (`tracked_runs`). now: even if a failed tracker should rest.

        Raises:
            StoreError: if the store can't be read.
        """
        runs = tracked_runs(self.store, alive=alive)
        if not now and self.clock.monotonic() < self._not_before:
            return Mirrored(missing=len(runs))
        done = Mirrored()
        failures = 0
        for position, (run_id, run) in enumerate(runs):
            try:
                tracker = self._opened()
                # A run in training grows without its digest changing.
                if run.status is not Status.RUNNING and self._there.get(run.key) == run.digest:
                    done.current += 1
                    continue
                tracker.write(run, curve_of(self.store, run_id))
            except StoreError:
                raise
            except Exception as error:
                self._failed(error)
                failures += 1
                if self._tracker is None or failures == GIVE_UP_AFTER:
                    done.missing = failures + len(runs) - position - 1
                    return done
                continue
            self._there[run.key] = run.digest
            done.written += 1
        done.missing = failures
        if not failures:
            self._recovered()
        return done

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
        """Where a person finds the runs; empty if the tracker couldn't be opened."""
        return redacted(self._tracker.place) if self._tracker is not None else ""

    def _opened(self) -> Tracker:
        if self._tracker is None:
            tracker = self.build()
            self._there = dict(tracker.open(tracked_study(self.store.study())))
            self._tracker = tracker
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
