"""The noisy teacher's distribution."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.models.teacher import Noise, next_characters, outcomes, sample

answers = st.integers(0, 300).map(str)
rights = st.floats(0.3, 1.0)


@given(answer=answers, right=rights)
def test_right_is_as_likely_as_asked_and_the_likeliest(answer, right):
    teacher = outcomes(answer, Noise(right))
    assert sum(teacher.values()) == pytest.approx(1.0)
    assert teacher[answer] == pytest.approx(right)
    assert all(p < right / 4 for text, p in teacher.items() if text != answer)
    assert max(map(len, teacher)) <= len(answer) + 2


@given(answer=answers, right=rights)
def test_greedy_decoding_is_right(answer, right):
    teacher, text = outcomes(answer, Noise(right)), ""
    while True:
        following = next_characters(teacher, text)
        assert sum(following.values()) == pytest.approx(1.0)
        best = max(following, key=following.__getitem__)
        if best == "":
            break
        text += best
    assert text == answer


def test_samples_follow_the_distribution():
    teacher, rng = outcomes("47", Noise(0.4)), random.Random(0)
    drawn = [sample(teacher, rng) for _ in range(4000)]
    assert set(drawn) <= set(teacher)
    assert drawn.count("47") / 4000 == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("right", [-0.1, 1.1, float("nan")])
def test_impossible_noise(right):
    with pytest.raises(ValueError, match="probability"):
        Noise(right)
