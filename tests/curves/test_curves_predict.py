"""Possible futures: honest intervals, inside the bounds, the same for the same seed and in any unit."""

from __future__ import annotations

import numpy as np
import pytest
from curve_toys import any_law, follow
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.curves.predict import TAIL, Prediction, predict
from rltune.curves.series import series


def seen(seed: int, share: float = 0.4) -> tuple[Prediction, float]:
    """A forecast from the first `share` of a run, and the mean of its last tenth, as measured."""
    rewards = any_law(seed)
    n = rewards.size
    return predict(series(rewards[: int(share * n)]), n, (0.0, 1.0), seed), float(rewards[-round(TAIL * n) :].mean())


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.5])
def test_an_interval_of_80_percent_holds_about_so_many_ends(share: float) -> None:
    hits, errors = 0, []
    for seed in range(100):
        prediction, end = seen(seed, share)
        low, high = np.quantile(prediction.final(), [0.1, 0.9])
        hits += low <= end <= high
        errors.append(abs(prediction.final().mean() - end))
    assert 70 <= hits <= 95
    assert np.mean(errors) < 0.05


def test_more_of_a_run_makes_its_end_surer() -> None:
    spreads = [np.median([seen(seed, share)[0].final().std() for seed in range(8)]) for share in (0.2, 0.5, 0.9)]
    assert spreads[0] > 1.5 * spreads[1] > 2.25 * spreads[2]


def test_the_same_seed_gives_the_same_futures_and_another_does_not() -> None:
    curve = series(any_law(2)[:60])
    first, again, other = (predict(curve, 200, (0.0, 1.0), seed) for seed in (5, 5, 6))
    assert np.array_equal(first.paths, again.paths) and not np.array_equal(first.paths, other.paths)
    assert first.final().mean() == pytest.approx(other.final().mean(), abs=0.02)


@pytest.mark.parametrize(("times", "plus"), [(0.01, 0.0), (1e6, 0.0), (1.0, -3.0), (1.0, 1e6), (1e-9, 1.0)])
def test_another_unit_of_reward_gives_the_same_futures_in_it(times: float, plus: float) -> None:
    rewards = any_law(4)[:80]
    own = predict(series(rewards), 300, (0.0, 1.0))
    other = predict(series(times * rewards + plus), 300, (plus, plus + times))
    assert (other.paths.mean(axis=0) - plus) / times == pytest.approx(own.paths.mean(axis=0), abs=2e-3)
    assert other.noise / times == pytest.approx(own.noise, rel=1e-3) and other.law == own.law


def test_futures_begin_at_the_level_seen_and_know_what_is_to_come() -> None:
    rewards = follow("exponential", 300, noise=0.01)
    prediction = predict(series(rewards[:120]), 300, (0.0, 1.0))
    assert prediction.steps[0] == 120 and prediction.steps[-1] == 300
    assert prediction.paths.shape == (600, prediction.steps.size)
    assert prediction.paths[:, 0].mean() == pytest.approx(rewards[110:130].mean(), abs=0.01)
    assert prediction.final().mean() == pytest.approx(rewards[-30:].mean(), abs=0.02)
    assert prediction.noise == pytest.approx(0.01, rel=0.25) and 0 < prediction.share <= 1


def test_the_law_of_a_late_rise_is_told() -> None:
    assert predict(series(follow("sigmoid", 300, noise=0.005)[:200]), 300, (0.0, 1.0)).law == "sigmoid"


@settings(max_examples=60, deadline=None)
@given(
    rewards=st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=40),
    gap=st.integers(1, 1000),
    ahead=st.integers(1, 2000),
)
def test_futures_stay_within_the_bounds_whatever_was_seen(rewards: list[float], gap: int, ahead: int) -> None:
    steps = np.arange(1, len(rewards) + 1) * gap
    prediction = predict(series(rewards, steps), float(steps[-1] + ahead), (0.0, 1.0))
    assert np.all(prediction.paths >= 0) and np.all(prediction.paths <= 1)
