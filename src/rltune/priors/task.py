"""An earlier study in the coordinates of a new one: what an optimizer is given.

Notation:
    n  evaluations that could be mapped; d the dimension of the new space
    x  (n, d) encodings in the new space; values outside of its intervals go on beyond 0 and 1
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rltune.types import Configuration


@dataclass(frozen=True, slots=True, eq=False)
class PriorTask:
    """One earlier study, mapped.

    Attributes:
        name: its source, for people to read.
        x: (n, d). sizes: (n,) number of parameters of what was trained. shares: (n,) of a full run that was trained, in
            (0, 1]. scores: (n,), NaN for a run that failed. runs: (n,) the same number for results of one run.
        best: configurations of the new space, the best of the earlier study first, no two alike; those of them that
            lie inside it and lived.
        weight: how much it counts, 0 to 1; None: learned from how well it predicts.
    """

    name: str
    x: np.ndarray
    sizes: np.ndarray
    shares: np.ndarray
    scores: np.ndarray
    runs: np.ndarray
    best: tuple[Configuration, ...] = ()
    weight: float | None = None

    def __len__(self) -> int:
        return len(self.scores)
