"""What an optimizer says of itself before anything has run is what it then does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from rltune.optimizers.build import build_optimizer, check_optimizer
from rltune.space.parameters import IntParameter
from rltune.space.space import Space
from rltune.testing.surfaces import GrpoSurface
from rltune.types import Configuration, History, Proposal

SURFACE = GrpoSurface()
PROBLEM = SURFACE.problem(0)
MOST = 60


def asked(name: str, options: dict[str, object], most: int = MOST) -> list[Proposal]:
    optimizer, history, proposals = build_optimizer(name, PROBLEM, options), History(), []
    while len(proposals) < most and (proposal := optimizer.ask(history)) is not None:
        proposals.append(proposal)
        history = history.with_evaluation(SURFACE.evaluate(proposal, history))
    return proposals


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("random", {}),
        ("recipe", {}),
        ("grid", {}),
        ("grid", {"parameters": ["learning_rate"], "points": 4, "fine_points": 2}),
        ("grid", {"parameters": ["lr_scheduler"]}),
        ("grid", {"parameters": ["rollouts", "lr_scheduler"], "points": 3, "seeds": 2, "top": 2}),
        ("bohb", {"eta": 2}),
        ("bohb", {}),
        ("optuna", {"sampler": "random"}),
        ("optuna", {"sampler": "random", "pruner": "none"}),
    ],
)
def test_models_steps_and_swept_parameters_are_those_that_are_asked_for(name: str, options: dict[str, object]) -> None:
    outline = check_optimizer(name, options, PROBLEM).outline(PROBLEM)
    proposals = asked(name, options)
    assert {p.fidelity.model for p in proposals} == set(outline.models)
    assert {p.fidelity.steps for p in proposals} == set(outline.steps)
    varied = {n for p in proposals for n, v in p.configuration.values.items() if v != PROBLEM.recipe.values[n]}
    assert varied == set(outline.swept)
    if outline.runs is None:
        assert len(proposals) == MOST
    else:
        assert 0.7 * outline.runs <= len(proposals) <= outline.runs


@pytest.mark.parametrize("acquisition", ["kg_per_cost", "ei_per_cost"])
@pytest.mark.parametrize("initial", [None, 9])
def test_joint_fidelity_says_on_which_models_it_searches(acquisition: str, initial: int | None) -> None:
    options = {"acquisition": acquisition, "initial": initial}
    outline = check_optimizer("joint_fidelity", options, PROBLEM).outline(PROBLEM)
    optimizer = build_optimizer("joint_fidelity", PROBLEM, options)
    assert set(outline.models) == {m.name for m in optimizer.problem.search_models}  # pyright: ignore[reportAttributeAccessIssue]
    assert outline.design == optimizer.initial  # pyright: ignore[reportAttributeAccessIssue]
    assert outline.options == {"acquisition": acquisition, "initial": initial or 12, "step_seconds": {}}
    assert (PROBLEM.target.name in outline.models) == (acquisition == "kg_per_cost")


def test_a_small_space_has_a_small_design() -> None:
    small = replace(
        PROBLEM, space=Space({"rollouts": IntParameter(low=4, high=6)}), recipe=Configuration({"rollouts": 5})
    )
    assert check_optimizer("joint_fidelity", {"initial": 50}, small).outline(small).design == 3


def test_options_in_force_are_filled_in() -> None:
    def options(name: str) -> dict[str, object]:
        return dict(check_optimizer(name, {}, PROBLEM).outline(PROBLEM).options)

    assert options("grid")["parameters"] == ["learning_rate", "kl_coef"]
    assert options("bohb")["min_points_in_model"] == len(PROBLEM.space.names) + 1
    assert options("random") == {}


@pytest.mark.slow
def test_an_outline_needs_no_torch() -> None:
    code = (
        "import sys; from rltune.optimizers.build import check_optimizer; "
        "from rltune.testing.surfaces import GrpoSurface; p = GrpoSurface().problem(0); "
        "check_optimizer('joint_fidelity', {}, p).outline(p); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
