"""The trainer on a stand-in for verl, and jobs for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from verl_toys import STAND_IN

from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.build import build_trainer
from rltune.trainers.verl.trainer import VerlTrainer
from rltune.types import Scalar

ONE_GPU = "actor_rollout_ref.rollout.tensor_model_parallel_size=1"
"""verl's default is an engine over two."""


@pytest.fixture
def parquet(tmp_path: Path) -> dict[str, object]:
    """Options of the task `file`; the stand-in doesn't open the files."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"prompt": "{i}+1=", "answer": "{i + 1}"}}\n' for i in range(30)))
    return {
        "train": str(rows),
        "validation": str(rows),
        "test": str(rows),
        "reward": "exact",
        "max_response_length": 64,
    }


@pytest.fixture
def make_trainer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., VerlTrainer]:
    """The trainer on the stand-in, with a fault if one is named."""
    monkeypatch.setenv("STAND_IN_PYTHON", sys.executable)

    def make(fault: str = "", *base: str, **settings: object) -> VerlTrainer:
        own = ("data.train_files=train.parquet", "data.val_files=val.parquet", ONE_GPU, *base)
        env = {"STAND_IN": fault, **settings.pop("env", {})}  # pyright: ignore[reportGeneralTypeIssues]
        found = build_trainer(
            "verl", {"python": str(STAND_IN / "python"), "base": list(own), "gpus": 1, "env": env, **settings}
        )
        assert isinstance(found, VerlTrainer)
        return found

    return make


@pytest.fixture
def make_job(parquet: dict[str, object]) -> Callable[..., TrainJob]:
    """A job with a horizon of 8 steps."""

    def make(
        stop: int,
        *,
        start: int = 0,
        resume: Path | None = None,
        hyperparameters: dict[str, Scalar] | None = None,
        validate_at: tuple[int, ...] = (),
        checkpoint_at: tuple[int, ...] = (),
    ) -> TrainJob:
        return TrainJob(
            model="some/model",
            task="file",
            task_options=parquet,
            hyperparameters={"learning_rate": 1e-3, "lr_scheduler": "cosine", **(hyperparameters or {})},
            horizon=8,
            stop_step=stop,
            start_step=start,
            resume_from=str(resume) if resume else None,
            seed=3,
            validation=Scoring(prompts=6, samples=2),
            validate_at=validate_at,
            checkpoint_at=checkpoint_at,
        )

    return make
