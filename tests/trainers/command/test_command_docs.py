"""The page about trainers of one's own knows all settings, names and presets, and shows the example as it is."""

from __future__ import annotations

from pathlib import Path

import yaml

from rltune.trainers.command.presets.build import PRESETS
from rltune.trainers.command.settings import Checkpoint, Metrics, Settings
from rltune.trainers.command.variables import SCORING, TRAINING


def test_the_page_is_complete(repository: Path) -> None:
    page = (repository / "docs" / "bring-your-own-trainer.md").read_text(encoding="utf-8")
    settings = {*Settings.model_fields, *(f"metrics.{n}" for n in Metrics.model_fields)} - {"metrics", "checkpoint"}
    settings |= {f"checkpoint.{name}" for name in Checkpoint.model_fields}
    missing = [name for name in settings if f"`{name}`" not in page]
    missing += [name for name in {*TRAINING, *SCORING} if f"`{{{name}}}`" not in page]
    missing += [name for name in PRESETS if f"`{name}`" not in page]
    assert not missing


def test_the_example_on_the_page_is_the_one_that_runs(repository: Path) -> None:
    page = (repository / "docs" / "bring-your-own-trainer.md").read_text(encoding="utf-8")
    shown = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    study = yaml.safe_load((repository / "examples" / "bring_your_own" / "study.yaml").read_text(encoding="utf-8"))
    assert shown["trainer"] == study["trainer"]
