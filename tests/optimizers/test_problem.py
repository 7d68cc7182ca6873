"""What a problem may be: checked when it is made."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import rltune
from rltune.testing.surfaces import MIDDLE, SMALL, GrpoSurface
from rltune.types import Configuration

PROBLEM = GrpoSurface().problem(0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rungs": (200, 100, 50)}, r"rungs must be whole numbers .* that increase, got \(200, 100, 50\)"),
        ({"rungs": (50, 50)}, "rungs must"),
        ({"rungs": (0, 50)}, "rungs must"),
        ({"rungs": (10.0, 50.0)}, "rungs must"),
        ({"rungs": ()}, "rungs must"),
        ({"search_models": (rltune.ModelSpec("3B", 3e9),)}, "must be the target or one of the proxies, got .*3B"),
        ({"search_models": ()}, "at least one model"),
        ({"proxies": (SMALL, SMALL)}, "different names, got middle, small, small"),
        ({"proxies": (MIDDLE,), "search_models": (MIDDLE,)}, "different names"),
        ({"seed": -1}, "from 0 on, got -1"),
        ({"recipe": {"learning_rate": 1e-6}}, "the recipe must be a Configuration"),
        ({"recipe": Configuration({"learning_rate": 1e-5})}, "the recipe must lie in the space, but .* has no value"),
        (
            {"recipe": Configuration({**PROBLEM.recipe.values, "learning_rate": 1.0})},
            "the recipe must lie in the space, but learning_rate must be a number from .*, got 1.0",
        ),
    ],
)
def test_an_impossible_problem_can_not_be_made(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(rltune.RltuneError, match=message):
        replace(PROBLEM, **wrong)


@pytest.mark.parametrize("parameters", [0, -1.0, math.nan, math.inf, "7B"])
def test_a_model_has_a_size(parameters: object) -> None:
    with pytest.raises(rltune.RltuneError, match="7B must have more than 0 parameters"):
        rltune.ModelSpec("7B", parameters)  # pyright: ignore[reportArgumentType]


def test_lists_and_whole_numbers_are_taken_for_what_they_mean() -> None:
    recipe = Configuration({**PROBLEM.recipe.values, "grad_clip": 1, "rollouts": 5.0})
    lists = replace(PROBLEM, rungs=list(PROBLEM.rungs), proxies=[SMALL], search_models=[SMALL], recipe=recipe)
    assert lists == PROBLEM and hash(lists.rungs) == hash(PROBLEM.rungs)
