"""`rltune requests` in a narrow terminal: nothing of what was asked is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from report.factory import CONFIG
from rltune.cli.commands.requests import main
from rltune.store.open import create_study
from rltune.study.looking import STUDY_FILE


def test_a_configuration_is_listed_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    store = create_study(tmp_path / "demo", "demo", CONFIG)
    values = {"learning_rate": 1e-05, "lr_scheduler": "cosine"}
    store.add_request("enqueue", {"configuration": values, "model": None, "steps": 40}, "cli")
    store.close()
    (tmp_path / "demo" / STUDY_FILE).write_text(yaml.safe_dump(dict(CONFIG)), encoding="utf-8")
    main(str(tmp_path / "demo"), as_json=False)
    told = capsys.readouterr().out
    assert all(word in told for word in ("enqueue", "learning_rate=1e-05", "lr_scheduler=cosine", "steps=40"))
    assert "…" not in told
