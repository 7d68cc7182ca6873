"""Constraints as values: how they are written, what they say, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import SpaceError
from rltune.space.constraints import AtMost, Constraint, Divides, Quantity, parse_constraint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("updates divides prompts", Divides.of("updates", "prompts")),
        ("8 * updates divides prompts * rollouts", Divides.of("8 * updates", "prompts * rollouts")),
        ("2 * updates * 4 divides prompts", Divides.of("8 * updates", "prompts")),
        ("low <= high", AtMost.of("low", "high")),
        ("low<=0.5", AtMost.of("low", 0.5)),
        ("high at least low", AtMost.of("low", "high")),
        ("prompts >= 32", AtMost.of(32, "prompts")),
        ("prompts at most 1e3", AtMost.of("prompts", 1000)),
        ("data.train_batch_size divides 64", Divides.of("data.train_batch_size", 64)),
    ],
)
def test_a_constraint_is_read_as_it_is_written(text: str, expected: Constraint) -> None:
    found = parse_constraint(text)
    assert found == expected and type(found) is type(expected)
    assert parse_constraint(found.text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("updates", "expected a constraint, got 'updates'"),
        ("a < b", "expected a constraint"),
        ("a divides b divides c", "expected a constraint"),
        ("a + 1 divides b", r"got 'a \+ 1'"),
        ("a divides ", "got ''"),
        ("0 divides b", "above 0, got 0"),
        ("-2 divides b", "above 0, got -2"),
        ("a <= nan", "above 0, got nan"),
        ("a * a <= b", "may name a hyperparameter once"),
    ],
)
def test_what_is_no_constraint_is_refused_with_the_form(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        parse_constraint(text)
    assert "a divides b" in (caught.value.hint or "")


def test_a_constraint_holds_or_not_and_says_why_not() -> None:
    shared = Divides.of("8 * updates", "prompts * rollouts")
    assert shared.names == ("updates", "prompts", "rollouts")
    assert shared.holds({"updates": 4, "prompts": 32, "rollouts": 5})
    broken = {"updates": 3, "prompts": 32, "rollouts": 5}
    assert not shared.holds(broken)
    assert shared.complaint(broken) == (
        "8 * updates must divide prompts * rollouts, got 24 and 160 (updates 3, prompts 32, rollouts 5)"
    )
    assert AtMost.of("low", "high").complaint({"low": 0.3, "high": 0.2}) == "low must be at most high, got 0.3 and 0.2"


def test_a_real_bound_gives_way_by_rounding_only_and_a_whole_one_by_nothing() -> None:
    assert AtMost.of("a", "b").holds({"a": 0.2 * (1 + 1e-12), "b": 0.2})
    assert not AtMost.of("a", "b").holds({"a": 0.2001, "b": 0.2})
    assert not AtMost.of("a", "b").holds({"a": 10**12 + 1, "b": 10**12})


@given(st.lists(st.integers(1, 60), min_size=3, max_size=3))
def test_arrays_are_judged_as_their_members(values: list[int]) -> None:
    a, b, c = values
    for constraint in (Divides.of("2 * a", "b * c"), AtMost.of("a", "b * c")):
        array = constraint.holds({"a": np.arange(1, 61), "b": b, "c": c})
        assert bool(array[a - 1]) == bool(constraint.holds({"a": a, "b": b, "c": c}))


def test_what_is_held_is_put_in() -> None:
    bound = Divides.of("updates * 8", "prompts * rollouts", "why").bound({"prompts": 32, "other": "text"})
    assert bound == Divides.of("8 * updates", "32 * rollouts", "why")
    assert Quantity(2.0, ("a",)).text == "2 * a"
    with pytest.raises(SpaceError, match="scheduler is 'cosine'"):
        AtMost.of("scheduler", "b").bound({"scheduler": "cosine"})
