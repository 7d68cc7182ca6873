"""How sure a rank correlation is: few pairs promise little, many promise what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.analysis.certainty import BOOTSTRAP_FROM, Kind, estimate, pairs_needed


def test_four_pairs_in_perfect_order_are_no_proof() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.9])
    assert found is not None and found.value == 1.0 and found.high == 1.0
    assert found.low < 0.5  # a bootstrap over these pairs would say 1 to 1
    assert found.chance == pytest.approx(1 / 24)
    assert "simulated" in found.method and "Spearman 1.00" in found.text


def test_the_published_check_of_five_pairs_allows_a_poor_proxy() -> None:
    found = estimate([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], level=0.95)
    assert found is not None and found.value == pytest.approx(0.9) and found.low < 0.3


@pytest.mark.parametrize("kind", ["spearman", "kendall"])
@pytest.mark.parametrize(("n", "rho"), [(5, 0.3), (8, 0.8), (40, 0.6)])
def test_the_interval_covers_as_often_as_it_says(n: int, rho: float, kind: Kind) -> None:
    rng = np.random.default_rng(5)
    truth = 6 / np.pi * np.arcsin(rho / 2) if kind == "spearman" else 2 / np.pi * np.arcsin(rho)
    covered = 0
    for _ in range(40):
        x, noise = rng.standard_normal((2, n))
        found = estimate(list(x), list(rho * x + np.sqrt(1 - rho**2) * noise), kind, 0.8)
        assert found is not None
        covered += found.low - 0.02 <= truth <= found.high + 0.02
    assert covered >= 25  # of 40; 32 expected, almost three standard deviations below


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=14), st.sampled_from([1, -1]))
def test_the_interval_holds_the_value_and_turns_with_it(pairs: list[tuple[int, int]], sign: int) -> None:
    a, b = [float(p[0]) for p in pairs], [float(sign * p[1]) for p in pairs]
    found = estimate(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
        return
    assert found is not None and -1 <= found.low <= found.value <= found.high <= 1
    assert 0 <= found.chance <= 1
    assert found == estimate(a, b)


def test_more_pairs_narrow_the_interval() -> None:
    widths = []
    for n in (4, 9, BOOTSTRAP_FROM + 20, 200):
        order = np.arange(n, dtype=float)
        order[1::2] = order[1::2][::-1]  # half of them in order, half in reverse: a middling correlation for any n
        found = estimate([float(i) for i in range(n)], list(order))
        assert found is not None
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)


def test_pairs_needed_shrink_with_the_distance() -> None:
    assert pairs_needed(0.5, 0.5) is None
    needed = [pairs_needed(value, 0.5) for value in (0.6, 0.8, 0.9, 1.0)]
    assert all(n is not None for n in needed)
    assert needed == sorted(needed, key=lambda n: -(n or 0)) and (needed[-1] or 0) >= 4


def test_as_many_pairs_as_needed_are_enough_about_half_of_the_time() -> None:
    n = pairs_needed(0.8, 0.5)
    assert n is not None
    rng = np.random.default_rng(1)
    correlation = 2 * np.sin(np.pi * 0.8 / 6)
    told = 0
    for _ in range(40):
        x, noise = rng.standard_normal((2, n))
        found = estimate(list(x), list(correlation * x + np.sqrt(1 - correlation**2) * noise))
        told += found is not None and found.low > 0.5
    assert 10 <= told <= 34


def test_impossible_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate([1, 2, 3], [1, 2, 3], level=80)
