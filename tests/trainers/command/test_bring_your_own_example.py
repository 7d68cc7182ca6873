"""The example of a trainer of one's own: it trains, resumes exactly, and its study runs to the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rltune.config.load import load_study
from rltune.models.embedded import embedded_folder
from rltune.store.base import StudyState
from rltune.study.api import create

pytestmark = pytest.mark.slow


def train(repository: Path, folder: Path, stop: int, *more: str) -> list[dict[str, float]]:
    """Rows of the metrics of one launch of the example program."""
    folder.mkdir(exist_ok=True)
    metrics = folder / f"metrics-{stop}"
    program = repository / "examples" / "bring_your_own" / "train.py"
    options = {
        "lr": 0.03, "rollouts": 8, "seed": 3, "steps": 40, "stop_at": stop, "save_every": 20,
        "model": embedded_folder("embedded/xs"), "save_to": folder, "metrics": metrics,
    }  # fmt: skip
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    subprocess.run([sys.executable, str(program), *arguments, *more], check=True)
    return [json.loads(line) for line in metrics.read_text().splitlines()]


def test_the_program_learns_and_resumes_exactly(repository: Path, tmp_path: Path) -> None:
    straight = train(repository, tmp_path / "straight", 40)
    assert straight[-1]["accuracy"] > 2 * straight[0]["accuracy"]
    first = train(repository, tmp_path / "parts", 20)
    second = train(repository, tmp_path / "parts", 40, "--resume", str(tmp_path / "parts" / "step-20.pt"))
    assert first + second == straight


def test_its_study_runs_to_the_end(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    config = load_study(repository / "examples" / "bring_your_own" / "study.yaml").config
    source = config.model_dump(mode="json", by_alias=True)
    smaller = {
        "budget": {"time": 900, "search": 0.5, "trials": 3},
        "steps": 40,
        "rungs": [10, 40],
        "optimizer": "random",
        "transfer": False,
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "output": str(tmp_path),
    }
    with create({**source, **smaller}) as study:
        assert study.run() is StudyState.FINISHED
        summary = study.summary()
        scores = [evaluation.score for _, evaluation in study.store.evaluations()]
    assert summary.winner is not None
    assert all(score is not None and 0 < score < 1 for score in scores)
