"""Constraints in studies: where they come from, what a person is told, and that the store remembers them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rltune.analysis.written_space import written_space
from rltune.cli.main import app
from rltune.config.load import StudyFile, load_study, parse_study
from rltune.errors import ConfigError, RltuneError
from rltune.optimizers.base import Session
from rltune.optimizers.build import build_optimizer
from rltune.space.combinations import combinations
from rltune.study.assembly import facts_of
from rltune.study.blueprint import Blueprint, draw_blueprint
from rltune.study.explain import explain
from rltune.types import History


def study(tmp_path: Path, **more: object) -> dict[str, object]:
    return {
        "name": "demo",
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
        "task": "arithmetic/easy",
        "trainer": "trl",
        "budget": 60,
        "space": {
            "from": "recipe",
            "prompts_per_step": {"type": "categorical", "choices": [16, 24, 32, 48]},
            "updates_per_step": {"type": "int", "low": 1, "high": 8},
        },
        "output": str(tmp_path),
        **more,
    }


def drawn(tmp_path: Path, **more: object) -> Blueprint:
    return draw_blueprint(StudyFile(parse_study(study(tmp_path, **more))))


def told(blueprint: Blueprint) -> str:
    return "\n".join(line for group in combinations(blueprint.problem.space) for line in explain(group))


def test_the_trainers_own_constraints_need_no_word_in_the_file(tmp_path: Path) -> None:
    blueprint = drawn(tmp_path)
    assert [c.text for c in blueprint.problem.space.constraints] == ["updates_per_step divides prompts_per_step"]
    said = told(blueprint)
    assert "each update takes an equal share of the step's prompts" in said
    assert "of 32 combinations of prompts_per_step and updates_per_step, 20 are possible" in said
    assert "one that isn't: updates_per_step must divide prompts_per_step, got" in said
    assert "never tried, since nothing goes with them: updates_per_step 5 and 7" in said


def test_a_study_adds_its_own(tmp_path: Path) -> None:
    blueprint = drawn(tmp_path, constraints=["prompts_per_step * rollouts at most 256", "clip_ratio <= grad_clip"])
    said = told(blueprint)
    assert "prompts_per_step * rollouts <= 256, as the study file says" in said
    assert "of all combinations of clip_ratio and grad_clip, about" in said
    session = Session(build_optimizer("random", blueprint.problem), History())
    for _ in range(40):
        proposal = session.ask()
        assert proposal is not None
        values = proposal.configuration.values
        assert int(values["prompts_per_step"]) * int(values["rollouts"]) <= 256
        assert int(values["prompts_per_step"]) % int(values["updates_per_step"]) == 0
        assert float(values["clip_ratio"]) <= float(values["grad_clip"])


def test_without_anything_to_divide_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert told(drawn(tmp_path, space=None)) == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"constraints": ["prompts_per_stp divides 48"]}, r"constraints.0.*neither searched nor set.*prompts_per_step"),
        ({"constraints": ["rollouts < 8"]}, r"constraints.0.*expected a constraint, got 'rollouts < 8'"),
        ({"constraints": ["lr_scheduler divides 48"]}, r"needs numbers, but lr_scheduler"),
        (
            {"constraints": ["rollouts at most 4"]},
            r"recipe breaks a constraint: rollouts must be at most 4, got 5 and 4",
        ),
        ({"baseline": {"prompts_per_step": 30}}, r"updates_per_step must divide prompts_per_step, got 4 and 30"),
        (
            {"constraints": ["7 divides prompts_per_step"], "baseline": {"prompts_per_step": 28}},
            r"no values of prompts_per_step \(one of 16, 24, 32, 48\) meet: 7 divides prompts_per_step",
        ),
    ],
)
def test_what_can_not_be_is_told_when_the_file_is_read(tmp_path: Path, more: dict[str, object], words: str) -> None:
    with pytest.raises(RltuneError, match=words):
        drawn(tmp_path, **more)


def test_the_line_of_a_bad_constraint_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        "name: demo\nmodels: {target: embedded/xs}\ntask: arithmetic/easy\nbudget: 1m\nconstraints:\n"
        "  - rollouts at most 8\n  - rolouts at most 9\n"
    )
    with pytest.raises(ConfigError, match=r"study.yaml:7 constraints.1: .*did you mean 'rollouts'"):
        draw_blueprint(load_study(tmp_path / "study.yaml"))


def test_a_study_file_gives_back_its_constraints() -> None:
    config = parse_study(study(Path("out"), constraints=["2*rollouts   divides prompts_per_step"]))
    assert config.constraints == ("2 * rollouts divides prompts_per_step",)
    again = parse_study(config.model_dump(mode="json", by_alias=True))
    assert again == config
    with pytest.raises(ConfigError, match="a divides b"):
        parse_study(study(Path("out"), constraints=["rollouts"]))


def test_what_the_store_keeps_is_the_same_space(tmp_path: Path) -> None:
    blueprint = drawn(
        tmp_path,
        space={
            "rollouts": {"type": "int", "low": 2, "high": 9, "when": {"lr_scheduler": "cosine"}},
            "lr_scheduler": {"type": "categorical", "choices": ["constant", "cosine"]},
            "prompts_per_step": {"type": "int", "low": 8, "high": 40},
        },
        constraints=["16 divides prompts_per_step * rollouts"],
        baseline={"lr_scheduler": "cosine", "rollouts": 4},
    )
    space = blueprint.problem.space
    assert space.elsewhere["rollouts"] == 4
    facts = json.loads(json.dumps(facts_of(blueprint)))
    kept = written_space(facts)
    assert kept is not None
    assert [c.text for c in kept.constraints] == [c.text for c in space.constraints]
    assert kept.elsewhere == space.elsewhere and kept.from_units([0.9, 0.1, 0.3]) == space.from_units([0.9, 0.1, 0.3])
    absent = space.clip({"lr_scheduler": "constant", "prompts_per_step": 30})
    assert absent.values["prompts_per_step"] in (28, 32)  # with four rollouts each, as elsewhere


def test_check_tells_scripts_the_same(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(json.dumps(study(tmp_path)))
    done = CliRunner().invoke(app, ["check", str(tmp_path / "study.yaml"), "--json"])
    [group] = json.loads(done.output)["constraints"]
    assert (group["combinations"], group["possible"]) == (32, 20)
    assert group["never"] == {"updates_per_step": [5, 7]}
    assert group["constraints"][0]["constraint"] == "updates_per_step divides prompts_per_step"
