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

import zlib
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
STABLE_ABOVE = 500
"""With more points than this, those that are fitted to are chosen so that they mostly stay the same from one evaluation
to the next, and so does the fit."""
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
class Solved:
    """What shifts at q rows x (q, D) follow from: mean (q,), L⁻¹ k(X, x) (n, q) and variance (q,)."""

    x: torch.Tensor
    mean: np.ndarray
    root: torch.Tensor
    variance: np.ndarray


@dataclass(frozen=True, slots=True)
class Shift:
    """Posterior means μ, and what one evaluation moves them `by`: σ̃ = cov(f there, f at x) / sd of what is measured
    at x."""

    mean: np.ndarray
    by: np.ndarray


class ScoreModel:
    """The posterior given data and hyperparameters. Standardized, but for `scores`."""

    def __init__(
        self,
        data: TrainingData,
        hyperparameters: Hyperparameters,
        scale: Scale | None = None,
        known: ScoreModel | None = None,
    ) -> None:
        """`known`: a model of the first rows of `data`, with the same hyperparameters."""
        self.data = data
        self.hyperparameters = hyperparameters
        self.scale = scale or Scale.of(data.y)
        self.kernel = Kernel(data.layout, _tensor(hyperparameters.theta))
        self._x = _tensor(data.x)
        with torch.no_grad():
            residual = _tensor(self.scale.standardize(data.y)) - self.kernel.mean(self._x)
            self._root = self._cholesky(self._x) if known is None else self._extended(known)  # L
            self._weights = torch.cholesky_solve(residual[:, None], self._root)[:, 0]  # K⁻¹ (v - mean)

    def _cholesky(self, x: torch.Tensor) -> torch.Tensor:
        covariance = self.kernel(x, x)
        covariance.diagonal().add_(self.kernel.positive("noise") + JITTER)
        return torch.linalg.cholesky(covariance)

    def _extended(self, known: ScoreModel) -> torch.Tensor:
        """L of all rows from that of the first n: the same, for n² operations a new row instead of n³ in all."""
        n = len(known.data)
        new = self._x[n:]
        below = torch.linalg.solve_triangular(known._root, self.kernel(self._x[:n], new), upper=False)  # (n, q)
        covariance = self.kernel(new, new) - below.T @ below
        covariance.diagonal().add_(self.kernel.positive("noise") + JITTER)
        root = torch.zeros(len(self._x), len(self._x), dtype=torch.double)
        root[:n, :n], root[n:, :n] = known._root, below.T
        root[n:, n:] = torch.linalg.cholesky(covariance)
        return root

    @property
    def noise(self) -> float:
        """σ², the variance of one validation."""
        return float(self.kernel.positive("noise"))

    def posterior(self, x: np.ndarray) -> Posterior:
        """Of the score without validation noise at x (q, D)."""
        at = self.solve(x)
        return Posterior(at.mean, at.variance)

    def means(self, x: np.ndarray) -> np.ndarray:
        """Posterior mean (q,) at x (q, D): as `posterior`, for a fraction of its time."""
        with torch.no_grad():
            mean = self.kernel.mean(_tensor(x)) + self.kernel(self._x, _tensor(x)).T @ self._weights
        return mean.numpy()

    def scores(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Median (q,) of the score and half the width (q,) of its central 68 % at x (q, D), in score units."""
        at = self.posterior(x)
        sd = np.sqrt(at.variance)
        low, high = self.scale.score(at.mean - sd), self.scale.score(at.mean + sd)
        return self.scale.score(at.mean), (high - low) / 2

    def shifts(self, x: np.ndarray, own: np.ndarray, known: Solved) -> tuple[Shift, Shift]:
        """What one validation at x (q, D) does to the mean (q,) at the same row of own (q, D), and to the means (m,) at
        known rows, by (q, m)."""
        at = self.solve(x)
        measured = np.sqrt(at.variance + self.noise)
        distinct, index = np.unique(own, axis=0, return_inverse=True)
        at_own = self.solve(distinct)
        with torch.no_grad():
            to_own = self.kernel.pairs(at.x, _tensor(own)) - (at.root * at_own.root[:, index]).sum(0)
            to_known = self.kernel(at.x, known.x) - at.root.T @ known.root
        return (
            Shift(at_own.mean[index], to_own.numpy() / measured),
            Shift(known.mean, to_known.numpy() / measured[:, None]),
        )

    def believing(self, x: np.ndarray) -> ScoreModel:
        """The model after imagined results at x (q, D) that equal the posterior mean (kriging believer; Ginsbourger
        et al. 2010): what is in flight is no longer worth asking for."""
        if not len(x):
            return self
        imagined = self.scale.score(self.posterior(x).mean)
        data = replace(self.data, x=np.vstack([self.data.x, x]), y=np.append(self.data.y, imagined))
        return ScoreModel(data, self.hyperparameters, self.scale, self)

    def trusted(self) -> np.ndarray:
        """E[β | data] (p,): how far each earlier study is believed by now."""
        trusts = self.data.layout.trusts
        said = self._x[:, self.data.layout.earlier]
        learned = (said.T @ self._weights).numpy() if len(said) else np.zeros(len(trusts))
        return np.array([t.mean + t.sd**2 * by for t, by in zip(trusts, learned, strict=True)])

    def solve(self, x: np.ndarray) -> Solved:
        """At x (q, D)."""
        query = _tensor(x)
        with torch.no_grad():
            cross = self.kernel(self._x, query)
            solved = torch.linalg.solve_triangular(self._root, cross, upper=False)
            variance = (self.kernel.variance(query) - solved.square().sum(0)).clamp_min(1e-10)
            mean = self.kernel.mean(query) + cross.T @ self._weights
        return Solved(query, mean.numpy(), solved, variance.numpy())


def fit_hyperparameters(data: TrainingData) -> Hyperparameters:
    """The hyperparameters of highest posterior density, or the prior's if there is nothing to fit or the fit fails.

    Deterministic: always starts from the prior.
    """
    return fit_to(*fit_points(data))


def fit_to(data: TrainingData, scale: Scale) -> Hyperparameters:
    """As `fit_hyperparameters`, to all of these points, standardized by this scale (see `fit_points`)."""
    prior = np.array(list(prior_of(data.layout).values()))  # (k, 2)
    center, sd = prior[:, 0], prior[:, 1]
    if len(data) < 2 or np.ptp(data.y) < SMALLEST_SPREAD:
        return Hyperparameters(center, fitted=False)
    x, target = _tensor(data.x), _tensor(scale.standardize(data.y))

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
    residual = target - kernel.mean(x)
    solved = torch.linalg.solve_triangular(root, residual[:, None], upper=False)
    return 0.5 * solved.square().sum() + root.diagonal().log().sum()


def fit_points(data: TrainingData) -> tuple[TrainingData, Scale]:
    """At most FIT_POINTS rows to fit to, and their scale. Many more rows than that change next to nothing with one more
    evaluation: then neither do these, mostly."""
    if len(data) <= STABLE_ABOVE:
        return representatives(data, FIT_POINTS), Scale.of(data.y)
    order = np.argsort(-data.y, kind="stable")
    best, rest = order[: FIT_POINTS // 4], order[FIT_POINTS // 4 :]
    lots = np.array([zlib.crc32(row[:-1].tobytes()) for row in data.x[rest]])
    drawn = rest[np.argsort(lots, kind="stable")[: FIT_POINTS - len(best)]]
    rows = np.sort(np.append(best, drawn))
    x = data.x[rows]
    x[:, -1] = np.unique(x[:, -1], return_inverse=True)[1]  # numbers of runs change whenever one comes between
    chosen = replace(data, x=x, y=data.y[rows], runs={})
    return chosen, Scale.of(chosen.y)


def representatives(data: TrainingData, count: int, best: float = 0.25) -> TrainingData:
    """At most `count` rows: of these a share of the best by score, the rest evenly spaced over the others by score."""
    if len(data) <= count:
        return data
    order = np.argsort(-data.y, kind="stable")
    leading, rest = order[: int(best * count)], order[int(best * count) :]
    rows = np.append(leading, rest[np.linspace(0, len(rest) - 1, count - len(leading)).astype(int)])
    return replace(data, x=data.x[rows], y=data.y[rows])


def _logit(share: np.ndarray) -> np.ndarray:
    held = np.clip(share, CLIP, 1 - CLIP)
    return np.log(held / (1 - held))


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.double)
