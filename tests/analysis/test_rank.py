"""Rank correlations of paired scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rltune.analysis.rank import kendall, rank_agreement, spearman


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12))
def test_agrees_with_scipy(pairs: list[tuple[int, int]]) -> None:
    a, b = [float(p[0]) for p in pairs], [float(p[1]) for p in pairs]
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert spearman(a, b) is None and kendall(a, b) is None
        return
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b)[0])
    assert kendall(a, b) == pytest.approx(stats.kendalltau(a, b)[0])


def test_a_monotone_relation_is_perfect_and_its_interval_is_narrow() -> None:
    a = np.linspace(0.1, 0.9, 20)
    agreement = rank_agreement(list(a), list(a**3))
    assert agreement.spearman == pytest.approx(1.0) and agreement.kendall == pytest.approx(1.0)
    assert agreement.spearman_interval == pytest.approx((1.0, 1.0))


@pytest.mark.slow
def test_an_interval_covers_the_truth_of_independent_scores() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(20):
        agreement = rank_agreement(list(rng.random(25)), list(rng.random(25)), seed=seed)
        assert agreement.kendall_interval is not None
        covered += agreement.kendall_interval[0] <= 0 <= agreement.kendall_interval[1]
    assert covered >= 16


def test_few_pairs_give_no_number_but_a_reason() -> None:
    assert rank_agreement([1.0, 2.0], [1.0, 2.0]).note == "2 pairs are too few for a rank correlation, it takes 3"
    four = rank_agreement([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0])
    assert four.spearman == pytest.approx(0.8) and four.spearman_interval is None
    assert "too few for an interval" in four.note
    assert "no order" in rank_agreement([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]).note


def test_wrong_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2 and 3"):
        spearman([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="finite"):
        kendall([1.0, 2.0, float("nan")], [1.0, 2.0, 3.0])
