"""Parameters: what they refuse, and how they map to the unit interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter

ADAPTER = TypeAdapter(Parameter)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "float", "low": 2, "high": 1}, "low must be below high, got low 2 and high 1"),
        ({"type": "int", "low": 4, "high": 4}, "low must be below high"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "log: true needs low > 0"),
        ({"type": "int", "low": -2, "high": 1, "log": True}, "log: true needs low > 0"),
        ({"type": "float", "low": 0, "high": 1, "step": 0}, "step must be > 0"),
        ({"type": "int", "low": 0, "high": 4, "step": 9}, "step must fit between low and high"),
        ({"type": "float", "low": 1, "high": 2, "log": True, "step": 0.5}, "step can't be combined with log"),
        ({"type": "float", "low": 0, "high": math.inf}, "finite"),
        ({"type": "categorical", "choices": []}, "at least one value, got none"),
        ({"type": "categorical", "choices": ["a", "b", "a"]}, "got 'a' twice"),
        ({"type": "float", "low": 0, "high": 1, "hihg": 2}, "Extra inputs are not permitted"),
        ({"type": "real", "low": 0, "high": 1}, "float"),
        ({"type": "float", "low": 0, "high": 1, "when": {"other": []}}, "at least one value"),
    ],
)
def test_a_wrong_parameter_says_what_is_wrong(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(settings)
    assert message in str(caught.value)


def test_a_parameter_can_not_be_changed() -> None:
    parameter = FloatParameter(low=0, high=1)
    with pytest.raises(ValidationError):
        parameter.low = 0.5  # pyright: ignore[reportAttributeAccessIssue]


def test_choices_keep_their_types() -> None:
    parameter = ADAPTER.validate_python({"type": "categorical", "choices": [True, 2, 2.5, "2"]})
    assert isinstance(parameter, CategoricalParameter)
    assert [type(choice) for choice in parameter.choices] == [bool, int, float, str]
    assert parameter.check(True) is True
    with pytest.raises(ValueError, match="one of"):
        parameter.check(False)


@pytest.mark.parametrize(
    "parameter",
    [
        IntParameter(low=4, high=16),
        IntParameter(low=-3, high=11, step=2),
        FloatParameter(low=0.1, high=0.4, step=0.1),
        CategoricalParameter(choices=("constant", "cosine", "linear")),
    ],
)
def test_each_of_finitely_many_values_owns_an_equal_share(parameter: Parameter) -> None:
    draws = 20_000
    counts: dict[object, int] = {}
    for i in range(draws):
        value = parameter.from_unit((i + 0.5) / draws)
        counts[value] = counts.get(value, 0) + 1
    assert set(counts) == set(parameter.values())
    assert max(counts.values()) - min(counts.values()) <= 2


def test_steps_of_a_float_are_written_plainly() -> None:
    assert FloatParameter(low=0.1, high=0.5, step=0.1).values() == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert FloatParameter(low=0.0, high=1.0, step=0.3).nearest(1.0) == 0.9


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.booleans(),
    st.floats(0, 1),
)
def test_floats_return_exactly(low: float, width: float, log: bool, u: float) -> None:
    low = abs(low) + 1e-9 if log else low
    if not low < low + width:
        return
    parameter = FloatParameter(low=low, high=low + width, log=log)
    value = parameter.from_unit(u)
    assert parameter.low <= value <= parameter.high
    position = parameter.to_unit(value)
    assert parameter.to_unit(parameter.from_unit(position)) == position


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.booleans(), st.floats(0, 1))
def test_whole_numbers_return_exactly(low: int, width: int, log: bool, u: float) -> None:
    parameter = IntParameter(low=low, high=low + width, log=log)
    value = parameter.from_unit(u)
    assert parameter.low <= value <= parameter.high
    assert parameter.from_unit(parameter.to_unit(value)) == value


def test_narrowing_keeps_the_centre_inside_and_at_least_two_values() -> None:
    parameter = IntParameter(low=4, high=16).narrowed(16, 0.01)
    assert (parameter.low, parameter.high) == (15, 16)
    rate = FloatParameter(low=1e-6, high=1e-2, log=True).narrowed(1e-4, 0.25)
    assert (rate.low, rate.high) == (pytest.approx(10**-4.5), pytest.approx(10**-3.5))
