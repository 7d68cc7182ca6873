"""The Gaussian process of score over configuration and fidelity.

Notation:
    n, q    training points, query points
    D       d + 2 columns: configuration, log steps, log model size (see `data`)
    x       (n, D), y (n,) training data; y standardized inside: (y - center) / spread
    k       a k_φ(φ, φ') k_z(z, z') + b k_m(z, z')   a product, so that what is learned cheaply counts elsewhere by as
            much as fidelities turn out to be alike; plus the common learning curve of all configurations
    K       (n, n) k(x, x) + σ² I = L Lᵀ
k_φ and k_z are Matern-5/2 with a length per column (k_φ: dimension-scaled prior, Hvarfner et al. 2024, arXiv
2402.02229), k_m is squared-exponential.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import gpytorch
import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel, RBFKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from linear_operator.utils.errors import NanError, NotPSDError

from rltune.bayes.data import TrainingData

FIT_POINTS = 200
"""Hyperparameters are fitted to at most this many points: a step costs O(n³), and more hardly matter."""
FIT_STEPS = 60
LOWEST_NOISE = 1e-4
SMALLEST_SPREAD = 1e-6
JITTER = 1e-8


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread, its random stream untouched: the same numbers wherever it runs, and no cores taken from
    the trials."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """A fitted (or prior) kernel, constant mean and noise variance, standardized. Never mutated."""

    kernel: gpytorch.kernels.Kernel
    mean: float
    noise: float
    fitted: bool


class ScoreModel:
    """The posterior given data and hyperparameters. All results in score units."""

    def __init__(self, data: TrainingData, hyperparameters: Hyperparameters) -> None:
        self.data = data
        self.hyperparameters = hyperparameters
        self.center, self.spread = standardization(data.y)
        self._x = torch.as_tensor(data.x, dtype=torch.double)
        residual = torch.as_tensor((data.y - self.center) / self.spread) - hyperparameters.mean
        with torch.no_grad():
            covariance = self._kernel(self._x, self._x)
            covariance.diagonal().add_(hyperparameters.noise + JITTER)
            self._root = torch.linalg.cholesky(covariance)  # L
            self._weights = torch.cholesky_solve(residual.double()[:, None], self._root)[:, 0]  # K⁻¹ (y - mean)

    @property
    def noise_variance(self) -> float:
        """Of one evaluation, in squared score units."""
        return self.hyperparameters.noise * self.spread**2

    def posterior(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (q,) and variance (q,) of the noise-free score at x (q, D)."""
        mean, _, variance = self._solve(x)
        return mean, variance

    def posterior_pairs(self, x: np.ndarray, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For pairs of rows of x (q, D) and goal (q, D): mean (q,) at the goal, variance (q,) at x, and covariance
        (q,) between the two."""
        _, solved, variance = self._solve(x)
        # many pairs share a goal: one per configuration, whatever its fidelities
        distinct, index = np.unique(goal, axis=0, return_inverse=True)
        mean, solved_goal, _ = self._solve(distinct)
        with torch.no_grad():
            prior = self.hyperparameters.kernel(_tensor(x), _tensor(goal), diag=True)
            explained = torch.einsum("nq,nq->q", solved, solved_goal[:, index])
        return mean[index], variance, (prior - explained).numpy() * self.spread**2

    def believing(self, x: np.ndarray) -> ScoreModel:
        """The model after imagined results at x (q, D) that equal the posterior mean (kriging believer; Ginsbourger
        et al. 2010): what is in flight is no longer worth asking for."""
        if not len(x):
            return self
        mean, _ = self.posterior(x)
        imagined = TrainingData(np.vstack([self.data.x, x]), np.append(self.data.y, mean))
        return ScoreModel(imagined, self.hyperparameters)

    def _kernel(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return self.hyperparameters.kernel(a, b).to_dense()

    def _solve(self, x: np.ndarray) -> tuple[np.ndarray, torch.Tensor, np.ndarray]:
        """Mean (q,), L⁻¹ k(X, x) (n, q) and variance (q,) at x (q, D)."""
        query = _tensor(x)
        with torch.no_grad():
            cross = self._kernel(self._x, query)
            solved = torch.linalg.solve_triangular(self._root, cross, upper=False)
            prior = self.hyperparameters.kernel(query, diag=True)
            variance = (prior - solved.square().sum(0)).clamp_min(1e-10)
            mean = self.hyperparameters.mean + cross.T @ self._weights
        return self.center + self.spread * mean.numpy(), solved, variance.numpy() * self.spread**2


def standardization(y: np.ndarray) -> tuple[float, float]:
    """Center and spread of y (n,), n >= 0; the spread is 1 where there is none."""
    if not len(y):
        return 0.0, 1.0
    spread = float(y.std())
    return float(y.mean()), spread if spread > SMALLEST_SPREAD else 1.0


def fit_hyperparameters(data: TrainingData) -> Hyperparameters:
    """The hyperparameters of highest posterior density, or the prior's if there is nothing to fit or the fit fails.

    Deterministic: always starts from the prior.
    """
    dimension = data.x.shape[1]
    if len(data) < 2 or np.ptp(data.y) < SMALLEST_SPREAD:
        return _prior_hyperparameters(dimension)
    chosen = _representatives(data)
    center, spread = standardization(chosen.y)
    kernel, noise_model = _prior_kernel(dimension), _likelihood()
    model = SingleTaskGP(
        _tensor(chosen.x),
        _tensor(((chosen.y - center) / spread)[:, None]),
        likelihood=noise_model,
        covar_module=kernel,
        outcome_transform=None,
    )
    likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
    try:
        with warnings.catch_warnings():
            # a fit that ends at its step limit is good enough, and one that fails has a fallback
            warnings.simplefilter("ignore")
            fit_gpytorch_mll_scipy(likelihood, options={"maxiter": FIT_STEPS})
    except (NotPSDError, NanError, RuntimeError):
        return _prior_hyperparameters(dimension)
    fitted = torch.cat([p.detach().flatten() for p in model.parameters()])
    if not torch.isfinite(fitted).all():
        return _prior_hyperparameters(dimension)
    noise, mean = noise_model.noise.item(), float(next(model.mean_module.parameters()).detach())
    return Hyperparameters(kernel.eval().requires_grad_(False), mean, noise, fitted=True)


def _prior_hyperparameters(dimension: int) -> Hyperparameters:
    kernel = _prior_kernel(dimension).eval().requires_grad_(False)
    return Hyperparameters(kernel, 0.0, 0.05, fitted=False)


def _likelihood() -> GaussianLikelihood:
    """Noise; prior median e^-3 of the variance of all scores, as of a few hundred validated answers."""
    prior = LogNormalPrior(-3.0, 1.0)
    return GaussianLikelihood(
        noise_prior=prior, noise_constraint=GreaterThan(LOWEST_NOISE, initial_value=0.05)
    ).double()


def _prior_kernel(dimension: int) -> gpytorch.kernels.Kernel:
    """k over D = `dimension` columns, its lengths and scales where the priors have their mode or median."""
    d = dimension - 2
    over_configurations = get_covar_module_with_dim_scaled_prior(
        ard_num_dims=d, use_rbf_kernel=False, active_dims=list(range(d))
    )
    fidelity = {"ard_num_dims": 2, "active_dims": [d, d + 1]}
    # median length 2: the ends of a fidelity axis (0 and 1) are believed alike, correlation 0.8, until data object
    over_fidelities = MaternKernel(nu=2.5, lengthscale_prior=LogNormalPrior(0.7, 0.7), **fidelity)
    over_fidelities.initialize(lengthscale=2.0)
    learning_curve = RBFKernel(lengthscale_prior=LogNormalPrior(0.7, 0.7), **fidelity)
    learning_curve.initialize(lengthscale=2.0)
    main = ScaleKernel(over_configurations * over_fidelities, outputscale_prior=LogNormalPrior(0.0, 1.0))
    main.initialize(outputscale=1.0)
    common = ScaleKernel(learning_curve, outputscale_prior=LogNormalPrior(-1.0, 1.0))
    common.initialize(outputscale=0.4)
    return (main + common).double()


def _representatives(data: TrainingData) -> TrainingData:
    """At most FIT_POINTS rows: the best quarter of them by score, the rest evenly spaced over the history."""
    if len(data) <= FIT_POINTS:
        return data
    best = np.argsort(-data.y, kind="stable")[: FIT_POINTS // 4]
    rest = np.setdiff1d(np.arange(len(data)), best)
    spaced = rest[np.linspace(0, len(rest) - 1, FIT_POINTS - len(best)).astype(int)]
    rows = np.union1d(best, spaced)
    return TrainingData(data.x[rows], data.y[rows])


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.double)
