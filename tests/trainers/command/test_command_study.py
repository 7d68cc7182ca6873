"""A study of a user's own program, from the study file to the tested winner."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_toys import fake_settings

from rltune.errors import ConfigError, TrainerError
from rltune.store.base import StudyState
from rltune.study.api import create


def source(folder: Path, **changes: object) -> dict[str, object]:
    """A study of the fake program, whose score grows with the learning rate."""
    study: dict[str, object] = {
        "name": "own",
        "models": {"target": "embedded/s", "proxies": ["embedded/xs"], "learning_rate_scaling": "none"},
        "task": "arithmetic/easy",
        "trainer": {"name": "command", "settings": fake_settings()},
        "space": {"learning_rate": {"type": "float", "low": 0.1, "high": 10.0, "log": True}},
        "baseline": {"learning_rate": 0.5},
        "budget": {"time": 600, "search": 0.9, "trials": 3},
        "steps": 4,
        "rungs": [2, 4],
        "optimizer": "random",
        "stopping": "off",
        "transfer": False,
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 2, "grace_time": 10},
        "output": str(folder),
    }
    return {**study, **changes}


@pytest.mark.slow
def test_a_study_of_ones_own_program(tmp_path: Path) -> None:
    with create(source(tmp_path)) as study:
        assert study.run() is StudyState.FINISHED
        evaluations = [evaluation for _, evaluation in study.store.evaluations()]
        summary = study.summary()
    reached = [e for e in evaluations if e.score is not None]
    assert len(reached) == len(evaluations) >= 5
    for evaluation in reached:
        rate = evaluation.configuration.values["learning_rate"]
        assert isinstance(rate, float)
        assert evaluation.score == pytest.approx(rate * evaluation.fidelity.steps / 100)
    assert summary.winner is not None


def test_searching_what_the_program_is_not_told_is_an_error_of_the_study_file(tmp_path: Path) -> None:
    space = {"clip_ratio": {"type": "float", "low": 0.1, "high": 0.4}}
    with pytest.raises(ConfigError, match="to search clip_ratio would change nothing") as error:
        create(source(tmp_path, space=space, fixed={"learning_rate": 1.0}))
    assert "space.clip_ratio" in (error.value.where or "")


def test_a_bad_setting_is_told_with_its_place_in_the_study_file(tmp_path: Path) -> None:
    trainer = {"name": "command", "settings": fake_settings(metrics={"format": "jsonl"})}
    with pytest.raises(TrainerError) as error:
        create(source(tmp_path, trainer=trainer))
    assert (error.value.where or "").endswith("trainer.settings.metrics.format")


def test_the_default_trainers_settings_are_single_values(tmp_path: Path) -> None:
    trainer = {"name": "trl", "settings": {"beta": [1, 2]}}
    with pytest.raises(ConfigError, match="expected a number, a text or true or false"):
        create(source(tmp_path, trainer=trainer))
