"""The covariance of scores over configuration, fidelity and run.

Notation:
    n, q     rows of a, b (n, D), (q, D): encoding of φ (d columns), log steps, log model size, run (see `data`)
    z        (·, 2) the fidelity columns t (log steps) and m (log model size), both 1 at the goal
    u        the encoding's learning-rate column, moved to u + γ (1 - m) + δ (1 - t): the best rate drops as models
             grow and as runs get longer, and a configuration is compared with what it would be at the goal
    m, β     (·, p) what p earlier studies say of φ, and how far each is believed, β_j ~ N(b_j, τ_j²)
    mean     μ + Σ_j b_j m_j
    k        a M(φ) M(z)  +  s (φ - 1/2)·(φ' - 1/2)  +  b G(z)  +  c [same run] M(t)  +  Σ_j τ_j² m_j m_j'
             what a configuration is worth, as far as fidelities are alike; trends, which go on to the edges of the
             space (more rollouts are better); the learning curve that all configurations share; the luck of one run,
             which its rungs share
    M, G     Matern-5/2 and squared-exponential correlation, a length per column
All parameters but the shifts are positive and stand as logarithms in one vector, so that priors are normal.
"""

from __future__ import annotations

import math

import torch

from rltune.bayes.data import NO_RUN, Layout

SHIFT_SD = 0.05
"""Prior standard deviation of a shift in unit values of the learning rate: over three decades, a factor of 1.4."""

BLOCK = 256
"""Columns of k that are worked out together: with these, what is between stays in the processor's cache, which takes
less than half the time."""


def prior_of(layout: Layout) -> dict[str, tuple[float, float]]:
    """Normal prior (mean, deviation) of each entry of θ, in their order; the first d are the lengths of φ.

    Lengths of φ: median 1, three quarters of an axis for a correlation of a half; that of the learning rate, the most
    sensitive hyperparameter wherever it was looked at, a third. Lengths of z: median 2, so that the ends of an axis are
    believed alike (correlation 0.8) until data object. Variances are of standardized scores; noise and luck e^-4 each:
    validations of a few hundred answers. Luck is held near that: without second seeds it could explain anything.
    """
    prior = {f"length {i}": (math.log(1 / 3) if i == layout.rate else 0.0, 1.0) for i in range(layout.d)}
    prior |= {"length steps": (0.7, 0.7), "length size": (0.7, 0.7), "scale": (0.0, 1.0), "slope": (-1.0, 1.0)}
    prior |= {"curve steps": (0.7, 0.7), "curve size": (0.7, 0.7), "curve scale": (-1.0, 1.0)}
    prior |= {"luck": (-4.0, 0.5), "noise": (-4.0, 1.0), "mean": (0.0, 1.0)}
    if layout.rate is not None:
        prior |= {"shift size": (0.0, SHIFT_SD), "shift steps": (0.0, SHIFT_SD)}
    return prior


class Kernel:
    """k for one parameter vector θ, a double tensor that isn't changed."""

    def __init__(self, layout: Layout, theta: torch.Tensor) -> None:
        self.layout = layout
        self.theta = theta
        self._at = {name: i for i, name in enumerate(prior_of(layout))}

    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """k (..., n, q) between rows of a (..., n, D) and b (..., q, D)."""
        return torch.cat([self._block(a, part) for part in b.split(BLOCK, dim=-2)], dim=-1)

    def _block(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        d, run, z = self.layout.d, self.layout.run, slice(self.layout.steps, self.layout.run)
        a, b = self._moved(a), self._moved(b)
        alike = matern(distance(*self._scaled(slice(0, d), "length 0", a, b)))
        alike = alike * matern(distance(*self._scaled(z, "length steps", a, b)))
        trend = (a[..., :d] - 0.5) @ (b[..., :d] - 0.5).mT
        curve = torch.exp(-0.5 * squared(*self._scaled(z, "curve steps", a, b)))
        k = self.positive("scale") * alike + self.positive("slope") * trend + self.positive("curve scale") * curve
        if (a[..., run] >= 0).any() and (b[..., run] >= 0).any():  # most queries are of no run: a fifth of the time
            same = (a[..., :, None, run] == b[..., None, :, run]) & (a[..., :, None, run] >= 0)
            luck = matern(distance(*self._scaled(slice(z.start, z.start + 1), "length steps", a, b)))
            k = k + self.positive("luck") * same * luck
        return k + self._trusted(a) @ self._trusted(b).mT if self.layout.trusts else k

    def _trusted(self, a: torch.Tensor) -> torch.Tensor:
        """τ m (..., n, p): what earlier studies say, times how far one deviation of their trust reaches."""
        return a[..., self.layout.earlier] * torch.tensor([t.sd for t in self.layout.trusts], dtype=a.dtype)

    def mean(self, a: torch.Tensor) -> torch.Tensor:
        """The mean (n,) of rows of a before any data: a constant, and what earlier studies are believed at first."""
        if not self.layout.trusts:
            return self.plain("mean").expand(a.shape[:-1])
        believed = torch.tensor([t.mean for t in self.layout.trusts], dtype=a.dtype)
        return self.plain("mean") + a[..., self.layout.earlier] @ believed

    def pairs(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """k (n,) of each row of a (n, D) with the same row of b (n, D)."""
        return self(a[:, None, :], b[:, None, :])[:, 0, 0]

    def _scaled(self, columns: slice, first: str, *rows: torch.Tensor) -> list[torch.Tensor]:
        """Columns of each x divided by their lengths, which stand in θ from `first` on."""
        at = self._at[first]
        lengths = torch.exp(self.theta[at : at + columns.stop - columns.start])
        return [x[..., columns] / lengths for x in rows]

    def variance(self, a: torch.Tensor) -> torch.Tensor:
        """k(x, x) (n,) of rows of a; a run that hasn't begun has its luck ahead of it."""
        trend = (self._moved(a)[:, : self.layout.d] - 0.5).square().sum(1)
        common = self.positive("scale") + self.positive("slope") * trend + self.positive("curve scale")
        if self.layout.trusts:
            common = common + self._trusted(a).square().sum(1)
        return common + self.positive("luck") * (a[:, self.layout.run] != NO_RUN)

    def positive(self, name: str) -> torch.Tensor:
        """A parameter that stands in θ as its logarithm."""
        return torch.exp(self.theta[self._at[name]])

    def plain(self, name: str) -> torch.Tensor:
        """A parameter that stands in θ as it is: the mean, a shift. 0 if there is none of that name."""
        return self.theta[self._at[name]] if name in self._at else torch.zeros((), dtype=torch.double)

    def _moved(self, x: torch.Tensor) -> torch.Tensor:
        """x with the learning rates where they would be at the goal."""
        layout = self.layout
        if layout.rate is None:
            return x
        size, steps = 1 - x[..., layout.size], 1 - x[..., layout.steps]
        by = self.plain("shift size") * size + self.plain("shift steps") * steps
        column = torch.zeros(layout.width, dtype=x.dtype)
        column[layout.rate] = 1.0
        return x + by[..., None] * column


def squared(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Squared distances (..., n, q) of rows."""
    return (a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :] - 2 * a @ b.mT).clamp_min(0.0)


def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Distances (..., n, q) of rows; the small number keeps the gradient finite where two are equal."""
    return (squared(a, b) + 1e-12).sqrt()


def matern(r: torch.Tensor) -> torch.Tensor:
    """Matern-5/2 correlation at scaled distance r."""
    s = math.sqrt(5) * r
    return (1 + s + s.square() / 3) * torch.exp(-s)
