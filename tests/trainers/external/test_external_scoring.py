"""rltune's own scoring as a program: of a folder that a program saved, with or without a configuration in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rltune.models.embedded import embedded_folder
from rltune.trainers.base import ScoreJob, Scoring
from rltune.trainers.external.scoring import own_scoring, run_scoring
from rltune.trainers.trl.run import score_model


@pytest.mark.slow
@pytest.mark.parametrize("bare", [False, True])
def test_scores_are_those_of_the_default_trainer(tmp_path: Path, bare: bool) -> None:
    base = embedded_folder("embedded/xs")
    checkpoint = tmp_path / "checkpoint"
    if bare:  # Accelerate's states hold the weights alone
        checkpoint.mkdir()
        shutil.copy(base / "model.safetensors", checkpoint)
    else:
        shutil.copytree(base, checkpoint)
    job = ScoreJob(str(base), str(checkpoint), "arithmetic/easy", "validation", Scoring(16, 2), seed=3, device="cpu")
    lived: list[int] = []
    scores = run_scoring(own_scoring(job, tmp_path), tmp_path / "scores.json", lambda: lived.append(1))
    expected = score_model(
        ScoreJob(str(base), None, "arithmetic/easy", "validation", Scoring(16, 2), seed=3), lambda: None
    )
    assert scores == pytest.approx(expected)
    assert lived
