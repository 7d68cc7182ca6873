"""How far an optimizer believes earlier studies by now, and how well these have predicted.

Notation:
    n  evaluations of the study; m (n,) what one earlier study says of their configurations at the goal; y (n,) scores
    τ  Kendall's rank correlation over the pairs of evaluations of one fidelity: (C - D) / (C + D), with C pairs that m
       and y order alike and D that they order otherwise. Scores of different fidelities don't compare
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from rltune.types import History

LEAST_PAIRS = 10
"""Fewer pairs of evaluations tell nothing of how well an earlier study predicts."""


@dataclass(frozen=True, slots=True)
class Belief:
    """One earlier study, as the optimizer sees it after some evaluations.

    Attributes:
        name: of the earlier study. weight: how far it is believed, 1 is to the letter, 0 not at all, below 0 the
            contrary; `fixed`: as the study file says, not learned.
        influence: standard deviation of what it thereby adds to the predictions of what was evaluated, in those of the
            scores there: one that has nothing to say has none, however far it is believed.
        correlation: τ between what it says and what was measured, -1 to 1; None with too few pairs.
        evaluations: of the study, that it was compared with.
    """

    name: str
    weight: float
    fixed: bool
    influence: float
    correlation: float | None
    evaluations: int


@runtime_checkable
class Believes(Protocol):
    """An optimizer that learns from earlier studies."""

    def beliefs(self, history: History) -> Sequence[Belief]:
        """One for each earlier study with results in the space, in their order."""
        ...


def concordance(said: np.ndarray, scores: np.ndarray, fidelities: np.ndarray) -> float | None:
    """τ of said (n,) and scores (n,); fidelities (n, k), equal rows are one fidelity. None if fewer than
    LEAST_PAIRS tell: one pair alone is always ranked perfectly, or perfectly wrong."""
    alike = (fidelities[:, None, :] == fidelities[None, :, :]).all(-1)
    signs = np.sign(said[:, None] - said[None, :]) * np.sign(scores[:, None] - scores[None, :])
    pairs = signs[alike & np.triu(np.ones_like(alike), 1)]
    told = int(np.abs(pairs).sum())
    return float(pairs.sum() / told) if told >= LEAST_PAIRS else None
