"""Quasi-random configurations. Apart from `space`, because SciPy's statistics take a second to load."""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from rltune.space.space import Space
from rltune.types import Configuration


def sobol(space: Space, count: int, seed: int) -> tuple[Configuration, ...]:
    """`count` configurations of a scrambled Sobol sequence (Owen 1998) in unit values, the same for a seed.

    A longer sequence begins with the shorter one. May repeat a configuration if the space is small.
    """
    if count <= 0:
        return ()
    engine = qmc.Sobol(len(space.names), scramble=True, rng=np.random.default_rng(seed))
    # a whole power of two keeps the balance; the rest is cut off
    points = engine.random_base2((count - 1).bit_length())
    return tuple(space.from_units(point) for point in points[:count])
