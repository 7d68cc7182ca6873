"""Books the wall clock that a study spends, so that a killed study has lost about a second of it."""

from __future__ import annotations

from rltune.clock import Clock
from rltune.store.base import StudyStore

BOOK_EVERY = 1.0


class Meter:
    """Counts seconds over all sittings, by phase, and those that the optimizer took."""

    def __init__(self, store: StudyStore, clock: Clock) -> None:
        facts = store.study().facts
        self.store = store
        self.clock = clock
        self._booked = store.study().seconds
        self._last = clock.monotonic()
        self._by_phase: dict[str, float] = dict(facts.get("seconds_by_phase") or {})  # type: ignore[call-overload]
        self._ask_seconds = float(facts.get("ask_seconds") or 0.0)  # type: ignore[arg-type]

    @property
    def seconds(self) -> float:
        """Wall clock spent so far, this moment included."""
        return self._booked + self.clock.monotonic() - self._last

    def asked(self, seconds: float) -> None:
        """Adds seconds that the optimizer took to decide."""
        self._ask_seconds += seconds

    def book(self, phase: str, force: bool = False) -> None:
        """Writes down what has passed since the last time, on account of `phase`."""
        now = self.clock.monotonic()
        passed = now - self._last
        if passed < BOOK_EVERY and not force:
            return
        self._last = now
        self._booked += passed
        self._by_phase[phase] = self._by_phase.get(phase, 0.0) + passed
        self.store.add_seconds(passed)
        self.store.set_fact("seconds_by_phase", self._by_phase)
        self.store.set_fact("ask_seconds", self._ask_seconds)
