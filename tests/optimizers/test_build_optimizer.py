"""Building an optimizer by name."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest

from rltune.errors import OptimizerError
from rltune.optimizers.build import build_optimizer, check_optimizer
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
        ("random", {"initial": 3}, "random has nothing to set"),
        (
            "joint_fidelity",
            {"inital": 3},
            "inital.*did you mean 'initial'.*known: acquisition, initial, step_seconds",
        ),
        ("joint_fidelity", {"initial": 0}, "greater than or equal to 1, got 0"),
        ("joint_fidelity", {"acquisition": "best"}, "expected ei_per_cost or kg_per_cost, got 'best'"),
        (
            "joint_fidelity",
            {"step_seconds": {"huge": 1.0}},
            "'huge' isn't a model of the study.*known: middle, small",
        ),
        ("joint_fidelity", {"step_seconds": {"small": -1.0}}, "greater than 0"),
        ("joint_fidelity", {"step_seconds": {"small": math.inf}}, "finite"),
        ("joint_fidelity", {"initial": 10**9}, "less than or equal to 10000"),
        ("bohb", {"eta": math.inf}, "finite"),
        ("grid", {"points": 10**9}, "less than or equal to 1000000"),
        ("optuna", {"pruner_options": {"reduction_factor": 1}}, "hyperband can't work here: float division by zero"),
        ("optuna", {"sampler_options": {"gamma": 3}}, "gamma: TPESampler takes a Python object here, got 3"),
    ],
)
def test_a_wrong_option_is_named(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(OptimizerError, match=message):
        build_optimizer(name, PROBLEM, options)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bohb", {"min_points_in_model": 6}, "expected at least 7 .*got 6"),
        ("joint_fidelity", {"step_seconds": {"smal": 1.0}}, "'smal' isn't a model of the study .*did you mean 'small'"),
        ("grid", {"parameters": "learning_rate"}, r"expected a list, got 'learning_rate' .*\[learning_rate\]"),
        ("optuna", {"sampler": "grid"}, "no sampler 'grid' .*`optimizer: grid`"),
        ("optuna", {"sampler": 3}, "expected text, got 3"),
        ("optuna", {"pruner": "asha"}, "no pruner 'asha' .*'successive_halving'"),
        ("optuna", {"sampler_options": {"n_startup_trials": -3}}, "n_startup_trials: expected at least 0, got -3"),
        ("optuna", {"sampler_options": {"n_ei_candidates": 0}}, "n_ei_candidates: expected at least 1, got 0"),
        ("optuna", {"sampler_options": {"n_startup_trials": True}}, "expected a whole number, got True"),
        ("optuna", {"sampler_options": {"multivariate": 3}}, "multivariate: expected true or false, got 3"),
    ],
)
def test_what_a_library_would_take_unseen_is_refused_before_anything_is_spent(
    name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(OptimizerError, match=message) as caught:
        check_optimizer(name, options, PROBLEM)
    assert str(caught.value.where).startswith("optimizer.options.")
    assert not re.search("Value error|Input should|Extra inputs|valid tuple", str(caught.value))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("bohb", {"eta": 1, "min_points_in_model": 2, "etaa": 3}, ("3 problems", "got 1", "got 2", "'eta'?")),
        ("joint_fidelity", {"inital": 3, "aquisition": "x"}, ("2 problems", "'initial'?", "'acquisition'?")),
        ("grid", {"parameters": ["learning_rat", "kl"]}, ("2 problems", "'learning_rat'", "'kl'")),
        (
            "optuna",
            {"sampler_options": {"multivariat": True}, "pruner_options": {"min_resourc": 3}},
            ("2 problems", "'multivariate'?", "'min_resource'?"),
        ),
    ],
)
def test_all_mistakes_are_told_at_once(name: str, options: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(OptimizerError) as caught:
        check_optimizer(name, options, PROBLEM)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tpe", "{name: optuna, options: {sampler: tpe}}"),
        ("CmaEsSampler", "{name: optuna, options: {sampler: cmaes}}"),
        ("hyperband", "{name: optuna, options: {pruner: hyperband}}"),
        ("asha", "{name: optuna, options: {pruner: successive_halving}}"),
    ],
)
def test_a_part_of_optuna_is_shown_where_it_stands(name: str, hint: str) -> None:
    with pytest.raises(OptimizerError) as caught:
        check_optimizer(name)
    assert hint in str(caught.value.hint)


@pytest.mark.slow
def test_simple_optimizers_load_no_torch() -> None:
    code = (
        "import sys; from rltune.optimizers.build import build_optimizer; import rltune.optimizers.random; "
        "import rltune.optimizers.recipe; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
