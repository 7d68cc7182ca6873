"""Which hyperparameters transfer: does the target prefer other values than the proxy does?

Notation:
    n  pairs      k  columns: one for each number, k - 1 for a categorical one of k choices
    u  (n, k) coordinates in [0, 1] over each parameter's interval; 0 or 1 for a choice
    d  (n,) standardized rank on the target minus that on the proxy, in standard deviations

d is regressed on all columns of u at once. A slope of 0 means that the preference is the same; +1 that, over the whole
interval, the target prefers the large end by one standard deviation of its ranking more than the proxy does. Intervals
are percentiles over resampled pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy  # its `stats`, which takes half a second, is loaded by SciPy itself where it is first used

from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space
from rltune.types import Configuration

PAIRS_A_COLUMN = 3
"""So many pairs for each column, at least: with fewer, a regression finds what it likes."""
LEVEL = 0.95
"""Several hyperparameters are looked at once, so that each needs more than the check's own confidence."""
SMALL = 1.0
"""A difference below this, throughout its interval, is none to speak of."""
RESAMPLES = 500


class Transfers(StrEnum):
    """Whether the target prefers another value of a hyperparameter than the proxy does."""

    HOLDS = "holds"
    SHIFTS = "shifts"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Leaning:
    """One hyperparameter (of a categorical one: one choice against the first).

    Attributes:
        name: `learning_rate`, or `lr_scheduler: cosine over constant`.
        slope: in standard deviations of the ranking over the whole interval. low, high: its interval.
    """

    name: str
    slope: float
    low: float
    high: float

    @property
    def transfers(self) -> Transfers:
        if self.low > 0 or self.high < 0:
            return Transfers.SHIFTS
        return Transfers.HOLDS if max(-self.low, self.high) < SMALL else Transfers.OPEN

    @property
    def text(self) -> str:
        size = f"{self.slope:+.1f} ({self.low:+.1f} to {self.high:+.1f})"
        if self.transfers is Transfers.SHIFTS:
            return f"{self.name}: the target prefers {'more' if self.slope > 0 else 'less'} of it, {size}"
        return f"{self.name}: {'the same preference' if self.transfers is Transfers.HOLDS else 'not known'}, {size}"


def leanings(
    space: Space, configurations: Sequence[Configuration], proxy: Sequence[float], target: Sequence[float]
) -> tuple[Leaning, ...]:
    """One for each column that varies; empty if there are too few pairs, or a side is constant.

    Raises:
        SpaceError: if a configuration lacks a parameter, or has an unknown choice; numbers are moved into the space.
        ValueError: if the numbers of configurations and scores differ.
    """
    if not len(configurations) == len(proxy) == len(target):
        raise ValueError(f"equally many expected, got {len(configurations)}, {len(proxy)} and {len(target)}")
    if not configurations or np.ptp(proxy) == 0 or np.ptp(target) == 0:
        return ()
    names, u = _columns(space, configurations)
    varied = np.flatnonzero(np.ptp(u, axis=0) > 0)
    if len(varied) == 0 or len(u) < PAIRS_A_COLUMN * (len(varied) + 1):
        return ()
    u, d = u[:, varied], _standardized(target) - _standardized(proxy)
    slopes = _slopes(u, d)
    rng = np.random.default_rng(len(u))
    chosen = rng.integers(len(u), size=(RESAMPLES, len(u)))
    low, high = np.quantile([_slopes(u[i], d[i]) for i in chosen], ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return tuple(
        Leaning(names[j], float(slopes[i]), float(low[i]), float(high[i])) for i, j in enumerate(varied.tolist())
    )


def _columns(space: Space, configurations: Sequence[Configuration]) -> tuple[list[str], np.ndarray]:
    """(names (k,), u (n, k))."""
    encoded = np.array([space.encode(space.clip(configuration.values)) for configuration in configurations])
    names: list[str] = []
    kept: list[int] = []
    at = 0
    for name, parameter in space.parameters.items():
        if isinstance(parameter, CategoricalParameter):
            first, *others = parameter.choices
            names += [f"{name}: {other} over {first}" for other in others]
            kept += range(at + 1, at + 1 + len(others))
            at += len(parameter.choices)
        else:
            names.append(name)
            kept.append(at)
            at += 1
    return names, encoded[:, kept]


def _slopes(u: np.ndarray, d: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(u)), u])
    return np.linalg.lstsq(design, d, rcond=None)[0][1:]


def _standardized(scores: Sequence[float]) -> np.ndarray:
    ranks = scipy.stats.rankdata(scores)
    return (ranks - ranks.mean()) / ranks.std()
