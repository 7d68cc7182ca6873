"""The page on optimizers: its examples are valid, and no option is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from rltune.config.parts import OptimizerConfig
from rltune.optimizers.build import OPTIMIZERS, check_optimizer
from rltune.testing.surfaces import GrpoSurface


def page(repository: Path) -> str:
    return (repository / "docs" / "optimizers.md").read_text(encoding="utf-8")


def test_the_examples_are_valid(repository: Path) -> None:
    shown = set()
    for block in re.findall(r"```yaml\n(.*?)```", page(repository), flags=re.DOTALL):
        optimizer = yaml.safe_load(block)["optimizer"]
        spelled = {"name": optimizer} if isinstance(optimizer, str) else optimizer
        check_optimizer(spelled["name"], spelled.get("options"), GrpoSurface().problem(0))
        shown.add(spelled["name"])
    assert shown >= set(OPTIMIZERS) - {"recipe"}


@pytest.mark.parametrize("name", ["bohb", "grid", "joint_fidelity", "optuna"])
def test_every_option_is_described(name: str, repository: Path) -> None:
    section = page(repository).split(f"\n## {name}\n")[1].split("\n## ")[0]
    described = set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
    assert described >= set(OPTIMIZERS[name][2].model_fields)


def test_the_study_file_names_every_optimizer() -> None:
    described = str(OptimizerConfig.model_fields["name"].description)
    assert [name for name in OPTIMIZERS if name not in described] == []
