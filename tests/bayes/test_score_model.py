"""The Gaussian process of scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from rltune.bayes import score_model
from rltune.bayes.data import TrainingData
from rltune.bayes.score_model import ScoreModel, fit_hyperparameters, one_thread


def quadratic(count: int, seed: int, noise: float = 0.01) -> TrainingData:
    """Scores over two parameters and two fidelity columns: a bowl whose level and optimum move with
    fidelity."""
    rng = np.random.default_rng(seed)
    x = rng.random((count, 4))
    x[:, 2] = rng.choice([0.0, 0.5, 1.0], count)
    x[:, 3] = rng.choice([0.0, 1.0], count)
    return TrainingData(x, truth(x) + noise * rng.standard_normal(count))


def truth(x: np.ndarray) -> np.ndarray:
    level = 0.3 + 0.3 * x[:, 2] + 0.1 * x[:, 3]
    return level - (x[:, 0] - 0.6 + 0.1 * x[:, 3]) ** 2 - 0.2 * (x[:, 1] - 0.3) ** 2


def fitted(data: TrainingData) -> ScoreModel:
    with one_thread():
        return ScoreModel(data, fit_hyperparameters(data))


def test_learns_the_landscape_at_the_goal() -> None:
    model = fitted(quadratic(40, seed=0))
    x = np.random.default_rng(1).random((200, 4))
    x[:, 2:] = 1.0
    mean, variance = model.posterior(x)
    assert spearmanr(mean, truth(x)).statistic > 0.95  # pyright: ignore[reportAttributeAccessIssue]
    z = (mean - truth(x)) / np.sqrt(variance)
    assert np.sqrt(np.mean(z**2)) < 3


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_points_give_a_finite_posterior(count: int) -> None:
    model = fitted(quadratic(count, seed=0))
    mean, variance = model.posterior(np.random.default_rng(0).random((5, 4)))
    assert np.isfinite(mean).all() and (variance > 0).all()


def test_equal_scores_and_equal_points_do_no_harm() -> None:
    flat = TrainingData(np.full((6, 4), 0.5), np.full(6, 0.37))
    mean, variance = fitted(flat).posterior(np.array([[0.5, 0.5, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]]))
    assert mean == pytest.approx([0.37, 0.37], abs=0.05)
    assert np.isfinite(variance).all()


def test_a_fit_that_fails_falls_back_to_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise RuntimeError("singular")

    monkeypatch.setattr(score_model, "fit_gpytorch_mll_scipy", fails)
    model = fitted(quadratic(20, seed=0))
    assert not model.hyperparameters.fitted
    assert np.isfinite(model.posterior(np.full((1, 4), 0.5))[0]).all()


def test_believing_removes_doubt_and_keeps_the_mean() -> None:
    model = fitted(quadratic(25, seed=2))
    x = np.array([[0.1, 0.9, 1.0, 1.0]])
    mean, variance = model.posterior(x)
    after_mean, after_variance = model.believing(x).posterior(x)
    assert after_mean == pytest.approx(mean, abs=0.02)
    assert after_variance[0] < variance[0]
    assert model.believing(np.empty((0, 4))) is model


def test_pairs_agree_with_single_posteriors() -> None:
    model = fitted(quadratic(25, seed=3))
    x = np.random.default_rng(0).random((7, 4))
    mean, variance = model.posterior(x)
    goal_mean, at_x, covariance = model.posterior_pairs(x, x)
    assert goal_mean == pytest.approx(mean)
    assert at_x == pytest.approx(variance)
    assert covariance == pytest.approx(variance, rel=1e-4, abs=1e-8)


def test_more_points_than_are_fitted_still_inform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_model, "FIT_POINTS", 30)
    model = fitted(quadratic(150, seed=4))
    x = np.random.default_rng(1).random((50, 4))
    mean, _ = model.posterior(x)
    assert np.abs(mean - truth(x)).max() < 0.1


def test_global_torch_state_is_left_alone() -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    fitted(quadratic(10, seed=0))
    assert torch.get_num_threads() == threads
    assert (torch.random.get_rng_state() == before).all()
