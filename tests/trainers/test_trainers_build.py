"""From a name to a trainer; and a study's settings are checked without importing one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rltune.errors import TrainerError
from rltune.trainers.base import Scoring, TrainJob
from rltune.trainers.build import TRAINERS, build_trainer


@pytest.mark.parametrize("name", TRAINERS)
def test_a_known_name_makes_that_trainer(name: str) -> None:
    assert build_trainer(name).name == name


def test_an_unknown_name_lists_the_known_and_the_closest() -> None:
    with pytest.raises(TrainerError, match=r"unknown trainer 'trll'.*trl.*did you mean 'trl'"):
        build_trainer("trll")


@pytest.mark.parametrize("name", ["no_such_module:Trainer", "rltune.types:NoSuchTrainer"])
def test_a_trainer_of_ones_own_that_cannot_be_loaded(name: str) -> None:
    with pytest.raises(TrainerError, match="can't be loaded"):
        build_trainer(name)


def test_checking_imports_no_torch() -> None:
    code = (
        "import sys; from rltune.trainers.build import build_trainer;"
        "build_trainer('trl').check({'learning_rate': 1e-5, 'loss_type': 'grpo'});"
        "print('torch' in sys.modules or 'trl' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("start", "stop", "resume", "message"),
    [(3, 3, "x", "steps must"), (0, 11, None, "steps must"), (2, 4, None, "exactly if"), (0, 4, "x", "exactly if")],
)
def test_an_impossible_segment_cannot_be_made(start: int, stop: int, resume: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainJob("m", "t", {}, 10, stop, 0, Scoring(1, 1), start_step=start, resume_from=resume)
