"""Building an optimizer by name."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from rltune.errors import OptimizerError
from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import GrpoSurface

PROBLEM = GrpoSurface().problem(0)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("bayes", "known: bohb, grid, joint_fidelity, optuna, random, recipe"),
        ("joint-fidelity", "did you mean 'joint_fidelity'? known: bohb, grid, joint_fidelity, optuna, random, recipe"),
    ],
)
def test_an_unknown_name_lists_the_known_ones_and_the_closest(name: str, hint: str) -> None:
    with pytest.raises(OptimizerError, match=f"no optimizer {name!r}") as caught:
        build_optimizer(name, PROBLEM)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("random", {"initial": 3}, "options of random: none"),
        (
            "joint_fidelity",
            {"inital": 3},
            "inital.*did you mean 'initial'.*options of joint_fidelity: initial, acquisition, step_seconds",
        ),
        ("joint_fidelity", {"initial": 0}, "greater than or equal to 1, got 0"),
        ("joint_fidelity", {"acquisition": "best"}, "'ei_per_cost' or 'kg_per_cost'"),
        (
            "joint_fidelity",
            {"step_seconds": {"huge": 1.0}},
            "'huge', which isn't a model of the study.*known: middle, small",
        ),
        ("joint_fidelity", {"step_seconds": {"small": -1.0}}, "greater than 0"),
        ("joint_fidelity", {"step_seconds": {"small": math.inf}}, "finite"),
        ("joint_fidelity", {"initial": 10**9}, "less than or equal to 10000"),
        ("bohb", {"eta": math.inf}, "finite"),
        ("grid", {"points": 10**9}, "less than or equal to 1000000"),
        ("optuna", {"pruner_options": {"reduction_factor": 1}}, "hyperband can't work here: float division by zero"),
        ("optuna", {"sampler_options": {"gamma": 3}}, "gamma of TPESampler takes a Python object, got 3"),
    ],
)
def test_a_wrong_option_is_named(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(OptimizerError, match=message):
        build_optimizer(name, PROBLEM, options)


@pytest.mark.slow
def test_simple_optimizers_load_no_torch() -> None:
    code = (
        "import sys; from rltune.optimizers.build import build_optimizer; import rltune.optimizers.random; "
        "import rltune.optimizers.recipe; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
