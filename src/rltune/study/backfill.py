"""What may run in the gap while a trial waits until enough GPUs are free for it.

A target run of eight GPUs that waits for the last of eight proxies would leave seven idle for as long. Trials that are
expected to end before it can begin may use them (backfilling, as batch schedulers do). They can't keep it waiting: the
gap is reckoned anew from what is in flight, less a margin, and after a wait of twice what was foreseen when it began
nothing overtakes any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from rltune.study.flight import Fleet
from rltune.study.work import Work

MARGIN = 1.25
"""A trial may take so much longer than it was expected to, and no one waits for it."""
PATIENCE = 2.0
"""So many times the wait that was foreseen."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A piece of work that waits for room: its phase, the GPUs that it needs, since when (monotonic), and the seconds
    that it was expected to wait then; None: nobody knows."""

    work: Work
    phase: str
    gpus: float
    since: float
    foreseen: float | None

    def gap(self, fleet: Fleet, free: float, now: float) -> float:
        """Seconds that a trial begun now may be expected to take; 0: nothing may begin."""
        if self.foreseen is None or now - self.since > PATIENCE * self.foreseen:
            return 0.0
        left = fleet.free_in(self.gpus, free, now)
        return 0.0 if left is None else left / MARGIN
