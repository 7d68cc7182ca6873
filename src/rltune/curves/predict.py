"""Where a curve goes: an average over all reward laws that explain it, with what laws leave out.

No law is exact, and from a third of a run several fit equally well; the one that fits best alone is overconfident (its
bootstrap interval of nominal 80 % holds the outcome about half of the time, bench/forecast_error.py). So the
forecast is Bayesian: every law with every shape on its grid is weighed by its evidence, and a Gaussian process in log
progress stands for the drift about the law.

Notation:
    n points (binned), m grid points ahead, g shapes of all laws, q drift scales
    x (n,)   progress;  y (n,)  reward, in units of its range: 0 at the lower bound, 1 at the upper;  s  noise of a step
    R(x) = a (1 - u(x)) + e u(x) + d(x) + noise, with u = (shape - shape(x_1)) / (shape(end) - shape(x_1)):
        a  level at the first point;  e  mean level over the last tenth of the horizon
        d  drift ~ GP(0, tau^2 k), k Matern-3/2 in log(x + 3 steps), length scale ell
    C = tau^2 k(x, x) + s^2 / counts, (n, n);  a, e have a weak normal prior over the range; e is held in [0, 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import ndtr, ndtri

from rltune.curves.laws import LAWS, Law
from rltune.curves.series import Array, Series, binned, drawn_in, step_noise

TAIL = 0.1
"""The end of a run is the mean over this last share of its steps."""

# Chosen on the recorded curves of even number and tested on those of odd number (bench/forecast_error.py).
_DRIFTS = (0.01, 0.04, 0.16)  # tau
_LENGTH = 5.0  # ell, in e-folds of progress
_LEAST_NOISE = 1e-3  # rounded logs show less than there is
_PRIOR_MEAN, _PRIOR_VARIANCE = 0.5, 0.25  # of a and e
_AHEAD = 48  # grid points from the last seen step to the horizon
_DRAWS = 600


@dataclass(frozen=True, slots=True)
class Prediction:
    """Possible futures of a curve.

    Attributes:
        steps: (m,) from the last seen step to the horizon. paths: (draws, m) levels without the noise of single steps.
        noise: standard deviation of one step's reward about the level.
        law: name of the law with the largest share of the evidence, and that share (0 to 1).
    """

    steps: Array
    paths: Array
    noise: float
    law: str
    share: float

    def final(self) -> Array:
        """(draws,) levels at the horizon: means over the last tenth of the steps."""
        return self.paths[:, self.steps >= (1 - TAIL) * self.steps[-1]].mean(axis=1)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The posterior under one drift scale: log evidence, mean and covariance of (a, e) for each shape, (g,) each."""

    evidence: Array
    a: Array
    e: Array
    var_a: Array
    var_e: Array
    cov: Array
    gain: Array  # (m, n): how the drift ahead follows from the residuals
    root: Array  # (m, m): Cholesky factor of the drift's covariance ahead


def level_at_end(rewards: Array) -> float:
    """What a run has reached: the mean of the last tenth of its rewards (n,), of one at least."""
    return float(rewards[-max(1, round(TAIL * rewards.size)) :].mean())


def predict(
    curve: Series,
    horizon: float,
    bounds: tuple[float, float],
    seed: int = 0,
    laws: Sequence[Law] = tuple(LAWS.values()),
) -> Prediction:
    """Futures of `curve` (n >= 3, no `first_bad`) up to step `horizon` (> its last step), rewards within `bounds`."""
    low, high = bounds
    rewards = (curve.rewards - low) / (high - low)
    noise = max(step_noise(rewards), _LEAST_NOISE)
    steps, y, counts = binned(Series(curve.steps, drawn_in(rewards, noise)))
    x = steps / horizon
    ahead = np.linspace(curve.steps[-1] / horizon, 1.0, _AHEAD)
    end = np.linspace(1 - TAIL, 1.0, 8)
    shapes = [(law, law.grid()) for law in laws]
    bases = [_bases(law, grid, x, ahead, end) for law, grid in shapes]
    u, u_ahead = np.concatenate([b[0] for b in bases]), np.concatenate([b[1] for b in bases])  # (g, n), (g, m)
    names = np.concatenate([[law.name] * len(grid) for law, grid in shapes])
    prior = np.concatenate([np.full(len(grid), -np.log(len(grid))) for _, grid in shapes])
    weighed = [_weigh(u, x, ahead, y, noise**2 / counts, tau, 3 / horizon) for tau in _DRIFTS]
    log_weights = np.stack([w.evidence + prior for w in weighed])  # (q, g)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    paths = low + (high - low) * _draw(weighed, weights, u, u_ahead, y, np.random.default_rng(seed))
    shares = {law.name: float(weights[:, names == law.name].sum()) for law in laws}
    best = max(shares, key=lambda name: shares[name])
    return Prediction(ahead * horizon, np.clip(paths, low, high), noise * (high - low), best, shares[best])


def _bases(law: Law, grid: Array, x: Array, ahead: Array, end: Array) -> tuple[Array, Array]:
    """u at the points seen (g, n) and ahead (g, m)."""
    first = law.shape(grid, x[:1])
    rise = law.shape(grid, end).mean(axis=1, keepdims=True) - first
    rise = np.maximum(rise, 1e-9)  # a shape that is over before the first point can't be told from a constant
    return (law.shape(grid, x) - first) / rise, (law.shape(grid, ahead) - first) / rise


def _matern(left: Array, right: Array, shift: float) -> Array:
    distance = np.sqrt(3) * np.abs(np.log(left + shift)[:, None] - np.log(right + shift)[None]) / _LENGTH
    return (1 + distance) * np.exp(-distance)


def _weigh(u: Array, x: Array, ahead: Array, y: Array, noise: Array, tau: float, shift: float) -> _Weighed:
    """Evidence and posterior of (a, e) for each shape; generalized least squares on data whitened by C.

    `noise` (n,) is the variance of each point.
    """
    root = np.linalg.cholesky(tau**2 * _matern(x, x, shift) + np.diag(noise))
    white_u = solve_triangular(root, u.T, lower=True)
    white_v = solve_triangular(root, 1 - u.T, lower=True)
    white_y = solve_triangular(root, y, lower=True)
    vv = (white_v**2).sum(axis=0) + 1 / _PRIOR_VARIANCE
    uu = (white_u**2).sum(axis=0) + 1 / _PRIOR_VARIANCE
    uv = (white_u * white_v).sum(axis=0)
    vy, uy = (white.T @ white_y + _PRIOR_MEAN / _PRIOR_VARIANCE for white in (white_v, white_u))
    determinant = vv * uu - uv**2
    a, e = (uu * vy - uv * uy) / determinant, (vv * uy - uv * vy) / determinant
    deviation = np.sqrt(vv / determinant)
    inside = np.maximum(ndtr((1 - e) / deviation) - ndtr(-e / deviation), 1e-12)
    misfit = white_y @ white_y - a * vy - e * uy
    evidence = -misfit / 2 - np.log(determinant) / 2 + np.log(inside) - np.log(np.diag(root)).sum()
    across = tau**2 * _matern(ahead, x, shift)
    gain = cho_solve((root, True), across.T).T
    left = tau**2 * _matern(ahead, ahead, shift) - gain @ across.T
    left_root = np.linalg.cholesky(left + 1e-10 * np.eye(ahead.size))
    return _Weighed(evidence, a, e, uu / determinant, vv / determinant, -uv / determinant, gain, left_root)


def _draw(
    weighed: Sequence[_Weighed],
    weights: Array,
    u: Array,
    u_ahead: Array,
    y: Array,
    rng: np.random.Generator,
) -> Array:
    """(draws, m) paths: a shape and a drift scale by weight, then (a, e), then the drift ahead."""
    picks = rng.choice(weights.size, size=_DRAWS, p=weights.ravel())
    paths = []
    for drift, posterior in enumerate(weighed):
        chosen = picks[picks // weights.shape[1] == drift] % weights.shape[1]
        if not chosen.size:
            continue
        normal = rng.standard_normal((2, chosen.size))
        deviation = np.sqrt(posterior.var_e[chosen])
        mean = posterior.e[chosen]
        below, above = ndtr(-mean / deviation), ndtr((1 - mean) / deviation)
        # e by its quantile, so that it stays inside; a given e.
        e = mean + deviation * ndtri(np.clip(below + (above - below) * ndtr(normal[0]), 1e-12, 1 - 1e-12))
        e = np.clip(e, 0, 1)
        slope = posterior.cov[chosen] / posterior.var_e[chosen]
        rest = np.sqrt(np.maximum(posterior.var_a[chosen] - slope * posterior.cov[chosen], 0))
        a = posterior.a[chosen] + slope * (e - mean) + rest * normal[1]
        residual = y - a[:, None] * (1 - u[chosen]) - e[:, None] * u[chosen]
        drifts = residual @ posterior.gain.T + rng.standard_normal((chosen.size, u_ahead.shape[1])) @ posterior.root.T
        paths.append(a[:, None] * (1 - u_ahead[chosen]) + e[:, None] * u_ahead[chosen] + drifts)
    return np.clip(np.concatenate(paths), 0, 1)
