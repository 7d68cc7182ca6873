"""A posterior of many rows: what is made once, what is left out, and that neither changes what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rltune.bayes.data import NO_RUN, Layout, TrainingData
from rltune.bayes.score_model import (
    FIT_POINTS,
    STABLE_ABOVE,
    ScoreModel,
    fit_hyperparameters,
    fit_points,
    representatives,
)

LAYOUT = Layout(2, 0)


def data(n: int, seed: int = 0) -> TrainingData:
    """n rows, two of each run."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, LAYOUT.width))
    x[:, -1] = np.arange(n) // 2
    y = 0.2 + 0.6 * np.exp(-8 * (x[:, 0] - 0.4) ** 2) * x[:, 2] + 0.01 * rng.standard_normal(n)
    return TrainingData(x, y, LAYOUT)


def test_what_is_in_flight_extends_a_posterior_as_if_it_were_made_anew() -> None:
    known, rng = data(40), np.random.default_rng(1)
    flying = rng.random((7, LAYOUT.width))
    flying[:, -1] = NO_RUN
    model = ScoreModel(known, fit_hyperparameters(known))
    believing = model.believing(flying)
    imagined = model.scale.score(model.posterior(flying).mean)
    whole = replace(known, x=np.vstack([known.x, flying]), y=np.append(known.y, imagined))
    anew = ScoreModel(whole, model.hyperparameters)
    at = rng.random((9, LAYOUT.width))
    at[:, -1] = NO_RUN
    # The scale is that of what was measured: compared in units of the scores' own.
    assert believing.scale == model.scale
    assert believing.posterior(at).variance == pytest.approx(anew.posterior(at).variance, abs=1e-8)
    assert believing.posterior(at).mean == pytest.approx(model.posterior(at).mean, abs=1e-6)
    assert np.all(believing.posterior(at).variance <= model.posterior(at).variance + 1e-9)


def test_means_alone_are_the_same_means() -> None:
    known = data(30)
    model = ScoreModel(known, fit_hyperparameters(known))
    at = data(12, seed=3).x
    assert model.means(at) == pytest.approx(model.posterior(at).mean, abs=1e-12)


def test_few_points_are_all_fitted_to() -> None:
    few = data(FIT_POINTS)
    points, scale = fit_points(few)
    assert points is few and scale == ScoreModel(few, fit_hyperparameters(data(3))).scale


def test_the_fit_of_many_points_mostly_survives_one_more() -> None:
    many = data(STABLE_ABOVE + 200)
    kept = 0
    before = fit_points(replace(many, x=many.x[:-40], y=many.y[:-40]))[0]
    for left_out in range(39, -1, -1):
        n = len(many) - left_out
        after = fit_points(replace(many, x=many.x[:n], y=many.y[:n]))[0]
        kept += np.array_equal(before.x, after.x)
        before = after
    assert len(before) == FIT_POINTS
    assert kept >= 16  # of 40: about 200 of 700 rows are fitted to


def test_the_points_do_not_depend_on_how_runs_are_numbered() -> None:
    many = data(STABLE_ABOVE + 100)
    moved = many.x.copy()
    moved[:, -1] += 5 * (moved[:, -1] > 100)
    assert np.array_equal(fit_points(many)[0].x, fit_points(replace(many, x=moved))[0].x)


def test_a_thinned_history_keeps_its_best() -> None:
    many = data(300)
    thin = representatives(many, 100, best=0.5)
    assert len(thin) == 100
    assert set(np.sort(many.y)[-50:]) <= set(thin.y)
    assert thin.y.min() == many.y.min()
