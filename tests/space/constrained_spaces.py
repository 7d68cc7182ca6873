"""Random spaces with constraints, and a judge of configurations that shares no code with the space."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping

from hypothesis import strategies as st

from rltune.space.constraints import AtMost, Constraint, Divides
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.types import Scalar

NUMBERS = ("a", "b", "c", "d")


def is_possible(constraint: str, values: Mapping[str, Scalar]) -> bool:
    """Judges a constraint by its text, as a person would."""
    word = "divides" if " divides " in constraint else "<="
    left, right = (
        operator.mul(*_padded([values[p] if p in values else float(p) for p in side.split(" * ")]))
        for side in constraint.split(f" {word} ")
    )
    return right % left == 0 if word == "divides" else left <= right * (1 + 1e-9)


def _padded(factors: list) -> tuple:
    product = 1
    for factor in factors[1:]:
        product *= factor
    return factors[0], product


def values_of(parameter: Parameter) -> list[Scalar]:
    assert not isinstance(parameter, FloatParameter)
    return list(parameter.values())


def all_of(parameters: Mapping[str, Parameter]) -> list[dict[str, Scalar]]:
    """Every combination of an unconditional space of distinct values."""
    lists = [values_of(parameter) for parameter in parameters.values()]
    return [dict(zip(parameters, combination, strict=True)) for combination in itertools.product(*lists)]


@st.composite
def whole_parameters(draw: st.DrawFn) -> Parameter:
    kind = draw(st.sampled_from(["int", "log", "choices"]))
    if kind == "choices":
        choices = draw(
            st.lists(st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 32, 64]), min_size=1, max_size=5, unique=True)
        )
        return CategoricalParameter(choices=tuple(choices))
    low = draw(st.integers(1, 12))
    return IntParameter(low=low, high=low + draw(st.integers(1, 12)), log=kind == "log")


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    def side() -> str:
        names = draw(st.lists(st.sampled_from(NUMBERS), min_size=0, max_size=2, unique=True))
        return " * ".join([str(draw(st.sampled_from([1, 2, 4]))), *names])

    left, right = side(), side()
    return Divides.of(left, right) if draw(st.booleans()) else AtMost.of(left, right)


@st.composite
def spaces(draw: st.DrawFn) -> tuple[dict[str, Parameter], tuple[Constraint, ...]]:
    """Parameters and constraints among them; perhaps nothing meets them."""
    parameters = {name: draw(whole_parameters()) for name in NUMBERS}
    found = [c for c in draw(st.lists(constraints(), min_size=1, max_size=3)) if c.names]
    return parameters, tuple(found)
