"""BOHB's density model against the numbers of statsmodels, which the authors' implementation uses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.optimizers.kde import KdeModel, fit_density, impute, split_sizes

POINTS = np.array(
    [
        [0.1, 0.9, 0],
        [0.2, 0.7, 1],
        [0.35, 0.6, 0],
        [0.5, 0.65, 0],
        [0.3, 0.2, 0],
        [0.8, 0.4, 0],
        [0.6, 0.5, 0],
        [0.55, 0.1, 1],
    ]
)
CHOICES = np.array([0, 0, 2])


def test_bandwidths_and_densities_are_those_of_statsmodels() -> None:
    # statsmodels 0.15.0: KDEMultivariate(POINTS, "ccu", bw="normal_reference"), .bw and .pdf
    density = fit_density(POINTS, CHOICES, 1e-3)
    assert density.bandwidths == pytest.approx([0.1693748324166406, 0.19534995089257923, 0.34103083313186683])
    at = density.at(np.array([[0.3, 0.5, 1], [0.9, 0.1, 0], [0.1, 0.9, 0]]))
    assert at == pytest.approx([0.5823362087526543, 0.13794307086382965, 0.5508973601373955])


def test_equal_points_keep_the_least_bandwidth() -> None:
    assert list(fit_density(np.full((5, 3), 0.0), CHOICES, 1e-3).bandwidths) == [1e-3] * 3


def test_a_choice_never_weighs_less_than_the_others() -> None:
    spread = np.array([[0.0], [4.0], [0.0], [4.0]])
    density = fit_density(spread, np.array([5]), 1e-3)
    assert density.bandwidths[0] == pytest.approx(0.8)
    at = density.at(np.arange(5.0)[:, None])
    assert at.sum() == pytest.approx(1.0) and at[0] >= at[1] - 1e-12


@pytest.mark.parametrize(
    ("count", "least", "percent", "sizes"),
    [(14, 7, 15, (7, 7)), (20, 7, 15, (7, 13)), (100, 7, 15, (15, 85)), (40, 3, 50, (20, 20)), (7, 4, 15, (4, 3))],
)
def test_split_sizes_are_those_of_hpbandster(count: int, least: int, percent: int, sizes: tuple[int, int]) -> None:
    assert split_sizes(count, least, percent) == sizes


@given(st.integers(0, 10_000), st.floats(0.1, 50))
def test_draws_stay_inside(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.choice([0.0, 0.5, 1.0], (6, 2)), rng.integers(0, 3, 6)])
    drawn = fit_density(points, np.array([0, 0, 3]), 1e-3).draw(rng, 200, factor)
    assert ((drawn[:, :2] >= 0) & (drawn[:, :2] <= 1)).all()
    assert set(drawn[:, 2]) <= {0.0, 1.0, 2.0}


def test_draws_follow_the_widened_density() -> None:
    drawn = fit_density(np.array([[0.5, 1.0]] * 4), np.array([0, 4]), 0.02).draw(np.random.default_rng(0), 20_000, 3.0)
    assert drawn[:, 0].mean() == pytest.approx(0.5, abs=0.002)
    assert drawn[:, 0].std() == pytest.approx(0.06, rel=0.03)
    # kept with 0.98, and in a quarter of the other cases
    assert (drawn[:, 1] == 1.0).mean() == pytest.approx(0.985, abs=0.003)


def test_the_ratio_prefers_where_the_good_ones_are() -> None:
    near, far = (
        fit_density(np.array([[0.2], [0.3]]), np.array([0]), 1e-3),
        fit_density(np.array([[0.7], [0.8]]), np.array([0]), 1e-3),
    )
    ratio = KdeModel(near, far, 10).log_ratio(np.array([[0.25], [0.5], [0.75]]))
    assert ratio[0] > ratio[1] > ratio[2]
    assert ratio[1] == pytest.approx(0.0)


def test_absent_parameters_get_values_of_points_that_have_them() -> None:
    rng = np.random.default_rng(0)
    points = np.array([[0.1, np.nan, np.nan], [0.2, 0.7, 1.0], [0.3, 0.9, 2.0], [0.4, np.nan, np.nan]])
    filled = impute(points, np.array([0, 0, 3]), rng)
    assert list(filled[:, 0]) == [0.1, 0.2, 0.3, 0.4]
    assert {tuple(row[1:]) for row in filled} <= {(0.7, 1.0), (0.9, 2.0)}
    alone = impute(np.full((3, 2), np.nan), np.array([0, 4]), rng)
    assert ((alone[:, 0] >= 0) & (alone[:, 0] <= 1)).all() and set(alone[:, 1]) <= {0.0, 1.0, 2.0, 3.0}
