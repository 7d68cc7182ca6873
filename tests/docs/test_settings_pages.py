"""Every setting has its default and its reason on a page: of rules, optimizers, trainers and trackers."""

from __future__ import annotations

import dataclasses
import re

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from docs.pages import cells, page
from rltune.config.study import StudyConfig
from rltune.optimizers.build import OPTIMIZERS
from rltune.stopping.build import RULES
from rltune.trackers.options import MlflowOptions, TensorboardOptions, WandbOptions
from rltune.trainers.command.settings import Checkpoint, Metrics, Settings
from rltune.trainers.trl.options import Accelerate
from rltune.trainers.verl.options import Options


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", RULES)
def test_each_threshold_of_a_rule_has_its_reason(name: str) -> None:
    rows = {row[0]: row for row in map(cells, section(page("rules"), f"`{name}`").splitlines()) if len(row) == 3}
    for field in dataclasses.fields(RULES[name]):
        _, default, reason = rows[f"`{field.name}`"]
        assert default and len(reason) > 10, f"{name}.{field.name}: {reason!r}"


@pytest.mark.parametrize("name", [name for name, entry in OPTIMIZERS.items() if entry[2].model_fields])
def test_each_option_of_an_optimizer_has_its_default(name: str) -> None:
    rows = {row[0]: row for row in map(cells, section(page("optimizers"), name).splitlines()) if len(row) == 3}
    for option, field in OPTIMIZERS[name][2].model_fields.items():
        _, default, what = next(row for key, row in rows.items() if f"`{option}`" in key)
        assert len(what) > 5
        if field.default not in (None, PydanticUndefined) and not isinstance(field.default, float):
            assert str(field.default) in default, f"{name}.{option} is {field.default}, the page says {default}"


OF_PAGES: list[tuple[str, type]] = [
    ("bring-your-own-trainer", Settings),
    ("bring-your-own-trainer", Metrics),
    ("bring-your-own-trainer", Checkpoint),
    ("verl", Options),
    ("trl", Accelerate),
    ("trackers", WandbOptions),
    ("trackers", MlflowOptions),
    ("trackers", TensorboardOptions),
]


@pytest.mark.parametrize(("name", "kind"), OF_PAGES, ids=lambda value: getattr(value, "__name__", value))
def test_each_setting_of_a_trainer_or_tracker_is_on_its_page(name: str, kind: type) -> None:
    fields = list(kind.model_fields) if issubclass(kind, BaseModel) else [f.name for f in dataclasses.fields(kind)]
    text = page(name)
    missing = [field for field in fields if not re.search(rf"`[^`\n]*\b{field}\b|^\s+{field}:", text, re.MULTILINE)]
    assert not missing, f"docs/{name}.md doesn't name {missing}"


WHY = re.compile(r"[;:(]|\bsince\b|\bso that\b|\bas in\b|\bat most\b|\bwithout\b")


def described(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str]]:
    """Settings of the study file with a default of their own, and what is said of them."""
    found = []
    for name, field in model.model_fields.items():
        if field.default not in (None, PydanticUndefined, ()) and not isinstance(field.default, BaseModel):
            found.append((f"{prefix}{name}", field.description or ""))
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += described(kind, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize(("setting", "reason"), dict(described(StudyConfig)).items())
def test_each_default_of_the_study_file_says_why(setting: str, reason: str) -> None:
    """A definition alone isn't enough: what speaks for the value, or what another one does, stands behind it."""
    assert WHY.search(reason.rstrip(".")), f"{setting}: {reason}"
