"""Splits that share nothing, and an order that nothing but the prompts decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TaskError
from rltune.tasks.splits import hold_out, shuffled, unseen

TEXTS = st.lists(st.text(max_size=5), unique=True, min_size=2, max_size=20)


WORDS = st.text(alphabet="abc", max_size=3)


@given(st.lists(WORDS, max_size=20), st.sets(WORDS, max_size=5))
def test_unseen_items_come_once_and_in_order(items, before):
    seen = set(before)
    kept = unseen(items, seen, str)
    assert list(kept) == [item for item in dict.fromkeys(items) if item not in before]
    assert seen == before | set(items)


def test_white_space_makes_no_other_item():
    assert unseen(["a b", "a  b", " a b\n", "ab"], set(), str) == ("a b", "ab")


@given(TEXTS, st.randoms())
def test_the_order_of_the_file_makes_no_difference(items, random):
    other = list(items)
    random.shuffle(other)
    assert shuffled(items, str) == shuffled(other, str)
    held, rest = hold_out(items, 1, str, "here")
    assert hold_out(other, 1, str, "here")[0] == held
    assert [*rest] == [item for item in items if item not in held]


def test_a_sorted_file_is_mixed():
    first = shuffled([f"{subject} {n}" for subject in "abcdefgh" for n in range(100)], str)[:80]
    assert all(3 <= sum(item.startswith(subject) for item in first) <= 20 for subject in "abcdefgh")


def test_something_must_remain():
    with pytest.raises(TaskError, match=r"here: validation_size 2 leaves no train example of 2 \(use at most 1\)"):
        hold_out(["a", "b"], 2, str, "here")
