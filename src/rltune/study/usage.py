"""Where the resource-hours go: booked while the study runs, so that a killed study has lost about a second of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rltune.clock import Clock
from rltune.store.base import StudyStore
from rltune.study.budget import Resources, Spent
from rltune.types import Phase

BOOK_EVERY = 1.0
FACT = "usage"
UNIT = "usage_unit"


class Idle(StrEnum):
    """Why a GPU (or a place) that no trial holds is idle."""

    ASKING = "asking"  # the next piece of work is being chosen
    ROOM = "room"  # it is kept for a trial that needs more of them, or of the disk, than is free
    CONTROLLER = "controller"  # results are being written down, trials being started
    NOTHING = "nothing"  # the phase has no more work than is in flight
    LANDING = "landing"  # the sitting ends: trials save and stop, and no new ones are begun


HELD, STARTING = "held", "starting"
"""Of a phase's use: held by trials in all, and of that until their first training step."""


class Meter:
    """Counts seconds over all sittings, by phase, and what the GPUs (or places) were doing meanwhile."""

    def __init__(self, store: StudyStore, clock: Clock, resources: Resources) -> None:
        study = store.study()
        self.store = store
        self.clock = clock
        self.resources = resources
        self._booked = study.seconds
        self._unbooked = 0.0
        self._last = clock.monotonic()
        self._phase, self._held, self._idle = study.phase, 0.0, Idle.CONTROLLER
        self._by_phase: dict[str, float] = dict(_numbers(study.facts.get("seconds_by_phase")))
        self._ask_seconds = _number(study.facts.get("ask_seconds"))
        known = study.facts.get(FACT)
        self._usage = {str(k): dict(_numbers(v)) for k, v in known.items()} if isinstance(known, Mapping) else {}

    @property
    def phase(self) -> str:
        """What is booked now; empty before the study's first phase."""
        return self._phase

    @property
    def seconds(self) -> float:
        """Wall clock spent so far, this moment included."""
        return self._booked + self._unbooked + self.clock.monotonic() - self._last

    @property
    def gpu_seconds(self) -> float:
        """Seconds that trials have held a GPU (or a place), this moment included."""
        known = sum(use.get(HELD, 0.0) for use in self._usage.values())
        return known + self._held * (self.clock.monotonic() - self._last)

    def spent(self, committed: float = 0.0) -> Spent:
        """What the study has spent; `committed`: what trials in flight will yet take, in GPU-seconds."""
        return Spent(self.seconds, self.gpu_seconds, committed)

    def turn(self, phase: str, held: float, idle: Idle) -> None:
        """From now on so many GPUs are held by trials, and the others idle for this reason."""
        self._phase = self._phase or phase  # before the first phase of a study
        self._count()
        self._phase, self._held, self._idle = phase, held, idle

    def change(self, resources: Resources) -> None:
        """From now on these are there."""
        self._count()
        self.resources = resources

    def skip(self) -> None:
        """Leaves what has passed since the last turn out of account: nothing could run meanwhile."""
        self._last = self.clock.monotonic()

    def started(self, held: float, seconds: float) -> None:
        """Of what a trial that held so many GPUs has used, so many seconds went into its start."""
        self._add(self._phase, STARTING, held * seconds)

    def book(self, force: bool = False) -> None:
        """Writes down what has passed since the last time."""
        if self._unbooked + self.clock.monotonic() - self._last < BOOK_EVERY and not force:
            return
        self._count()
        passed, self._unbooked = self._unbooked, 0.0
        self._booked += passed
        facts = {
            "seconds_by_phase": self._by_phase,
            "ask_seconds": self._ask_seconds,
            FACT: self._usage,
            UNIT: self.resources.unit,
        }
        self.store.add_seconds(passed, facts)

    def _count(self) -> None:
        """Puts what has passed since the last turn on its accounts."""
        now = self.clock.monotonic()
        passed, self._last = now - self._last, now
        self._unbooked += passed
        self._by_phase[self._phase] = self._by_phase.get(self._phase, 0.0) + passed
        if self._idle is Idle.ASKING and self._phase == Phase.SEARCH.value:
            self._ask_seconds += passed
        self._add(self._phase, HELD, self._held * passed)
        self._add(self._phase, self._idle.value, max(0.0, self.resources.capacity - self._held) * passed)

    def _add(self, phase: str, account: str, amount: float) -> None:
        if amount:
            use = self._usage.setdefault(phase, {})
            use[account] = use.get(account, 0.0) + amount


def _numbers(value: object) -> dict[str, float]:
    return {str(k): _number(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
