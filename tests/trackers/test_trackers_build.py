"""What is wrong with a tracker is told by `rltune check`, with its place, before anything is spent."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from rltune.config.load import parse_study
from rltune.errors import ConfigError, TrackerError
from rltune.study.api import read_source
from rltune.study.blueprint import draw_blueprint
from rltune.trackers.build import check_tracker

STUDY = {
    "name": "tracked",
    "models": {"target": "embedded/s"},
    "task": "arithmetic/easy",
    "trainer": "rltune.testing.toy_trainer:ToyTrainer",
    "budget": "5m",
}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All packages seem to be there; none is imported by a check."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE", "WANDB_BASE_URL", "NETRC"):
        monkeypatch.delenv(name, raising=False)


def test_trackers_are_written_in_short_and_at_length() -> None:
    def names(trackers: object) -> list[tuple[str, dict[str, object]]]:
        return [(t.name, t.options) for t in parse_study({**STUDY, "trackers": trackers}).trackers]

    assert names("wandb") == [("wandb", {})] == names(["wandb"]) == names({"name": "wandb"})
    assert names(["tensorboard", {"name": "mlflow", "tracking_uri": "http://host:5000"}]) == [
        ("tensorboard", {}),
        ("mlflow", {"tracking_uri": "http://host:5000"}),
    ]
    config = parse_study({**STUDY, "trackers": ["tensorboard", {"name": "wandb", "mode": "offline"}]})
    assert parse_study(config.model_dump(mode="json", by_alias=True)) == config


def test_a_tracker_named_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="'mlflow' is named twice"):
        parse_study({**STUDY, "trackers": ["mlflow", {"name": "mlflow", "experiment": "b"}]})


@pytest.mark.parametrize(
    ("tracker", "said"),
    [
        ({"name": "wandbb"}, r"trackers\.0.*no tracker 'wandbb'.*did you mean 'wandb'"),
        ({"name": "wandb", "projct": "p"}, "unknown option 'projct'.*did you mean 'project'"),
        ({"name": "wandb", "mode": "sometimes"}, "option mode: .*online.*offline"),
        ({"name": "wandb", "project": "team/p"}, "no '/' in the name of a project"),
        ({"name": "mlflow", "tracking_uri": "https://me:secret@host"}, "must not hold a password"),
        ({"name": "mlflow", "tracking_uri": 3}, "option tracking_uri: .*string"),
        ({"name": "tensorboard", "folder": ""}, "option folder"),
    ],
)
def test_mistakes_are_told_by_their_place(tracker: dict[str, object], said: str, tmp_path: Path, installed) -> None:
    with pytest.raises(TrackerError, match=said) as caught:
        draw_blueprint(read_source({**STUDY, "output": str(tmp_path), "trackers": [tracker]}))
    assert "secret" not in str(caught.value) and "trackers.0" in str(caught.value)


def test_a_key_in_the_study_file_is_refused_and_not_repeated(installed) -> None:
    with pytest.raises(TrackerError, match="secrets come from the environment only") as caught:
        check_tracker("wandb", {"api_key": "abcdef123456"})
    assert "abcdef123456" not in str(caught.value)


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("wandb", "mlflow", "tensorboard"):
        with pytest.raises(TrackerError, match=rf"needs the package {name}.*pip install 'rltune\[{name}\]'"):
            check_tracker(name)


def test_wandb_needs_a_key_to_be_online(installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(TrackerError, match="WANDB_API_KEY.*mode: offline"):
        check_tracker("wandb")
    check_tracker("wandb", {"mode": "offline"})
    (tmp_path / "netrc").write_text("machine api.wandb.ai login user password 0123\n")
    check_tracker("wandb")
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    with pytest.raises(TrackerError, match="no key"):
        check_tracker("wandb")
    monkeypatch.setenv("WANDB_API_KEY", "0123")
    check_tracker("wandb")
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("WANDB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    check_tracker("wandb")
    monkeypatch.delenv("WANDB_IDENTITY_TOKEN_FILE")
    monkeypatch.setenv("WANDB_MODE", "offline")
    check_tracker("wandb")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with pytest.raises(TrackerError, match="WANDB_MODE is disabled"):
        check_tracker("wandb")
