"""What a study may spend and has spent: wall clock, GPU-hours, or both, whichever ends first. Pure.

Notation
    T  seconds of wall clock that the budget allows, infinite if it names none      t  gone so far
    G  GPU-seconds that it allows, infinite if it names none                        g  used so far
    w  GPUs that there are (or places for trials, where trials use no GPU)
Phases plan in one number, the *whole*: W = min(T, G / w), seconds of wall clock with every GPU in use. What is *gone*
of it is W max(t / T, g / G): all of it as soon as one of the two is used up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Spent:
    """What has been used, over all sittings.

    Attributes:
        seconds: t. gpu_seconds: g, those of trials in flight included. committed: GPU-seconds that these will yet take.
    """

    seconds: float = 0.0
    gpu_seconds: float = 0.0
    committed: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """T, G and w.

    Raises:
        ValueError: if neither T nor G is a limit, or there is nothing to run on.
    """

    seconds: float
    gpu_seconds: float = math.inf
    capacity: float = 1.0

    def __post_init__(self) -> None:
        if min(self.seconds, self.gpu_seconds) == math.inf or self.capacity <= 0:
            raise ValueError(f"a budget needs a limit, and something to run on, not {self}")

    @property
    def whole(self) -> float:
        """W"""
        return min(self.seconds, self.gpu_seconds / self.capacity)

    def beyond(self, share: float) -> tuple[float, float]:
        """Seconds and GPU-seconds beyond this share of the budget."""
        seconds, gpu_seconds = (
            math.inf if limit == math.inf else (1 - share) * limit for limit in (self.seconds, self.gpu_seconds)
        )
        return seconds, gpu_seconds

    def gone(self, spent: Spent) -> float:
        """Seconds of the whole that are gone; more than the whole when it is overdrawn."""
        return self.whole * max(spent.seconds / self.seconds, spent.gpu_seconds / self.gpu_seconds)

    def gpu_share(self, spent: Spent) -> float:
        """Share of G that is used or committed; 0 if GPU-seconds aren't limited."""
        return (spent.gpu_seconds + spent.committed) / self.gpu_seconds

    def longest(self, spent: Spent, share: float, gpus: float) -> float:
        """Seconds that a trial on `gpus` GPUs may take, if all is to end within this share of the budget."""
        left = share * self.gpu_seconds - spent.gpu_seconds - spent.committed
        return max(0.0, min(share * self.seconds - spent.seconds, left / gpus))


@dataclass(frozen=True, slots=True)
class Resources:
    """What trials run on.

    Attributes:
        slots: trials at once. there: GPUs. shares: by model, GPUs that a trial has to itself; none: trials share them
            evenly. on_gpus: whether trials use GPUs; None: if there are any.
    """

    slots: int
    there: float = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    on_gpus: bool | None = None

    def now(self, slots: int, there: float) -> Resources:
        """After machines have come or gone, be it all that have GPUs: what is counted stays the same."""
        return replace(self, slots=slots, there=there, on_gpus=self._on_gpus)

    @property
    def _on_gpus(self) -> bool:
        return self.there > 0 if self.on_gpus is None else self.on_gpus

    @property
    def unit(self) -> str:
        """What is counted: GPUs, or places for trials where these use none."""
        return "GPU" if self._on_gpus else "place"

    @property
    def capacity(self) -> float:
        """w: of the GPUs those that so many trials can hold."""
        if not self._on_gpus:
            return float(self.slots)
        return float(min(self.there, self.slots * max(self.shares.values(), default=1)))

    def units(self, model: str) -> float:
        """GPUs (or places) that a trial of a model holds."""
        if not self._on_gpus:
            return 1.0
        return float(self.shares[model]) if model in self.shares else min(1.0, self.there / self.slots)
