"""What a trial needs of a cluster, and whether that is there. Pure: knows no Ray.

A node's resources are a mapping of Ray's names (CPU, GPU, and what a cluster's owner has named) to amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Resources = Mapping[str, float]

CPU, GPU = "CPU", "GPU"
_SLACK = 1e-6  # amounts are sums and differences of fractions


@dataclass(frozen=True, slots=True)
class Needs:
    """CPUs, GPUs (a fraction: a share of one) and (name, amount) of other resources that one node must have free."""

    cpus: float
    gpus: float
    others: tuple[tuple[str, float], ...] = ()

    @property
    def amounts(self) -> dict[str, float]:
        """By Ray's names; what isn't needed is left out."""
        return {name: n for name, n in ((CPU, self.cpus), (GPU, self.gpus), *self.others) if n > 0}

    def fit(self, free: Resources) -> bool:
        """Whether a node with so much free has room."""
        return all(free.get(name, 0.0) + _SLACK >= amount for name, amount in self.amounts.items())

    def __str__(self) -> str:
        return describe(self.amounts)


def describe(resources: Resources) -> str:
    """In words: `2 CPU, 0.5 GPU`. Without what Ray adds itself (memory, its own marks)."""
    own = {name: n for name, n in resources.items() if ":" not in name and "memory" not in name}
    return ", ".join(f"{amount:g} {name}" for name, amount in sorted(own.items())) or "nothing"


def less(free: Resources, needs: Needs) -> dict[str, float]:
    """What is left when it has been placed there."""
    return {**free, **{name: free.get(name, 0.0) - amount for name, amount in needs.amounts.items()}}


def more(free: Resources, needs: Needs) -> dict[str, float]:
    """What is there when it has gone."""
    return {**free, **{name: free.get(name, 0.0) + amount for name, amount in needs.amounts.items()}}


def has_room(needs: Needs, free: Mapping[str, Resources], waiting: Sequence[Needs]) -> bool:
    """Whether it has room beside those that are asked for already but aren't placed yet.

    Args:
        free: by node. waiting: they are taken to go where they fit first.
    """
    left = dict(free)
    for other in waiting:
        node = next((name for name, resources in left.items() if other.fit(resources)), None)
        if node is not None:
            left[node] = less(left[node], other)
    return any(needs.fit(resources) for resources in left.values())


def how_many(needs: Needs, totals: Mapping[str, Resources]) -> int:
    """How many such trials all nodes together hold at once."""
    return sum(
        min((int((resources.get(name, 0.0) + _SLACK) / amount) for name, amount in needs.amounts.items()), default=0)
        for resources in totals.values()
    )


def largest(totals: Mapping[str, Resources]) -> Resources:
    """The resources of the node with the most GPUs, then CPUs; none without nodes."""
    return max(totals.values(), key=lambda r: (r.get(GPU, 0.0), r.get(CPU, 0.0)), default={})
