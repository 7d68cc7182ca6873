"""Made curves: the laws with known parameters, noise, and what happens to runs."""

from __future__ import annotations

import numpy as np

from rltune.curves.laws import LAWS
from rltune.curves.series import Array

TRUE = {
    "exponential": {"rate": 6.0},
    "sigmoid": {"middle": 0.3, "steepness": 4.0},
    "power": {"scale": 0.02, "exponent": 0.6},
}
"""Parameters of each law, with most of the gain within the run."""


def progress(n: int, horizon: int | None = None) -> Array:
    """Progress at steps 1 to n, (n,)."""
    return np.arange(1.0, n + 1) / (horizon or n)


def follow(name: str, n: int, *, noise: float = 0.0, seed: int = 0, start: float = 0.2, gain: float = 0.6) -> Array:
    """n rewards that follow a law from `start` towards `start + gain`, with normal noise."""
    level = LAWS[name].curve(start, gain, TRUE[name], progress(n))
    return level + np.random.default_rng(seed).normal(0, noise, n)


def any_law(seed: int) -> Array:
    """A whole run of 100 to 600 steps in [0, 1]: a law drawn at random, its parameters too, and normal noise."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(100, 600))
    theta = {
        "exponential": {"rate": np.exp(rng.uniform(0, 3))},
        "sigmoid": {"middle": np.exp(rng.uniform(-3, -0.5)), "steepness": rng.uniform(1, 4)},
        "power": {"scale": np.exp(rng.uniform(-4.6, -0.7)), "exponent": rng.uniform(0.3, 1.5)},
    }
    name = str(rng.choice(list(LAWS)))
    start = rng.uniform(0, 0.4)
    level = LAWS[name].curve(start, rng.uniform(0.2, 1 - start), theta[name], progress(n))
    return np.clip(level + rng.normal(0, rng.uniform(0.01, 0.05), n), 0, 1)
