"""What earlier studies say, in the score model: believed as far as it predicts."""

from __future__ import annotations

import numpy as np
import pytest

from rltune.bayes.data import NO_RUN, Layout, TrainingData, with_earlier
from rltune.bayes.prior_means import PriorMeans
from rltune.bayes.score_model import Hyperparameters, Scale, ScoreModel, fit_hyperparameters
from rltune.priors.task import PriorTask

D = 2
PLAIN = Layout(D, 0)


def truth(x: np.ndarray) -> np.ndarray:
    """Scores (n,) with one hill, of encodings (n, 2)."""
    return 0.9 * np.exp(-8 * (x[:, 0] - 0.3) ** 2 - 2 * (x[:, 1] - 0.6) ** 2)


def task(count: int = 60, sign: float = 1.0, weight: float | None = None, shuffle: bool = False) -> PriorTask:
    rng = np.random.default_rng(5)
    x = rng.random((count, D))
    scores = 0.05 + 0.7 * truth(x)
    scores = scores if sign > 0 else 0.8 - scores
    if shuffle:
        scores = rng.permutation(scores)
    return PriorTask("old", x, np.full(count, 1e6), np.ones(count), scores, np.arange(count), (), weight)


def model_with(*tasks: PriorTask, count: int = 10) -> tuple[ScoreModel, PriorMeans]:
    """A model of `count` evaluations of the truth, and what it was told."""
    means = PriorMeans(tasks, PLAIN, 1e6)
    rng = np.random.default_rng(1)
    encodings = rng.random((count, D))
    x = with_earlier(np.column_stack([encodings, np.ones((count, 2)), np.arange(count)]), means)
    data = TrainingData(x, truth(encodings), Layout(D, 0, means.trusts))
    return ScoreModel(data, fit_hyperparameters(data)), means


def query(means: PriorMeans | None, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    encodings = np.random.default_rng(9).random((count, D))
    x = np.column_stack([encodings, np.ones((count, 2)), np.full(count, NO_RUN)])
    return with_earlier(x, means), truth(encodings)


def error(*tasks: PriorTask, count: int = 10) -> float:
    model, means = model_with(*tasks, count=count)
    x, true = query(means)
    return float(np.abs(model.scores(x)[0] - true).mean())


def test_a_good_earlier_study_makes_predictions_better() -> None:
    assert error(task()) < 0.5 * error()


@pytest.mark.parametrize("wrong", [task(sign=-1.0), task(shuffle=True)], ids=["reversed", "shuffled"])
def test_a_misleading_one_does_no_harm_for_long(wrong: PriorTask) -> None:
    assert influence(model_with(wrong, count=16)[0])[0] < 0.2
    assert error(wrong, count=16) < 1.25 * error(count=16)


def influence(model: ScoreModel) -> np.ndarray:
    """Standard deviation (p,) of what each earlier study adds, of standardized scores; below 0 where it is turned."""
    return model.trusted() * model.data.x[:, model.data.layout.earlier].std(axis=0)


def test_of_two_the_better_one_is_believed() -> None:
    model, _ = model_with(task(shuffle=True), task(), count=16)
    wrong, right = influence(model)
    assert right > 0.5 > 0.2 > abs(wrong)


def test_a_fixed_weight_stays() -> None:
    model, _ = model_with(task(sign=-1.0, weight=0.7), count=16)
    assert model.trusted()[0] == pytest.approx(0.7, abs=1e-3)


def test_before_any_data_half_of_it_is_believed() -> None:
    means = PriorMeans((task(),), PLAIN, 1e6)
    layout = Layout(D, 0, means.trusts)
    empty = TrainingData(np.zeros((0, layout.width)), np.zeros(0), layout)
    model = ScoreModel(empty, fit_hyperparameters(empty))
    x, _ = query(means)
    assert model.trusted() == pytest.approx([0.5])
    spread = model.means(x) - model.means(x).mean()
    said = x[:, D] - x[:, D].mean()
    assert spread == pytest.approx(0.5 * said)


def test_means_and_posterior_agree_and_imagined_results_move_no_mean() -> None:
    model, means = model_with(task(), count=12)
    x, _ = query(means, 30)
    posterior = model.posterior(x)
    assert model.means(x) == pytest.approx(posterior.mean, abs=1e-9)
    believing = model.believing(x[:3])
    assert believing.means(x) == pytest.approx(posterior.mean, abs=1e-6)
    assert (believing.posterior(x).variance <= posterior.variance + 1e-9).all()


def test_without_earlier_studies_nothing_changes() -> None:
    x, y = np.random.default_rng(2).random((8, D + 3)), np.linspace(0.1, 0.8, 8)
    assert with_earlier(x, None) is x
    theta = fit_hyperparameters(TrainingData(x, y, PLAIN)).theta
    model = ScoreModel(TrainingData(x, y, PLAIN), Hyperparameters(theta, True), Scale.of(y))
    assert model.trusted().shape == (0,)


def test_shorter_runs_and_smaller_models_are_no_goal() -> None:
    """The optimum lies elsewhere on short runs of small models; what counts is what whole runs of the target say."""
    rng = np.random.default_rng(3)
    x = rng.random((80, D))
    whole = np.arange(80) % 2 == 0
    scores = np.where(whole, truth(x), truth(np.column_stack([x[:, 0] - 0.5, x[:, 1]])))
    old = PriorTask("old", x, np.where(whole, 1e6, 1e5), np.where(whole, 1.0, 0.25), scores, np.arange(80))
    means = PriorMeans((old,), PLAIN, 1e6)
    here, there = means(np.array([[0.3, 0.6], [0.8, 0.6]]))[:, 0]
    assert here > there + 0.5


def test_an_earlier_study_where_all_failed_says_nothing() -> None:
    dead = PriorTask(
        "old", np.random.default_rng(0).random((5, D)), np.full(5, 1e6), np.ones(5), np.full(5, np.nan), np.arange(5)
    )
    assert np.ptp(PriorMeans((dead,), PLAIN, 1e6)(np.random.default_rng(1).random((7, D)))) < 1e-6
