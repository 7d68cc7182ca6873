"""Starter files and the shipped examples are studies, and say what the defaults really are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rltune.config.load import load_study, parse_study
from rltune.config.recipes import build_recipe
from rltune.config.resolve import plan_search
from rltune.config.starter import embedded_starter, model_starter, starter
from rltune.config.study import StudyConfig
from rltune.config.yaml_reader import read_yaml
from rltune.errors import ConfigError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
STARTERS = [
    embedded_starter("my-demo"),
    model_starter("Qwen/Qwen2.5-7B", ["Qwen/Qwen2.5-0.5B"], name="own"),
    model_starter("./a folder/with: signs # and 'quotes'", task="arithmetic/easy"),
]


def load(text: str) -> StudyConfig:
    data, _ = read_yaml(text, "starter")
    assert isinstance(data, dict)
    return parse_study(data)


@pytest.mark.parametrize("text", STARTERS)
def test_a_starter_file_loads_and_its_comments_are_the_defaults(text: str) -> None:
    uncommented = re.sub(r"^#(?=\S|  \S)", "", text, flags=re.MULTILINE)
    assert uncommented.count("\nexecutor:\n  name: local") == 1
    assert load(uncommented) == load(text)


def test_a_starter_file_names_every_setting() -> None:
    text = embedded_starter()
    for name, field in StudyConfig.model_fields.items():
        assert f"\n{name}:" in text or f"\n#{name}:" in text or f"#     {name}:" in text
        assert field.description


def test_awkward_names_survive() -> None:
    assert load(STARTERS[2]).models.target == "./a folder/with: signs # and 'quotes'"
    assert load(model_starter("1e5", ["true", "null"])).models.proxies == ("true", "null")


def test_init_writes_for_the_model_that_is_named() -> None:
    assert load(starter()).models.target == "embedded/s"
    small = load(starter("embedded/s", ["embedded/xs"]))
    assert small.models.proxies == ("embedded/xs",) and small.recipe == "embedded-grpo"
    own = load(starter("Qwen/Qwen2.5-7B"))
    assert own.models.proxies == () and own.recipe == "verl-grpo" and own.task.name == "file"
    with pytest.raises(ConfigError, match="--model"):
        starter(None, ["embedded/xs"])


def test_there_are_examples() -> None:
    assert {path.name for path in EXAMPLES} >= {"embedded.yaml", "own-model.yaml"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_each_example_loads_and_has_something_to_search(path: Path) -> None:
    config = load_study(path).config
    plan = plan_search(config, build_recipe(config.recipe, 192))
    assert "learning_rate" in plan.parameters
    for name, value in plan.baseline.items():
        plan.parameters[name].check(value)
