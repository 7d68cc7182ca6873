"""Models and checkpoints from strangers: no code in them is run, whatever transformers would do by itself."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM
from trl_toys import Recorder, ToyTask

from rltune.errors import CheckpointError, ModelError, TaskError
from rltune.tasks.base import Example
from rltune.tasks.reward_model import RewardModel
from rltune.trainers.base import TrainJob
from rltune.trainers.external.bare_weights import loadable
from rltune.trainers.trl.loading import load_model, load_tokenizer
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.types import StopKind

Make = Callable[..., TrainJob]
CPU = torch.device("cpu")


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.mark), os.O_CREAT | os.O_WRONLY)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What is there once somebody's code was run."""
    return tmp_path / "was-run"


def with_code(model: str, folder: Path, mark: Path) -> Path:
    """The model, with code of its own for model, configuration and tokenizer."""
    shutil.copytree(model, folder)
    (folder / "own.py").write_text(f"open({str(mark)!r}, 'w')\nOwn = None\n")
    for name, kinds in (
        ("config.json", dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "own.Own")),
        ("tokenizer_config.json", {"AutoTokenizer": ["own.Own", "own.Own"]}),
    ):
        content = json.loads((folder / name).read_text())
        if name == "config.json":
            content["model_type"] = "one-of-their-own"
        (folder / name).write_text(json.dumps({**content, "auto_map": kinds}))
    return folder


def test_the_bomb_works(mark: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.exists()


def test_code_that_comes_with_a_model_is_not_run(tiny_model: str, tmp_path: Path, mark: Path) -> None:
    folder = with_code(tiny_model, tmp_path / "model", mark)
    with pytest.raises(ModelError):
        load_model(str(folder), CPU)
    with contextlib.suppress(ModelError):  # a class of transformers' own may do
        load_tokenizer(str(folder))
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="(?i)custom code"):
        loadable(bare, str(folder), tmp_path)
    with pytest.raises(TaskError, match="can't be loaded"):
        RewardModel(str(folder)).judge([Example("a", "b")], ["c"], [{}])
    assert not mark.exists()


def test_pickled_weights_run_no_code(tiny_model: str, tmp_path: Path, mark: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_model, folder)
    weights = AutoModelForCausalLM.from_pretrained(tiny_model).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save({**weights, "bomb": Bomb(mark)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError):
        load_model(str(folder), CPU)
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("file", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin"])
def test_a_resume_runs_no_code_of_a_checkpoint(
    toy: ToyTask, make_job: Make, tmp_path: Path, mark: Path, file: str
) -> None:
    recorder = Recorder(tmp_path / "run")
    TrlTrainer().train(make_job(1), recorder)
    checkpoint = recorder.root / "step-000001"
    content = torch.load(checkpoint / file, weights_only=False) if (checkpoint / file).exists() else {}
    torch.save({**content, "bomb": Bomb(mark)}, checkpoint / file)
    again = Recorder(tmp_path / "again")
    job = make_job(2, resume=checkpoint, start=1)
    if file == "training_args.bin":  # nobody reads it
        assert TrlTrainer().train(job, again).kind is StopKind.REACHED
    else:
        with pytest.raises(CheckpointError):
            TrlTrainer().train(job, again)
    assert not mark.exists()
