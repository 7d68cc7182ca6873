"""The Gaussian process of scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from rltune.bayes import score_model
from rltune.bayes.data import NEW_RUN, NO_RUN, Layout, TrainingData
from rltune.bayes.kernel import Kernel, prior_of
from rltune.bayes.score_model import Scale, ScoreModel, fit_hyperparameters, one_thread

LAYOUT = Layout(2, rate=0)


def queries(count: int, seed: int, run: float = NO_RUN) -> np.ndarray:
    """Two parameters, the learning rate first; fidelities in the two columns after them; the run."""
    rng = np.random.default_rng(seed)
    x = rng.random((count, 5))
    x[:, 2] = rng.choice([0.0, 0.5, 1.0], count)
    x[:, 3] = rng.choice([0.0, 1.0], count)
    x[:, 4] = run
    return x


def truth(x: np.ndarray) -> np.ndarray:
    """A bowl whose level and optimum move with fidelity: by 0.2 of the learning rate's axis between models."""
    level = 0.5 + 0.2 * x[:, 2] + 0.1 * x[:, 3]
    return level - (x[:, 0] - 0.6 + 0.2 * x[:, 3]) ** 2 - 0.2 * (x[:, 1] - 0.3) ** 2


def quadratic(count: int, seed: int, noise: float = 0.01, factor: float = 1.0) -> TrainingData:
    x = queries(count, seed)
    x[:, 4] = np.arange(count)
    rng = np.random.default_rng(seed + 100)
    return TrainingData(x, factor * (truth(x) + noise * rng.standard_normal(count)), LAYOUT)


def fitted(data: TrainingData) -> ScoreModel:
    with one_thread():
        return ScoreModel(data, fit_hyperparameters(data))


def at_goal(count: int, seed: int = 1) -> np.ndarray:
    x = queries(count, seed)
    x[:, 2:4] = 1.0
    return x


@pytest.mark.parametrize("factor", [1.0, 1e-6, 1e6, -1.0])
def test_learns_the_landscape_at_the_goal_on_any_scale(factor: float) -> None:
    model = fitted(quadratic(40, seed=0, factor=factor))
    x = at_goal(200)
    median, width = model.scores(x)
    assert spearmanr(median, factor * truth(x)).statistic > 0.95  # pyright: ignore[reportAttributeAccessIssue]
    assert np.sqrt(np.mean(((median - factor * truth(x)) / width) ** 2)) < 3


def test_shares_are_modelled_as_logits_and_stay_between_0_and_1() -> None:
    model = fitted(quadratic(30, seed=3))
    assert model.scale.shares
    assert not Scale.of(np.array([-0.2, 0.5])).shares
    median, _ = model.scores(queries(200, seed=4))
    assert ((median > 0) & (median < 1)).all()


def test_learns_that_the_best_learning_rate_moves_with_the_model() -> None:
    model = fitted(quadratic(60, seed=5, noise=0.003))
    # the small model's optimum lies 0.2 above the large one's: moved to the goal, its rates are lower. The prior, four
    # standard deviations away, holds it back; the rest is for the kernel to learn.
    assert -0.25 < float(model.kernel.plain("shift size")) < -0.08


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_points_give_a_finite_posterior(count: int) -> None:
    model = fitted(quadratic(count, seed=0))
    found = model.posterior(queries(5, seed=0))
    assert np.isfinite(found.mean).all() and (found.variance > 0).all()


def test_equal_scores_and_equal_points_do_no_harm() -> None:
    flat = TrainingData(np.full((6, 5), 0.5), np.full(6, 0.37), LAYOUT)
    median, width = fitted(flat).scores(np.array([[0.5, 0.5, 0.5, 0.5, NO_RUN], [0.0, 0.0, 0.0, 0.0, NO_RUN]]))
    assert median == pytest.approx([0.37, 0.37], abs=0.05)
    assert np.isfinite(width).all()


def test_a_fit_that_fails_falls_back_to_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise torch.linalg.LinAlgError("singular")

    monkeypatch.setattr(score_model, "minimize", fails)
    model = fitted(quadratic(20, seed=0))
    assert not model.hyperparameters.fitted
    assert np.isfinite(model.posterior(queries(1, seed=0)).mean).all()


def test_believing_removes_doubt_and_keeps_the_mean() -> None:
    model = fitted(quadratic(25, seed=2))
    x = np.array([[0.1, 0.9, 1.0, 1.0, NO_RUN]])
    before, after = model.posterior(x), model.believing(x).posterior(x)
    assert after.mean == pytest.approx(before.mean, abs=0.05)
    assert after.variance[0] < before.variance[0]
    assert model.believing(np.empty((0, 5))) is model


def test_shifts_are_covariances_per_measured_deviation() -> None:
    """Of f with itself the covariance is the variance, and between two rows it is the same both ways."""
    model = fitted(quadratic(25, seed=3))
    x = queries(7, seed=0)
    at = model.posterior(x)
    measured = np.sqrt(at.variance + model.noise)
    own, known = model.shifts(x, x, model.solve(x))
    assert own.mean == pytest.approx(at.mean)
    assert known.mean == pytest.approx(at.mean)
    assert own.by == pytest.approx(at.variance / measured, rel=1e-4, abs=1e-8)
    assert np.diag(known.by) == pytest.approx(own.by)
    covariance = known.by * measured[:, None]
    assert covariance == pytest.approx(covariance.T, abs=1e-8)


def test_a_shift_is_what_a_result_moves_the_mean_by() -> None:
    """One deviation above what was expected, told as data, moves the mean at other places by the shift."""
    model = fitted(quadratic(25, seed=3))
    x, elsewhere = np.array([[0.4, 0.6, 0.5, 0.0, NO_RUN]]), queries(5, seed=1)
    at = model.posterior(x)
    told = model.scale.score(at.mean + np.sqrt(at.variance + model.noise))
    data = TrainingData(np.vstack([model.data.x, x]), np.append(model.data.y, told), model.data.layout)
    after = ScoreModel(data, model.hyperparameters, model.scale).posterior(elsewhere)
    _, known = model.shifts(x, x, model.solve(elsewhere))
    assert after.mean - known.mean == pytest.approx(known.by[0], abs=1e-5)


def test_rungs_of_one_run_say_less_than_runs_of_several_seeds() -> None:
    """Luck is shared by a run's rungs: a second seed tells more about a configuration than a second look."""
    theta = np.array([mean for mean, _ in prior_of(LAYOUT).values()])
    theta[list(prior_of(LAYOUT)).index("luck")] = 0.0
    place = [0.5, 0.5, 1.0, 1.0]
    others = [[0.1, 0.1, 1.0, 1.0, 7.0], [0.9, 0.9, 1.0, 1.0, 8.0]]

    def doubt(first: float, second: float) -> float:
        x = np.array([[*place, first], [*place, second], *others])
        model = ScoreModel(
            TrainingData(x, np.array([0.5, 0.5, 0.1, 0.9]), LAYOUT), score_model.Hyperparameters(theta, False)
        )
        return float(model.posterior(np.array([[*place, NO_RUN]])).variance[0])

    assert doubt(0.0, 1.0) < 0.8 * doubt(0.0, 0.0)


def test_a_run_that_has_not_begun_has_its_luck_ahead_of_it() -> None:
    kernel = Kernel(LAYOUT, torch.tensor([mean for mean, _ in prior_of(LAYOUT).values()], dtype=torch.double))
    rows = torch.tensor([[0.5, 0.5, 1.0, 1.0, run] for run in (NO_RUN, NEW_RUN, 3.0)], dtype=torch.double)
    variance = kernel.variance(rows)
    assert variance[1] == variance[2] == variance[0] + kernel.positive("luck")
    known = kernel(rows[2:], rows[2:])[0, 0]
    assert float(known) == pytest.approx(float(variance[2]), rel=1e-6)


def test_more_points_than_are_fitted_still_inform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_model, "FIT_POINTS", 30)
    model = fitted(quadratic(150, seed=4))
    x = queries(50, seed=1)
    assert np.abs(model.scores(x)[0] - truth(x)).max() < 0.1


def test_global_torch_state_is_left_alone() -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    fitted(quadratic(10, seed=0))
    assert torch.get_num_threads() == threads
    assert (torch.random.get_rng_state() == before).all()
