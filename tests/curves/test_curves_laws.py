"""The reward laws' shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rltune.curves.laws import EXPONENTIAL, LAWS, SIGMOID, Law

every_law = pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)


@every_law
def test_a_shape_rises_from_0_and_stays_below_1(law: Law) -> None:
    x = np.concatenate(([0.0], np.geomspace(1e-6, 1e6, 300)))
    shape = law.shape(law.grid(), x)
    assert shape.shape == (len(law.grid()), x.size)
    assert np.all(np.abs(shape[:, 0]) < 1e-4) and np.all(np.diff(shape, axis=1) >= 0)
    assert np.all(shape <= 1) and np.all(shape[:, -1] > 0.95)


@every_law
def test_the_grid_covers_the_bounds_evenly_on_log_scales(law: Law) -> None:
    grid = law.grid()
    assert grid.shape == (math.prod(law.points), len(law.parameters))
    for column, (low, high), count in zip(grid.T, law.bounds, law.points, strict=True):
        values = np.unique(column)
        assert values.size == count and values[0] == pytest.approx(low) and values[-1] == pytest.approx(high)
        assert np.ptp(np.diff(np.log(values))) < 1e-9
    assert len(np.unique(grid, axis=0)) == len(grid)


def test_known_points_of_the_published_laws() -> None:
    # arXiv 2507.18014: 80 % of the gain at ln 5 / lambda; arXiv 2510.13786: half of it at the middle.
    at = EXPONENTIAL.curve(0.3, 0.5, {"rate": 4.0}, np.array([math.log(5) / 4]))
    assert at[0] == pytest.approx(0.3 + 0.8 * 0.5)
    at = SIGMOID.curve(0.3, 0.5, {"middle": 0.2, "steepness": 3.0}, np.array([0.2]))
    assert at[0] == pytest.approx(0.3 + 0.5 * 0.5)
