"""Earlier results in a new study's coordinates: values keep their meaning, whatever became of the space."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltune.errors import PriorError
from rltune.priors import Prior, PriorEvaluation
from rltune.priors.mapping import Ground, Wishes, map_prior, place
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter
from rltune.space.space import Space
from rltune.types import Scalar

RATE = FloatParameter(low=1e-5, high=1e-3, log=True)
SPACE = Space(
    {
        "learning_rate": RATE,
        "clip_ratio": FloatParameter(low=0.1, high=0.4),
        "step": FloatParameter(low=0.0, high=1.0, step=0.25),
        "rollouts": IntParameter(low=4, high=16),
        "batch": IntParameter(low=2, high=64, log=True),
        "lr_scheduler": CategoricalParameter(choices=("constant", "cosine")),
        "warmup": IntParameter(low=0, high=10, when={"lr_scheduler": ("cosine",)}),
    }
)
KNOWN: dict[str, Scalar] = {
    "learning_rate": 1e-4, "clip_ratio": 0.2, "step": 0.5, "rollouts": 8, "batch": 8, "lr_scheduler": "constant",
}  # fmt: skip
SIZES = {"small": 1e6, "large": 1e7}
units = st.lists(st.floats(0, 1), min_size=7, max_size=7)


def ground(space: Space = SPACE, **known: Scalar) -> Ground:
    return Ground(space, {**KNOWN, **known}, SIZES, "large")


def prior(*rows: tuple[Mapping[str, Scalar], float | None], model: str | None = "large", **more: object) -> Prior:
    found = tuple(PriorEvaluation(values, model, None, 40, score) for values, score in rows)
    return Prior("old", found, horizon=40, **more)  # pyright: ignore[reportArgumentType]


@settings(deadline=None)
@given(units)
def test_inside_the_space_a_place_is_its_own_encoding(u: list[float]) -> None:
    configuration = SPACE.from_units(u)
    found = place(SPACE, configuration.values)
    assert isinstance(found, np.ndarray)
    assert found == pytest.approx(SPACE.encode(configuration), abs=1e-12)


@settings(deadline=None)
@given(units)
def test_the_same_space_maps_everything_to_itself(u: list[float]) -> None:
    configuration = SPACE.from_units(u)
    found = map_prior(prior((dict(configuration.values), 0.5)), Wishes(), ground())
    assert len(found.task) == found.total == 1 and not found.lost
    assert found.task.x[0] == pytest.approx(SPACE.encode(configuration), abs=1e-12)


@settings(deadline=None)
@given(st.floats(1e-5, 1e-3), st.floats(1.0, 9.0), st.floats(1.0, 9.0))
def test_in_a_widened_interval_values_keep_their_meaning(rate: float, down: float, up: float) -> None:
    wide = FloatParameter(low=1e-5 / down, high=1e-3 * up, log=True)
    new = Space({"learning_rate": wide})
    (x,) = map_prior(prior(({"learning_rate": rate}, 0.5)), Wishes(), ground(new)).task.x
    assert wide.from_unit(float(x[0])) == pytest.approx(rate, rel=1e-6)


@settings(deadline=None)
@given(st.floats(1e-7, 1e-1))
def test_outside_of_a_narrowed_interval_the_axis_goes_on(rate: float) -> None:
    found = map_prior(prior(({"learning_rate": rate}, 0.5)), Wishes(), ground(Space({"learning_rate": RATE})))
    u = np.log(rate / 1e-5) / np.log(100)
    if -1 <= u <= 2:
        assert found.task.x[0, 0] == pytest.approx(u, abs=1e-9)
    else:
        assert found.lost == {"learning_rate is far outside of the interval": 1}
    inside = 1e-5 <= rate <= 1e-3
    assert len(found.task.best) == inside  # what is handed on to be tried lies in the space


@settings(deadline=None)
@given(units, units)
def test_places_of_whole_numbers_rise_with_them(one: list[float], other: list[float]) -> None:
    low, high = sorted((round(1 + 23 * one[0]), round(1 + 23 * other[0])))
    for name in ("rollouts", "batch"):
        new = Space({name: SPACE.parameters[name]})
        a, b = place(new, {name: low}), place(new, {name: high})
        assert isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
        assert (a[0] < b[0]) == (low < high)


def test_a_renamed_hyperparameter_is_found_under_its_new_name() -> None:
    space = Space({"learning_rate": RATE})
    found = map_prior(prior(({"lr": 1e-4}, 0.5)), Wishes(rename={"lr": "learning_rate"}), ground(space))
    assert found.task.x == pytest.approx(np.array([[0.5]]))
    assert not found.filled


def test_two_names_may_be_exchanged() -> None:
    space = Space({"a": FloatParameter(low=0, high=1), "b": FloatParameter(low=0, high=1)})
    found = map_prior(prior(({"a": 0.2, "b": 0.9}, 0.5)), Wishes(rename={"a": "b", "b": "a"}), ground(space))
    assert found.task.x == pytest.approx(np.array([[0.9, 0.2]]))


def test_what_the_earlier_study_held_fixed_is_its_value_here_else_the_recipes() -> None:
    space = Space({"learning_rate": RATE, "clip_ratio": SPACE.parameters["clip_ratio"]})
    told = map_prior(prior(({"learning_rate": 1e-4}, 0.5), fixed={"clip_ratio": 0.4}), Wishes(), ground(space))
    assert told.task.x[0, 1] == 1.0 and not told.filled
    untold = map_prior(prior(({"learning_rate": 1e-4}, 0.5)), Wishes(), ground(space))
    assert untold.task.x[0, 1] == pytest.approx(1 / 3) and untold.filled == {"clip_ratio": 0.2}


def test_a_hyperparameter_that_is_absent_at_times_is_not_said_to_be_missing() -> None:
    space = Space({name: SPACE.parameters[name] for name in ("lr_scheduler", "warmup")})
    rows = [({"lr_scheduler": "cosine", "warmup": 5}, 0.5), ({"lr_scheduler": "constant"}, 0.6)]
    found = map_prior(prior(*rows), Wishes(), ground(space, warmup=0))
    assert len(found.task) == 2 and not found.filled
    assert list(found.task.x[:, 2]) == [0.5, 0.5]  # absent: at the centre


def test_what_is_not_searched_any_more_is_passed_over_and_named() -> None:
    rows = [({"learning_rate": 1e-4, "beta": b, "same": 1}, 0.5) for b in (0.1, 0.2)]
    found = map_prior(prior(*rows), Wishes(), ground(Space({"learning_rate": RATE})))
    assert len(found.task) == 2 and found.unsearched == ("beta",)


@pytest.mark.parametrize("value", ["linear", 3, True])
def test_a_choice_that_is_gone_has_no_place(value: Scalar) -> None:
    space = Space({"lr_scheduler": SPACE.parameters["lr_scheduler"]})
    found = map_prior(prior(({"lr_scheduler": value}, 0.5), ({"lr_scheduler": "cosine"}, 0.6)), Wishes(), ground(space))
    assert len(found.task) == 1 and sum(found.lost.values()) == 1


@pytest.mark.parametrize("value", ["high", True, 0.0, -1e-4])
def test_a_learning_rate_that_is_none_has_no_place(value: Scalar) -> None:
    found = map_prior(prior(({"learning_rate": value}, 0.5)), Wishes(), ground(Space({"learning_rate": RATE})))
    assert not len(found.task) and sum(found.lost.values()) == 1


def test_learning_rates_go_from_width_to_width() -> None:
    here = Ground(Space({"learning_rate": RATE}), KNOWN, SIZES, "large", width=400)
    found = map_prior(prior(({"learning_rate": 1e-4}, 0.5), width=100), Wishes(), here)
    assert RATE.from_unit(found.task.x[0, 0]) == pytest.approx(2.5e-5) and found.rate_factor == 0.25


def test_models_have_sizes_by_wish_by_record_or_by_name_else_the_targets() -> None:
    rows = tuple(
        PriorEvaluation({"learning_rate": 1e-4}, model, parameters, 40, 0.5)
        for model, parameters in (("other", 5e6), ("small", None), ("odd", None), ("renamed", 7.0), ("given", None))
    )
    wishes = Wishes(models={"renamed": "small", "given": 3e6})
    found = map_prior(Prior("old", rows), wishes, ground(Space({"learning_rate": RATE})))
    assert list(found.task.sizes) == [5e6, 1e6, 1e7, 1e6, 3e6]
    assert found.unplaced == ("odd",)


def test_steps_are_shares_of_the_earlier_full_run() -> None:
    rows = tuple(PriorEvaluation({"learning_rate": 1e-4}, "small", None, s, 0.5) for s in (10, 40, None))
    found = map_prior(Prior("old", rows, horizon=40), Wishes(), ground(Space({"learning_rate": RATE})))
    assert list(found.task.shares) == [0.25, 1.0, 1.0]
    without = map_prior(Prior("old", rows), Wishes(), ground(Space({"learning_rate": RATE})))
    assert list(without.task.shares) == [0.25, 1.0, 1.0]


def test_a_failed_run_is_worth_the_untrained_model_if_that_is_known() -> None:
    rows = [({"learning_rate": r}, s) for r, s in ((1e-3, None), (1e-4, 0.1), (1e-5, 0.6))]
    space = Space({"learning_rate": RATE})
    known = map_prior(prior(*rows, base_scores={"large": 0.3}), Wishes(), ground(space))
    assert list(known.task.scores) == [0.3, 0.3, 0.6]  # worse than no training is as bad as that
    unknown = map_prior(prior(*rows), Wishes(), ground(space))
    assert np.isnan(unknown.task.scores[0]) and list(unknown.task.scores[1:]) == [0.1, 0.6]


def test_the_best_ran_longest_on_the_largest_model_and_never_failed() -> None:
    def one(rate: float, model: str, steps: int, score: float | None) -> PriorEvaluation:
        return PriorEvaluation({"learning_rate": rate}, model, None, steps, score)

    rows = (
        one(2e-5, "small", 40, 0.99), one(3e-5, "large", 10, 0.9), one(4e-5, "large", 40, 0.6),
        one(5e-5, "large", 40, 0.7), one(6e-5, "large", 10, 0.95), one(6e-5, "large", 40, None),
    )  # fmt: skip
    found = map_prior(Prior("old", rows), Wishes(), ground(Space({"learning_rate": RATE})))
    assert [c.values["learning_rate"] for c in found.task.best] == [5e-5, 4e-5, 3e-5, 2e-5]


@pytest.mark.parametrize(
    ("wishes", "where"),
    [
        (Wishes(rename={"lrate": "learning_rate"}), "rename.lrate"),
        (Wishes(rename={"learning_rate": "rate"}), "rename.learning_rate"),
        (Wishes(models={"big": 1e6}), "models.big"),
        (Wishes(models={"large": "lareg"}), "models.large"),
    ],
)
def test_a_wish_for_what_is_not_there_is_refused(wishes: Wishes, where: str) -> None:
    with pytest.raises(PriorError) as caught:
        map_prior(prior(({"learning_rate": 1e-4}, 0.5)), wishes, ground())
    assert caught.value.where == where and caught.value.hint
