"""The work that the executor has, what it holds, and when it is expected to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rltune.executors.base import Order
from rltune.store.base import RunRecord, SegmentRecord
from rltune.study.work import Work
from rltune.types import StepMetrics

OVERDUE = 0.1
"""What has taken longer than expected is taken to need this part of that yet."""


@dataclass(slots=True)
class InFlight:
    """A piece of work that the executor has.

    Attributes:
        phase: name of the phase that asked for it. gpus: that it holds (or places). begun: of the monotonic clock.
        expected: seconds that it takes; None: unknown. fresh: steps that aren't in the store yet. done: steps so far.
    """

    work: Work
    order: Order
    phase: str
    gpus: float
    begun: float
    expected: float | None
    run: RunRecord | None = None
    segment: SegmentRecord | None = None
    fresh: list[StepMetrics] = field(default_factory=list)
    done: int = 0

    def remaining(self, now: float) -> float | None:
        """Seconds until it ends, by what was expected, or by its own pace as soon as that is slower."""
        if self.expected is None:
            return None
        gone = now - self.begun
        paced = 0.0
        if self.segment is not None and self.done:
            steps = self.segment.to_step - self.segment.from_step
            paced = gone * (steps - self.done) / self.done
        return max(self.expected - gone, paced, OVERDUE * self.expected)


class Fleet:
    """All work in flight, by order id, in the order of its start."""

    def __init__(self) -> None:
        self._flying: dict[str, InFlight] = {}

    def __len__(self) -> int:
        return len(self._flying)

    def __iter__(self) -> Iterator[InFlight]:
        return iter(self._flying.values())

    def add(self, flying: InFlight) -> None:
        self._flying[flying.order.id] = flying

    def get(self, order_id: str) -> InFlight | None:
        return self._flying.get(order_id)

    def remove(self, order_id: str) -> None:
        del self._flying[order_id]

    @property
    def held(self) -> float:
        """GPUs (or places) in use."""
        return sum(flying.gpus for flying in self)

    def of(self, phase: str) -> bool:
        """Whether any of it was asked for by this phase."""
        return any(flying.phase == phase for flying in self)

    def committed(self, now: float) -> float:
        """GPU-seconds that it will yet take, as far as that is known."""
        return sum(flying.gpus * (flying.remaining(now) or 0.0) for flying in self)

    def tail(self, phase: str, now: float) -> float:
        """Seconds until the last work of a phase is expected to end."""
        return max((flying.remaining(now) or 0.0 for flying in self if flying.phase == phase), default=0.0)

    def free_in(self, gpus: float, free: float, now: float) -> float | None:
        """Seconds until so many GPUs are free, `free` of them now; None if that can't be told."""
        ends = sorted((left, f.gpus) for f in self if (left := f.remaining(now)) is not None)
        for left, held in ends:
            free += held
            if free >= gpus:
                return left
        return None
