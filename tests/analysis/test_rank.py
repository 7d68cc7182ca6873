"""Rank correlations of paired scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rltune.analysis.rank import kendall, spearman


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12))
def test_agrees_with_scipy(pairs: list[tuple[int, int]]) -> None:
    a, b = [float(p[0]) for p in pairs], [float(p[1]) for p in pairs]
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert spearman(a, b) is None and kendall(a, b) is None
        return
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b)[0])
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b)[0])


def test_a_monotone_relation_is_perfect() -> None:
    a = np.linspace(0.1, 0.9, 20)
    assert spearman(list(a), list(a**3)) == pytest.approx(1.0) and kendall(list(a), list(a**3)) == pytest.approx(1.0)


def test_too_few_pairs_give_no_number() -> None:
    assert spearman([1.0, 2.0], [1.0, 2.0]) is None and kendall([1.0, 2.0], [1.0, 2.0]) is None
    assert spearman([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]) == pytest.approx(0.8)


def test_wrong_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2 and 3"):
        spearman([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="finite"):
        kendall([1.0, 2.0, float("nan")], [1.0, 2.0, 3.0])
