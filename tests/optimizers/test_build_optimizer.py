"""Building an optimizer by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rltune.errors import OptimizerError
from rltune.optimizers.build import build_optimizer
from rltune.testing.surfaces import GrpoSurface

PROBLEM = GrpoSurface().problem(0)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(OptimizerError, match="no optimizer 'bayes'.*known: joint_fidelity, random, recipe"):
        build_optimizer("bayes", PROBLEM)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("random", {"initial": 3}, "options of random: none"),
        (
            "joint_fidelity",
            {"inital": 3},
            "inital.*options of joint_fidelity: initial, improvement, step_seconds",
        ),
        ("joint_fidelity", {"initial": 0}, "greater than or equal to 1, got 0"),
        ("joint_fidelity", {"improvement": "best"}, "'goal' or 'paper'"),
        ("joint_fidelity", {"step_seconds": {"huge": 1.0}}, "'huge', which isn't a model of the study"),
        ("joint_fidelity", {"step_seconds": {"small": -1.0}}, "greater than 0"),
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
