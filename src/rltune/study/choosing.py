"""What to start next: what people have asked for, the phase's own work, work that a later phase is certain to need, or
what fits into a gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rltune.study.backfill import Waiting
from rltune.study.budget import Resources
from rltune.study.estimates import Estimates
from rltune.study.flight import Fleet
from rltune.study.phases import Fitted, Foresees, StudyPhase, not_running
from rltune.study.usage import Idle
from rltune.study.work import Score, Train, View, Work, model_of
from rltune.types import History

AGAIN_AFTER = 10.0
"""Seconds after which a phase that had nothing to start is asked once more though nothing is new: it may wait for a
moment."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A piece of work to start now, the phase that wants it, and the seconds that it is expected to take, if known."""

    work: Work
    phase: str
    expected: float | None


class Chooser:
    """Chooses for places that are free.

    What needs more GPUs than are free waits for them. Meanwhile nothing may begin but what is expected to end before
    it could begin (`rltune.study.backfill`). Where a phase has nothing more to start, work of later phases that is
    certain to be needed takes the places that would stay empty.

    Args:
        phases: of the study, in order. look: the view, for trials of at most so many seconds.

    Attributes:
        waiting: the work that waits for room.
        idle: why the last call chose nothing.
    """

    def __init__(
        self, phases: Sequence[StudyPhase], resources: Resources, estimates: Estimates, look: Callable[[float], View]
    ) -> None:
        self.phases = phases
        self.resources = resources
        self.estimates = estimates
        self.look = look
        self.waiting: Waiting | None = None
        self.idle = Idle.NOTHING
        self._nothing_in: History | None = None
        self._nothing_at = 0.0
        self._no_filler_in: History | None = None
        self._no_score_in: History | None = None
        self._due = math.inf

    def forget(self) -> None:
        """Lets go of what waits: another phase begins, which asks for it again if it is still wanted."""
        self.waiting = self._nothing_in = self._no_filler_in = self._no_score_in = None

    def next(self, phase: StudyPhase, fleet: Fleet, has_room: Callable[[Work], bool], now: float) -> Choice | None:
        """What to start now, or None. Once something waits anew, or has waited too long, the next call chooses what may
        run meanwhile, or instead."""
        if self.waiting is None:
            choice = self._asked(phase, now)
            self.idle = Idle.NOTHING
            if choice is None or not fleet or has_room(choice.work):
                return choice
            gpus = self.resources.units(model_of(choice.work))
            self.waiting = Waiting(choice.work, choice.phase, gpus, now, fleet.free_in(gpus, self._free(fleet), now))
            return None
        self.idle = Idle.ROOM
        choice = self.again(self.waiting.work, self.waiting.phase)
        if choice is not None and fleet and not has_room(choice.work):
            return self._filler(phase, fleet, has_room, now)
        self.waiting = None
        return choice

    def again(self, work: Work, phase: str) -> Choice | None:
        """Work that has waited, as much of it as still ends in time; None: it has waited too long."""
        if isinstance(work, Train) and work.proposal in self.look(math.inf).asked:
            return self._choice(work, phase)  # whoever asked for it wants it whatever time is left
        wanting = next((p for p in self.phases if p.name == phase), None)
        still = wanting.still(work, self.look(math.inf)) if isinstance(wanting, Fitted) else work
        return None if still is None else self._choice(still, phase)

    def passing(self, phase: StudyPhase, has_room: Callable[[Work], bool], now: float) -> Choice | None:
        """A score to start while what is to be trained waits for the disk, by the phase or by one that foresees it.
        With nothing new, and nothing due that had to rest, none is asked for again for a while."""
        view = self.look(0.0)  # with no time for a trial, so that none is chosen in vain
        if self._asked_already(self._no_score_in, view, now):
            return None
        later = [p for p in self._later(phase) if isinstance(p, Foresees)]
        for name, ask in ((phase.name, phase.next), *((p.name, p.ahead) for p in later)):
            passed: list[Work] = []
            while (work := ask(replace(view, running=(*view.running, *passed)))) is not None and work not in passed:
                if isinstance(work, Score) and has_room(work):
                    return self._choice(work, name)
                passed.append(work)
        self._no_score_in, self._nothing_at, self._due = view.history, now, view.next_due
        return None

    def _asked_already(self, before: History | None, view: View, now: float) -> bool:
        """Whether there was nothing a moment ago, and nothing has changed since. By both clocks: what rests does so by
        the one that may be set."""
        return view.history is before and now < self._nothing_at + AGAIN_AFTER and view.now < self._due

    def _later(self, phase: StudyPhase) -> Sequence[StudyPhase]:
        return self.phases[list(self.phases).index(phase) + 1 :]

    def _asked(self, phase: StudyPhase, now: float) -> Choice | None:
        """What the phase wants, or else what a later one will. With nothing new, and nothing due that had to rest,
        neither is asked again for a while."""
        view = self.look(math.inf)
        if self._asked_already(self._nothing_in, view, now):
            return None
        work = self._for_people(phase, view) or phase.next(view)
        if work is not None:
            return self._choice(work, phase.name)
        for later in self._later(phase):
            if isinstance(later, Foresees) and (work := later.ahead(view)) is not None:
                return self._choice(work, later.name)
        self._nothing_in, self._nothing_at, self._due = view.history, now, view.next_due
        return None

    def _for_people(self, phase: StudyPhase, view: View) -> Work | None:
        """What people have asked for goes before all else, once models are known to train."""
        return None if phase is self.phases[0] else not_running(view.asked, view)

    def _filler(self, phase: StudyPhase, fleet: Fleet, has_room: Callable[[Work], bool], now: float) -> Choice | None:
        """Work for the gap. With nothing new, and nothing due that had to rest, it isn't asked for a second time: it
        was refused for its length or its size, and the gap only gets shorter."""
        assert self.waiting is not None
        gap = self.waiting.gap(fleet, self._free(fleet), now)
        view = self.look(gap)
        if gap <= 0 or (view.history is self._no_filler_in and view.now < self._due):
            return None
        work = phase.next(view)
        if work is not None and has_room(work):
            seconds = self.estimates.seconds(work, view)
            if seconds is not None and seconds <= gap:
                return Choice(work, phase.name, seconds)
        self._no_filler_in, self._due = view.history, view.next_due
        return None

    def _choice(self, work: Work, phase: str) -> Choice:
        return Choice(work, phase, self.estimates.seconds(work, self.look(math.inf)))

    def _free(self, fleet: Fleet) -> float:
        return self.resources.capacity - fleet.held
