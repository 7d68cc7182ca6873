"""Whatever leaves a space is possible, and as near as can be to what was asked for."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from constrained_spaces import all_of, is_possible, spaces
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rltune.errors import SpaceError
from rltune.space.combinations import combinations
from rltune.space.constraints import AtMost, Constraint, Divides
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.types import Configuration, Scalar

BATCHES = Space(
    {
        "learning_rate": FloatParameter(low=1e-7, high=1e-5, log=True),
        "prompts": IntParameter(low=64, high=1024),
        "updates": IntParameter(low=1, high=32),
        "rollouts": IntParameter(low=4, high=32),
        "clip_low": FloatParameter(low=0.1, high=0.4),
        "clip_high": FloatParameter(low=0.2, high=0.5),
        "scheduler": CategoricalParameter(choices=("constant", "cosine")),
    },
    (
        Divides.of("updates", "prompts", "equal shares"),
        Divides.of("8 * updates", "prompts * rollouts"),
        AtMost.of("prompts * rollouts", 8192),
        AtMost.of("clip_low", "clip_high"),
    ),
)
units = st.lists(st.floats(0, 1), min_size=7, max_size=7)


def possible(configuration: Configuration, space: Space = BATCHES) -> bool:
    return all(is_possible(constraint.text, configuration.values) for constraint in space.constraints)


def made(parameters: dict[str, Parameter], found: tuple[Constraint, ...]) -> Space | None:
    """The space; None if it is refused because nothing meets the constraints."""
    try:
        return Space(parameters, found)
    except SpaceError as error:
        assume("whole numbers from 1" not in str(error))
        assert "no values of" in str(error)
        return None


@settings(max_examples=50, deadline=None)
@given(spaces(), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_the_nearest_of_all_combinations_is_found_and_an_empty_space_is_refused(
    drawn: tuple[dict[str, Parameter], tuple[Constraint, ...]], u: list[float]
) -> None:
    parameters, found = drawn
    good = [c for c in all_of(parameters) if all(is_possible(one.text, c) for one in found)]
    space = made(parameters, found)
    assert (space is not None) == bool(good)
    if space is None:
        return
    configuration = space.from_units(u)
    assert space.contains(configuration) and dict(configuration.values) in good
    asked = Space(parameters).from_units(u).values
    tied = {name for constraint in found for name in constraint.names}
    assert all(configuration.values[name] == asked[name] for name in set(parameters) - tied)

    def apart(values: dict[str, Scalar]) -> float:
        return math.fsum((place(n, values[n]) - place(n, asked[n])) ** 2 for n in tied)

    def place(name: str, value: Scalar) -> float:
        parameter = parameters[name]
        if isinstance(parameter, CategoricalParameter):
            return (sorted(parameter.choices).index(value) + 0.5) / len(parameter.choices)  # pyright: ignore
        return parameter.to_unit(value)

    assert apart(dict(configuration.values)) <= min(map(apart, good)) + 1e-12


@settings(max_examples=50)
@given(spaces())
def test_what_is_left_is_counted(drawn: tuple[dict[str, Parameter], tuple[Constraint, ...]]) -> None:
    parameters, found = drawn
    space = made(parameters, found)
    assume(space is not None)
    assert space is not None
    everything = all_of(parameters)
    good = [c for c in everything if all(is_possible(one.text, c) for one in found)]
    whole, free = 1.0, set(parameters)
    for group in combinations(space):
        assert group.possible is not None and group.total is not None
        whole *= group.possible / group.total
        free -= set(group.names)
        never = {(n, v) for n, values in group.never.items() for v in values}
        seen = {(n, c[n]) for c in good for n in group.names}
        assert never == {(n, v) for n in group.names for v in {c[n] for c in everything}} - seen
        assert bool(group.example) == (group.possible < group.total)
    assert round(whole * len(everything)) == len(good)


@given(units)
def test_unit_values_and_encodings_stay_consistent(u: list[float]) -> None:
    configuration = BATCHES.from_units(u)
    assert possible(configuration) and BATCHES.contains(configuration)
    again = BATCHES.units(configuration)
    assert (BATCHES.units(BATCHES.from_units(again)) == again).all()
    x = BATCHES.encode(configuration)
    assert (BATCHES.encode(BATCHES.decode(x)) == x).all()
    assert BATCHES.clip(configuration.values) == configuration
    assert BATCHES.from_units(u) == configuration


@given(st.lists(st.floats(-0.5, 1.5), min_size=8, max_size=8))
def test_any_encoding_decodes_into_the_constraints(x: list[float]) -> None:
    assert possible(BATCHES.decode(x))


@given(units, st.integers(1, 5))
def test_tidy_numbers_still_meet_the_constraints(u: list[float], digits: int) -> None:
    tidied = BATCHES.tidy(BATCHES.from_units(u), digits)
    assert possible(tidied) and BATCHES.contains(tidied)


@given(units, st.floats(0.02, 1.0), units)
def test_a_narrowed_space_keeps_the_constraints(u: list[float], fraction: float, v: list[float]) -> None:
    center = BATCHES.from_units(u)
    narrow = BATCHES.narrow(center, fraction)
    assert narrow.contains(center)
    drawn = narrow.from_units(v)
    assert possible(drawn) and BATCHES.contains(drawn)


def test_samples_sequences_and_grids_are_possible() -> None:
    rng = np.random.default_rng(0)
    assert all(possible(BATCHES.sample(rng)) for _ in range(100))
    assert all(possible(c) for c in sobol(BATCHES, 64, 0))
    small = Space(
        {"prompts": CategoricalParameter(choices=(24, 32, 48)), "updates": IntParameter(low=1, high=9)},
        (Divides.of("updates", "prompts"),),
    )
    grid = {(c.values["prompts"], c.values["updates"]) for c in small.grid(100)}
    assert grid == {(p, u) for p in (24, 32, 48) for u in range(1, 10) if p % u == 0}


def test_what_is_held_stays_where_something_goes_with_it() -> None:
    wanted: dict[str, Scalar] = {**BATCHES.from_units([0.5] * 7).values, "prompts": 96, "updates": 5, "rollouts": 8}
    assert BATCHES.clip(wanted, hold=("updates",)).values["updates"] == 5
    assert BATCHES.clip(wanted, hold=("prompts",)).values["prompts"] == 96
    # nothing that 64 answers to each of 1024 prompts could be is at most 8192
    heavy = BATCHES.clip({**wanted, "prompts": 1024, "rollouts": 32}, hold=("prompts", "rollouts"))
    assert possible(heavy)


def test_a_configuration_that_breaks_a_constraint_is_refused_with_both_values() -> None:
    good = dict(BATCHES.from_units([0.5] * 7).values)
    with pytest.raises(SpaceError, match="updates must divide prompts, got 3 and 64.*equal shares"):
        BATCHES.configuration({**good, "prompts": 64, "updates": 3})
    with pytest.raises(SpaceError, match=r"prompts \* rollouts must be at most 8192, got 32,768.*prompts 1,024"):
        BATCHES.configuration({**good, "prompts": 1024, "updates": 1, "rollouts": 32})
    assert not BATCHES.contains(Configuration({**good, "prompts": 64, "updates": 3}))


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Divides.of("updats", "prompts"), "'updats'.*did you mean 'updates'"),
        (Divides.of("updates", "learning_rate"), "whole numbers from 1, but learning_rate"),
        (AtMost.of("scheduler", 3), "needs numbers, but scheduler can be 'constant'"),
        (Divides.of(1.5, "prompts"), "1.5 isn't a whole number"),
        (Divides.of("updates", 10**16), "more than 2\\^53"),
    ],
)
def test_constraints_that_say_nothing_are_refused(constraint: Constraint, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(BATCHES.parameters, (constraint,))


def test_an_empty_space_names_what_can_not_be_met() -> None:
    parameters = {"prompts": IntParameter(low=5, high=7), "updates": CategoricalParameter(choices=(4, 8))}
    with pytest.raises(SpaceError) as caught:
        Space(parameters, (AtMost.of("updates", 8), Divides.of("updates", "prompts", "equal shares")))
    said = str(caught.value)
    assert "updates (one of 4, 8) and prompts (a whole number from 5 to 7)" in said
    assert "updates divides prompts, since equal shares" in said and "<=" not in said


def test_long_parameters_are_refused_rather_than_searched_for_ever() -> None:
    with pytest.raises(SpaceError, match="at most 65,536 values, n has 1,000,000"):
        Space({"n": IntParameter(low=1, high=10**6)}, (Divides.of(8, "n"),))


CONDITIONAL = {
    "kind": CategoricalParameter(choices=("plain", "split")),
    "prompts": IntParameter(low=8, high=15),
    "parts": IntParameter(low=2, high=5, when={"kind": ("split",)}),
    "depth": IntParameter(low=1, high=3, when={"parts": (4, 5)}),
}


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_constraint_says_nothing_of_what_is_absent(u: list[float]) -> None:
    space = Space(CONDITIONAL, (Divides.of("parts", "prompts"),))
    values = space.from_units(u).values
    assert ("parts" in values) == (values["kind"] == "split")
    assert ("depth" in values) == (values.get("parts") in (4, 5))
    if "parts" in values:
        assert values["prompts"] % values["parts"] == 0  # pyright: ignore
    else:
        assert values["prompts"] == Space(CONDITIONAL).from_units(u).values["prompts"]


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_elsewhere_counts_where_a_parameter_is_absent(u: list[float]) -> None:
    space = Space(CONDITIONAL, (Divides.of("parts", "prompts"),), {"parts": 7})
    values = space.from_units(u).values
    assert values["prompts"] % values.get("parts", 7) == 0  # pyright: ignore
    assert pickle.loads(pickle.dumps(space)) == space


def test_a_condition_gives_way_where_nothing_else_can() -> None:
    parameters = {
        "kind": CategoricalParameter(choices=("plain", "split")),
        "prompts": CategoricalParameter(choices=(7, 11)),
        "parts": IntParameter(low=2, high=5, when={"kind": ("split",)}),
    }
    space = Space(parameters, (Divides.of("parts", "prompts"),))
    assert {c.values["kind"] for c in space.grid(100)} == {"plain"}
    [group] = combinations(space)
    assert (group.total, group.possible) == (2 + 2 * 4, 2)
    assert group.never == {"kind": ("split",), "parts": (2, 3, 4, 5)} or group.never["kind"] == ("split",)


def test_values_that_go_with_nothing_are_not_reachable() -> None:
    assert BATCHES.nearest.reachable("learning_rate", (1e-6,)) == (1e-6,)
    space = Space(
        {"a": IntParameter(low=1, high=12), "b": CategoricalParameter(choices=(6, 8))}, (Divides.of("a", "b"),)
    )
    assert sorted(space.nearest.reachable("a", tuple(range(1, 13)))) == [1, 2, 3, 4, 6, 8]
