"""Expected improvement in log space."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from rltune.bayes.acquisition import Shift, knowledge_gradient, log_expected_improvement, log_h


@pytest.mark.parametrize("z", [-30.0, -8.0, -3.0, -1.0, -0.5, 0.0, 2.0, 5.0])
def test_log_h_is_the_logarithm_of_the_integral(z: float) -> None:
    # h(z) = ∫ (t)⁺ φ(t - z) dt, scaled by φ(z) so that it doesn't underflow
    integral, _ = integrate.quad(lambda t: t * math.exp(t * z - t**2 / 2), 0, 80, points=[max(z, 0.1)], limit=200)
    assert log_h(np.array([z]))[0] == pytest.approx(math.log(integral) + stats.norm.logpdf(z), rel=1e-6)


@given(st.floats(-1e6, 50), st.floats(1e-3, 10))
def test_log_h_is_finite_and_increases(z: float, step: float) -> None:
    lower, upper = log_h(np.array([z, z + step]))
    assert math.isfinite(lower) and math.isfinite(upper)
    assert upper >= lower - 1e-6 * abs(lower)


def test_log_h_joins_smoothly_where_its_forms_meet() -> None:
    for seam in (-1.0, -1e3):
        below, above = log_h(np.array([seam * (1 + 1e-9), seam * (1 - 1e-9)]))
        assert below == pytest.approx(above, rel=1e-6)


def test_expected_improvement_agrees_with_a_simulation() -> None:
    draws = np.random.default_rng(0).normal(0.5, 0.1, 1_000_000)
    simulated = np.maximum(draws - 0.6, 0).mean()
    value = log_expected_improvement(np.array([0.5]), np.array([0.1]), 0.6)[0]
    assert math.exp(value) == pytest.approx(simulated, rel=0.02)


def gradient(own: float, own_by: float, known: list[float], by: list[float]) -> float:
    own_shift = Shift(np.array([own]), np.array([own_by]))
    return float(knowledge_gradient(own_shift, Shift(np.array(known), np.array([by])))[0])


def test_the_knowledge_gradient_agrees_with_a_simulation() -> None:
    z = np.random.default_rng(0).standard_normal(2_000_000)
    after = np.max([0.7 + 0.05 * z, 0.69 - 0.02 * z, 0.72 + 0.0 * z], axis=0).mean()
    assert math.exp(gradient(0.7, 0.05, [0.69, 0.72], [-0.02, 0.0])) == pytest.approx(after - 0.72, rel=0.02)


@given(
    st.lists(st.tuples(st.floats(-3, 0), st.floats(-0.5, 0.5)), min_size=1, max_size=4),
    st.floats(-3, 0.2),
    st.floats(-0.5, 0.5),
)
def test_the_knowledge_gradient_is_the_integral(known: list[tuple[float, float]], own: float, own_by: float) -> None:
    mean, by = [m for m, _ in known], [b for _, b in known]
    z = np.linspace(-9, 9, 20_001)
    after = np.max([m + b * z for m, b in [*known, (own, own_by)]], axis=0)
    top = mean[int(np.argmax(mean))] + by[int(np.argmax(mean))] * z
    true = float(np.sum((after - top) * np.exp(-0.5 * z**2)) * (z[1] - z[0]) / math.sqrt(2 * math.pi))
    found = math.exp(gradient(own, own_by, mean, by))
    assert true / 5 - 1e-9 < found < 1.05 * true + 1e-9, "one of at most five overtakes likeliest"
    assert true < 1e-3 or found == pytest.approx(true, rel=0.03)


def test_what_can_change_no_choice_is_worth_nothing() -> None:
    """The present best itself: to know it better changes nothing if nothing can overtake it."""
    assert gradient(0.9, 0.3, [0.9], [0.3]) < math.log(1e-12)
    assert gradient(0.9, 0.3, [0.9, -1.1], [0.3, 0.0]) < math.log(1e-6)
    assert gradient(0.1, 0.3, [0.9], [0.3]) < math.log(1e-12), "both move alike"


def test_far_below_the_best_there_still_is_an_order() -> None:
    far, farther = gradient(0.1, 0.01, [0.9], [0.0]), gradient(0.0, 0.01, [0.9], [0.0])
    assert -1e5 < farther < far < math.log(1e-12)


def test_the_knowledge_gradient_falls_steadily_with_distance() -> None:
    values = [gradient(-gap, 1.0, [0.0], [0.0]) for gap in np.linspace(0, 9, 91)]
    assert all(a > b for a, b in itertools.pairwise(values))


def test_learning_about_another_configuration_counts() -> None:
    alone = gradient(0.5, 0.01, [0.7, 0.69], [0.0, 0.0])
    assert gradient(0.5, 0.01, [0.7, 0.69], [0.0, 0.05]) > alone + 3
