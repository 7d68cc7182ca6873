"""The Gaussian process of score over configuration, fidelity and run.

Notation:
    n, q    training rows, query rows; D columns (see `data`)
    x       (n, D), y (n,) training data
    v       (n,) what is modelled: the logit of the score if all scores are shares (0 to 1, and not all next to 0), else
            the score; inside it is standardized: (v - center) / spread
    θ       (k,) hyperparameters (see `kernel`)
    K       (n, n) k(x, x) + σ² I = L Lᵀ
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.optimize import minimize

from rltune.bayes.data import TrainingData
from rltune.bayes.kernel import Kernel, prior_of

FIT_POINTS = 200
"""Hyperparameters are fitted to at most this many points: a step costs O(n³), and more hardly matter."""
FIT_STEPS = 60
SMALLEST_SPREAD = 1e-6
JITTER = 1e-8
CLIP = 0.005
"""A share is held this far from 0 and 1 before its logit is taken."""


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread: the same numbers wherever it runs, and no cores taken from the trials."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class Scale:
    """From scores to what is modelled, and back."""

    shares: bool
    center: float
    spread: float

    @classmethod
    def of(cls, y: np.ndarray) -> Scale:
        """For scores y (n,), n >= 0; the spread is 1 where there is none."""
        shares = bool(((y >= 0) & (y <= 1)).all()) and (not len(y) or float(y.max()) > 4 * CLIP)
        values = _logit(y) if shares else y
        spread = float(values.std()) if len(y) else 0.0
        center = float(values.mean()) if len(y) else 0.0
        return cls(shares, center, spread if spread > SMALLEST_SPREAD else 1.0)

    def standardize(self, y: np.ndarray) -> np.ndarray:
        return ((_logit(y) if self.shares else y) - self.center) / self.spread

    def score(self, standardized: np.ndarray) -> np.ndarray:
        value = self.center + self.spread * standardized
        return 1 / (1 + np.exp(-value)) if self.shares else value


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """θ (k,). `fitted`: to data, else the prior's."""

    theta: np.ndarray
    fitted: bool


@dataclass(frozen=True, slots=True)
class Posterior:
    """At q rows: mean (q,) and variance (q,), standardized."""

    mean: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, slots=True)
class Shift:
    """Posterior means μ, and what one evaluation moves them `by`: σ̃ = cov(f there, f at x) / sd of what is measured
    at x."""

    mean: np.ndarray
    by: np.ndarray


class ScoreModel:
    """The posterior given data and hyperparameters. Standardized, but for `scores`."""

    def __init__(self, data: TrainingData, hyperparameters: Hyperparameters, scale: Scale | None = None) -> None:
        self.data = data
        self.hyperparameters = hyperparameters
        self.scale = scale or Scale.of(data.y)
        self.kernel = Kernel(data.layout, _tensor(hyperparameters.theta))
        self._x = _tensor(data.x)
        with torch.no_grad():
            residual = _tensor(self.scale.standardize(data.y)) - self.kernel.plain("mean")
            covariance = self.kernel(self._x, self._x)
            covariance.diagonal().add_(self.kernel.positive("noise") + JITTER)
            self._root = torch.linalg.cholesky(covariance)  # L
            self._weights = torch.cholesky_solve(residual[:, None], self._root)[:, 0]  # K⁻¹ (v - mean)

    @property
    def noise(self) -> float:
        """σ², the variance of one validation."""
        return float(self.kernel.positive("noise"))

    def posterior(self, x: np.ndarray) -> Posterior:
        """Of the score without validation noise at x (q, D)."""
        mean, _, variance = self._solve(x)
        return Posterior(mean, variance)

    def scores(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Median (q,) of the score and half the width (q,) of its central 68 % at x (q, D), in score units."""
        at = self.posterior(x)
        sd = np.sqrt(at.variance)
        low, high = self.scale.score(at.mean - sd), self.scale.score(at.mean + sd)
        return self.scale.score(at.mean), (high - low) / 2

    def shifts(self, x: np.ndarray, own: np.ndarray, known: np.ndarray) -> tuple[Shift, Shift]:
        """What one validation at x (q, D) does to the mean (q,) at the same row of own (q, D), and to the means (m,) at
        known (m, D), by (q, m)."""
        _, solved, variance = self._solve(x)
        measured = np.sqrt(variance + self.noise)
        distinct, index = np.unique(own, axis=0, return_inverse=True)
        own_mean, solved_own, _ = self._solve(distinct)
        known_mean, solved_known, _ = self._solve(known)
        with torch.no_grad():
            to_own = self.kernel.pairs(_tensor(x), _tensor(own)) - (solved * solved_own[:, index]).sum(0)
            to_known = self.kernel(_tensor(x), _tensor(known)) - solved.T @ solved_known
        return (
            Shift(own_mean[index], to_own.numpy() / measured),
            Shift(known_mean, to_known.numpy() / measured[:, None]),
        )

    def believing(self, x: np.ndarray) -> ScoreModel:
        """The model after imagined results at x (q, D) that equal the posterior mean (kriging believer; Ginsbourger
        et al. 2010): what is in flight is no longer worth asking for."""
        if not len(x):
            return self
        imagined = self.scale.score(self.posterior(x).mean)
        data = replace(self.data, x=np.vstack([self.data.x, x]), y=np.append(self.data.y, imagined))
        return ScoreModel(data, self.hyperparameters, self.scale)

    def _solve(self, x: np.ndarray) -> tuple[np.ndarray, torch.Tensor, np.ndarray]:
        """Mean (q,), L⁻¹ k(X, x) (n, q) and variance (q,) at x (q, D)."""
        query = _tensor(x)
        with torch.no_grad():
            cross = self.kernel(self._x, query)
            solved = torch.linalg.solve_triangular(self._root, cross, upper=False)
            variance = (self.kernel.variance(query) - solved.square().sum(0)).clamp_min(1e-10)
            mean = self.kernel.plain("mean") + cross.T @ self._weights
        return mean.numpy(), solved, variance.numpy()


def fit_hyperparameters(data: TrainingData) -> Hyperparameters:
    """The hyperparameters of highest posterior density, or the prior's if there is nothing to fit or the fit fails.

    Deterministic: always starts from the prior.
    """
    prior = np.array(list(prior_of(data.layout).values()))  # (k, 2)
    center, sd = prior[:, 0], prior[:, 1]
    if len(data) < 2 or np.ptp(data.y) < SMALLEST_SPREAD:
        return Hyperparameters(center, fitted=False)
    chosen = _representatives(data)
    x, target = _tensor(chosen.x), _tensor(Scale.of(data.y).standardize(chosen.y))

    def loss(whitened: np.ndarray) -> tuple[float, np.ndarray]:
        # whitened by the prior, so that every direction has the same scale
        free = torch.tensor(whitened, dtype=torch.double, requires_grad=True)
        value = _negative_log_density(Kernel(data.layout, _tensor(center) + _tensor(sd) * free), x, target)
        value = value + 0.5 * free.square().sum()
        value.backward()
        assert free.grad is not None
        return float(value.detach()), free.grad.numpy()

    try:
        found = minimize(loss, np.zeros(len(center)), jac=True, method="L-BFGS-B", options={"maxiter": FIT_STEPS})
    except torch.linalg.LinAlgError:  # pyright: ignore[reportPrivateImportUsage]
        return Hyperparameters(center, fitted=False)
    if not np.isfinite(found.x).all():
        return Hyperparameters(center, fitted=False)
    return Hyperparameters(center + sd * found.x, fitted=True)


def _negative_log_density(kernel: Kernel, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """-log N(target; mean, K), up to a constant."""
    n = len(target)
    covariance = kernel(x, x) + (kernel.positive("noise") + JITTER) * torch.eye(n, dtype=torch.double)
    root = torch.linalg.cholesky(covariance)
    residual = target - kernel.plain("mean")
    solved = torch.linalg.solve_triangular(root, residual[:, None], upper=False)
    return 0.5 * solved.square().sum() + root.diagonal().log().sum()


def _representatives(data: TrainingData) -> TrainingData:
    """At most FIT_POINTS rows: the best quarter of them by score, the rest evenly spaced over the others by score."""
    if len(data) <= FIT_POINTS:
        return data
    order = np.argsort(-data.y, kind="stable")
    best, rest = order[: FIT_POINTS // 4], order[FIT_POINTS // 4 :]
    rows = np.append(best, rest[np.linspace(0, len(rest) - 1, FIT_POINTS - len(best)).astype(int)])
    return replace(data, x=data.x[rows], y=data.y[rows])


def _logit(share: np.ndarray) -> np.ndarray:
    held = np.clip(share, CLIP, 1 - CLIP)
    return np.log(held / (1 - held))


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.double)
