"""The space: validation with named errors, encoding, sampling, grids, narrowing."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import SpaceError
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.types import Configuration, Scalar

SPACE = Space(
    {
        "learning_rate": FloatParameter(low=3e-6, high=3e-3, log=True),
        "lr_scheduler": CategoricalParameter(choices=("constant", "cosine", "linear")),
        "warmup_steps": IntParameter(low=1, high=64, log=True, when={"lr_scheduler": ("cosine", "linear")}),
        "rollouts": IntParameter(low=4, high=16),
        "clip_ratio": FloatParameter(low=0.1, high=0.4, step=0.05),
    }
)
GOOD: dict[str, Scalar] = {
    "learning_rate": 1e-4,
    "lr_scheduler": "cosine",
    "warmup_steps": 5,
    "rollouts": 8,
    "clip_ratio": 0.2,
}
units = st.lists(st.floats(0, 1), min_size=5, max_size=5)


def test_values_become_canonical() -> None:
    configuration = SPACE.configuration(GOOD | {"rollouts": 8.0})
    assert configuration == SPACE.configuration(GOOD)
    assert type(configuration.values["rollouts"]) is int
    assert SPACE.contains(configuration)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 1.0}, "learning_rate must be a number from 3e-06 to 0.003, got 1.0"),
        ({"learning_rate": True}, "got True"),
        ({"lr_scheduler": "cosin"}, "must be one of 'constant', 'cosine', 'linear', got 'cosin'"),
        ({"rollouts": 4.5}, "a whole number from 4 to 16, got 4.5"),
        ({"clip_ratio": 0.22}, "in steps of 0.05, got 0.22"),
        (
            {"lr_scheduler": "constant"},
            "warmup_steps is present only when lr_scheduler is 'cosine' or 'linear'",
        ),
        ({"momentum": 0.9}, "momentum isn't a parameter of the space"),
        ({"rollouts": None}, "rollouts must be a whole number"),
    ],
)
def test_a_configuration_outside_is_refused_by_name(change: dict[str, Scalar], message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SPACE.configuration(GOOD | change)
    assert message in str(caught.value)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(SpaceError, match="rollouts has no value"):
        SPACE.configuration({name: value for name, value in GOOD.items() if name != "rollouts"})


def test_spaces_that_can_not_be() -> None:
    kind = CategoricalParameter(choices=("a", "b"))
    with pytest.raises(SpaceError, match="at least one parameter"):
        Space({})
    with pytest.raises(SpaceError, match="got 'other'"):
        Space({"x": FloatParameter(low=0, high=1, when={"other": ("a",)}), "kind": kind})
    with pytest.raises(SpaceError, match="can't be 'c', so x would never be present"):
        Space({"x": FloatParameter(low=0, high=1, when={"kind": ("c",)}), "kind": kind})
    with pytest.raises(SpaceError, match="must not form a cycle"):
        Space(
            {
                "a": IntParameter(low=0, high=1, when={"b": (1,)}),
                "b": IntParameter(low=0, high=1, when={"a": (1,)}),
            }
        )
    with pytest.raises(SpaceError, match="continuous"):
        Space({"x": FloatParameter(low=0, high=1), "y": IntParameter(low=0, high=1, when={"x": (0.5,)})})


def test_clip_moves_inside_and_leaves_out_what_is_absent() -> None:
    clipped = SPACE.clip(GOOD | {"learning_rate": 1e-9, "clip_ratio": 0.23, "lr_scheduler": "constant", "other": 1})
    assert dict(clipped.values) == {
        "learning_rate": 3e-6,
        "lr_scheduler": "constant",
        "rollouts": 8,
        "clip_ratio": 0.25,
    }
    with pytest.raises(SpaceError, match="lr_scheduler must be one of"):
        SPACE.clip(GOOD | {"lr_scheduler": "step"})
    with pytest.raises(SpaceError, match="learning_rate must be a number"):
        SPACE.clip(GOOD | {"learning_rate": float("nan")})


@given(units)
def test_encoding_returns_exactly(u: list[float]) -> None:
    configuration = SPACE.from_units(u)
    assert SPACE.contains(configuration)
    x = SPACE.encode(configuration)
    assert x.shape == (SPACE.dimension,)
    assert ((x >= 0) & (x <= 1)).all()
    assert (SPACE.encode(SPACE.decode(x)) == x).all()


@given(st.lists(st.floats(-0.5, 1.5), min_size=7, max_size=7))
def test_any_point_decodes_into_the_space(x: list[float]) -> None:
    assert SPACE.contains(SPACE.decode(x))


@given(units, st.integers(1, 6))
def test_tidy_numbers_stay_inside(u: list[float], digits: int) -> None:
    assert SPACE.contains(SPACE.tidy(SPACE.from_units(u), digits))


@given(units, st.floats(0.01, 1.0), units)
def test_narrowing_stays_inside_the_old_space_around_its_centre(
    u: list[float], fraction: float, v: list[float]
) -> None:
    center = SPACE.from_units(u)
    narrow = SPACE.narrow(center, fraction)
    assert narrow.contains(center)
    drawn = narrow.from_units(v[: len(narrow.names)])
    if set(narrow.names) == set(SPACE.names):
        assert SPACE.contains(drawn)
    assert narrow.parameters["learning_rate"].low >= 3e-6  # pyright: ignore[reportAttributeAccessIssue]


def test_narrowing_drops_what_can_no_longer_be_present() -> None:
    space = Space({"layers": IntParameter(low=1, high=8), "extra": IntParameter(low=0, high=3, when={"layers": (8,)})})
    narrow = space.narrow(Configuration({"layers": 2}), 0.3)
    assert narrow.names == ("layers",)


def test_absent_parameters_sit_at_the_centre() -> None:
    constant = SPACE.configuration(
        {name: v for name, v in GOOD.items() if name != "warmup_steps"} | {"lr_scheduler": "constant"}
    )
    assert SPACE.encode(constant)[4] == 0.5


def test_sobol_is_reproducible_spread_and_extends() -> None:
    points = sobol(SPACE, 64, seed=3)
    assert sobol(SPACE, 64, seed=3) == points
    assert sobol(SPACE, 10, seed=3) == points[:10]
    assert sobol(SPACE, 64, seed=4) != points
    assert sobol(SPACE, 0, seed=3) == ()
    rates = np.array([SPACE.units(c)[0] for c in points])
    counts, _ = np.histogram(rates, bins=8, range=(0, 1))
    assert (counts == 8).all()


def test_sampling_depends_on_the_generator_alone() -> None:
    assert SPACE.sample(np.random.default_rng(1)) == SPACE.sample(np.random.default_rng(1))
    assert SPACE.sample(np.random.default_rng(1)) != SPACE.sample(np.random.default_rng(2))


def test_grid_holds_the_ends_and_nothing_twice() -> None:
    grid = SPACE.grid(3)
    assert len(grid) == len(set(grid)) == 3 * 3 * 3 * (1 + 2 * 3)
    assert {c.values["learning_rate"] for c in grid} >= {3e-6, 3e-3}
    assert all(SPACE.contains(c) for c in grid)
    with pytest.raises(SpaceError, match="at most 1000000 points"):
        SPACE.grid(200)


def test_a_grid_can_hold_the_whole_of_a_finite_space() -> None:
    space = Space({"n": IntParameter(low=1, high=9, log=True), "kind": CategoricalParameter(choices=("a", "b"))})
    assert len(space.grid(9)) == space.cardinality == 18


def test_a_space_loads_without_scipy() -> None:
    code = "import sys; import rltune.space.space; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_space_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(SPACE)) == SPACE
