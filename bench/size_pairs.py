"""Recorded runs of the same configurations on two sizes of model, and their scores at a step.

The wide runs have the same learning rate on each size; the family's have it times 128 / width, as a study would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recorded import Recorded
from rltune.models.embedded import SHAPES


@dataclass(frozen=True)
class Pairs:
    """Runs of the same configurations on two sizes, by number."""

    group: str
    proxy: str
    target: str
    runs: tuple[tuple[Recorded, Recorded], ...]

    def scores(self, step: int) -> tuple[list[float], list[float]]:
        """Scores at a step, no worse than the untrained model's; that one's for runs that didn't get there."""
        proxy, target = zip(*self.runs, strict=True)
        return [worth(run, step) for run in proxy], [worth(run, step) for run in target]

    @property
    def rates(self) -> list[float]:
        """Learning rates on the larger size."""
        return [float(run.configuration["learning_rate"]) for _, run in self.runs]


def worth(run: Recorded, step: int) -> float:
    score = run.scores.get(step, float("nan"))
    return max(score, run.base) if np.isfinite(score) else run.base


def all_pairs(runs: Sequence[Recorded]) -> Iterator[Pairs]:
    """Each smaller size against each larger one, in both groups, as far as they are recorded."""
    found: dict[tuple[str, str], dict[int, Recorded]] = {}
    for run in runs:
        if run.seed == 0:
            found.setdefault((run.group, run.size), {})[run.number] = run
    for group in ("family", "wide"):
        sizes = [size for size in SHAPES if (group, size) in found]
        for i, proxy in enumerate(sizes):
            for target in sizes[i + 1 :]:
                small, large = found[group, proxy], found[group, target]
                both = tuple((small[n], large[n]) for n in sorted(small.keys() & large.keys()))
                if len(both) > 2:
                    yield Pairs(group, proxy, target, both)
