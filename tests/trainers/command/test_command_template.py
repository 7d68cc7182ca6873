"""Templates: values in braces, computed by nothing but arithmetic and comparison."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import TrainerError
from rltune.trainers.command.template import Template

VALUES = {"learning_rate": 1e-6, "prompts": 32, "rollouts": 5, "kl": 0.0, "schedule": "cosine", "on": True}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("--lr={learning_rate}", "--lr=1e-06"),
        ("{prompts * rollouts}", "160"),
        ("{prompts / 4}", "8"),
        ("{1.0 / prompts}", "0.03125"),
        ("{-prompts % 5}", "3"),
        ("{max(prompts, 100)}", "100"),
        ('{"const" if schedule == "constant" else schedule}', "cosine"),
        ("{kl > 0}", "False"),
        ("{on and prompts > 3}", "True"),
        ("{{literal}} {rollouts}", "{literal} 5"),
        ('{{"a": {rollouts}}}', '{"a": 5}'),
        ("plain", "plain"),
    ],
)
def test_filled(text: str, filled: str) -> None:
    assert Template(text).fill(VALUES) == filled


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{rollout}", "has no value"),
        ("{prompts / rollouts}", "32 is not divisible by 5"),
        ("{schedule * 2}", "not both numbers"),
        ("{prompts // 0}", "can't be computed"),
        ("{2 ** prompts}", "can't be computed"),
        ("{prompts * 10000000000000000000}", "too large"),
    ],
)
def test_a_value_that_cannot_be_computed_is_named(text: str, problem: str) -> None:
    with pytest.raises(TrainerError, match=problem) as error:
        Template(text, "arguments").fill(VALUES)
    assert error.value.where == "trainer.settings.arguments"


def test_the_closest_name_is_suggested() -> None:
    with pytest.raises(TrainerError) as error:
        Template("{learning_rat}").fill(VALUES)
    assert error.value.hint == "did you mean 'learning_rate'?"


@pytest.mark.parametrize(
    "text", ["{", "}", "{a", "{}", "{a b}", "{a.b}", "{a[0]}", "{open('x')}", "{().__class__}", "{lambda: 1}", "{[1]}"]
)
def test_nothing_else_of_python_is_understood(text: str) -> None:
    with pytest.raises(TrainerError):
        Template(text)


def test_names_are_those_of_values() -> None:
    assert Template("{min(a, b) if c else 1} {{d}} {e}").names == {"a", "b", "c", "e"}


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12))
def test_numbers_read_back_as_they_were(value: float) -> None:
    text = Template("{x}").fill({"x": value})
    assert float(text) == value and math.copysign(1, float(text)) == math.copysign(1, value)
