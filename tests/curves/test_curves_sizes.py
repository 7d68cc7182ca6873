"""The law across model sizes: a size that was never run."""

from __future__ import annotations

import numpy as np
import pytest

from rltune.curves.series import series
from rltune.curves.sizes import SizedCurve, fit_size_law, leave_one_size_out
from rltune.errors import CurveError

STEPS = 80


def family(sizes: tuple[float, ...], slope: float, noise: float = 0.02, seed: int = 0) -> list[SizedCurve]:
    """Three configurations on each size; the share of the headroom that is won grows by `slope` (logit) an e-fold."""
    rng = np.random.default_rng(seed)
    x = np.arange(1, STEPS + 1) / STEPS
    runs = []
    for group, (reach, pace) in {"a": (0.0, 4.0), "b": (0.6, 6.0), "c": (-0.4, 9.0)}.items():
        for size in sizes:
            won = 1 / (1 + np.exp(-(reach + slope * np.log(size / 1e6))))
            level = 0.4 + 0.6 * won * (1 - np.exp(-pace * x))
            rewards = np.minimum(level + noise * rng.standard_normal(STEPS), 1.0)
            runs.append(SizedCurve(size, 0.4, series(rewards), STEPS, group))
    return runs


def test_a_size_like_the_others_is_predicted_to_within_the_noise() -> None:
    left = leave_one_size_out(family((1e5, 1e6, 1e7), slope=0.0), 1e7)
    assert {found.run.group for found in left} == {"a", "b", "c"}
    assert max(found.error for found in left) < 0.02
    assert max(found.final_error for found in left) < 0.02


def test_many_sizes_teach_a_trend_that_two_do_not() -> None:
    sizes = (1e5, 3e5, 1e6, 3e6, 1e7, 3e7)
    many, few = fit_size_law(family(sizes, slope=0.2)), fit_size_law(family(sizes[:2], slope=0.2))
    assert 0.12 < many.slopes[0] < 0.25  # drawn towards 0 by its prior
    assert 0 < few.slopes[0] < many.slopes[0] / 2
    left = leave_one_size_out(family(sizes, slope=0.2), sizes[-1])
    low, high = (many.level(size, 0.4, np.ones(1), "a")[0] for size in (sizes[0], sizes[-1]))
    assert max(found.final_error for found in left) < (high - low) / 2


def test_the_law_starts_at_the_initial_reward_and_stays_below_the_best() -> None:
    law = fit_size_law(family((1e5, 1e6), slope=0.1))
    level = law.level(1e8, 0.3, np.linspace(0, 5, 50), "b")
    assert level[0] == 0.3 and np.all(np.diff(level) >= 0) and level[-1] <= 1.0


def test_what_can_not_be_fitted_is_said() -> None:
    with pytest.raises(CurveError, match="at least two model sizes"):
        fit_size_law(family((1e6,), slope=0.0))
    with pytest.raises(CurveError, match="not finite at step 2"):
        broken = SizedCurve(1e5, 0.4, series([0.4, np.nan, 0.5]), 3)
        fit_size_law([broken, SizedCurve(1e6, 0.4, series([0.4, 0.5, 0.5]), 3)])
    with pytest.raises(CurveError, match="lies above the best reward 0.5"):
        fit_size_law(family((1e5, 1e6), slope=0.0), high=0.5)
    with pytest.raises(CurveError, match="no curve of the group 'z'"):
        fit_size_law(family((1e5, 1e6), slope=0.0)).level(1e7, 0.4, np.ones(1), "z")
