"""A run that was stopped and continued is the run that was never stopped, to the last bit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from trl_toys import Recorder, ToyTask

from rltune.errors import CheckpointError
from rltune.trainers.base import TrainJob
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.types import StopKind

Make = Callable[..., TrainJob]


def run_segments(make_job: Make, root: Path, stops: Sequence[int], **changes: object) -> Recorder:
    """Trains to each of `stops` in turn, each segment from the last one's checkpoint."""
    recorder = Recorder(root)
    start = 0
    for stop in stops:
        resume = root / f"step-{start:06d}" if start else None
        recorder.started = 0
        reason = TrlTrainer().train(make_job(stop, resume=resume, start=start, **changes), recorder)
        assert (reason.kind, reason.step) == (StopKind.REACHED, stop)
        start = stop
    assert [m.step for m in recorder.steps] == list(range(1, stops[-1] + 1))
    return recorder


def assert_same_end(one: Recorder, other: Recorder, step: int, weights_file: str = "model.safetensors") -> None:
    name = f"step-{step:06d}"
    weights, same = (load_file(r.root / name / weights_file) for r in (one, other))
    assert weights.keys() == same.keys()
    assert all(torch.equal(weights[key], same[key]) for key in weights)
    moments, same = (torch.load(r.root / name / "optimizer.pt")["state"] for r in (one, other))
    assert all(torch.equal(moments[i]["exp_avg_sq"], same[i]["exp_avg_sq"]) for i in moments)
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        for metric in ("reward", "learning_rate", "grad_norm", "entropy", "tokens", "loss", "preference_margin"):
            assert mine.values.get(metric) == theirs.values.get(metric), (mine.step, metric)
        assert {"learning_rate", "grad_norm", "tokens"} <= mine.values.keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("updates", "scheduler", "kl"), list(itertools.product([1, 4], ["constant", "cosine"], [0.0, 0.05]))
)
def test_segments_equal_the_straight_run(
    toy: ToyTask, make_job: Make, tmp_path: Path, updates: int, scheduler: str, kl: float
) -> None:
    # 12 steps of 4 prompts out of 10 cross an epoch's end four times, once in the middle of a step.
    chosen = {"updates_per_step": updates, "lr_scheduler": scheduler, "kl_coef": kl, "warmup_steps": 2}
    straight = run_segments(make_job, tmp_path / "straight", [12], hyperparameters=chosen)
    assert straight.steps[-1].values["grad_norm"] > 0
    for stops in ([6, 12], [5, 6, 12]):
        # Validated only here: validation must not disturb the run either.
        split = run_segments(make_job, tmp_path / str(len(stops)), stops, hyperparameters=chosen, validate_at=(2, 5, 8))
        assert_same_end(straight, split, 12)


ALGORITHMS = {
    "rloo": {"kl_coef": 0.05, "updates_per_step": 2, "prompts_per_step": 4, "rollouts": 2},
    "sft": {"gradient_accumulation_steps": 2},
    "dpo": {"beta": 0.3},
    "sft with epochs": {"algorithm": "sft", "epochs": 8.0},
    "grpo with lora": {"algorithm": "grpo", "use_peft": True, "lora_r": 4, "kl_coef": 0.05},
    "dpo with lora": {"algorithm": "dpo", "use_peft": True, "lora_r": 2, "lora_target_modules": "q_proj,v_proj"},
    "sft with checkpointing": {"algorithm": "sft", "gradient_checkpointing": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ALGORITHMS)
def test_segments_of_each_algorithm_equal_the_straight_run(
    toy: ToyTask, make_job: Make, tmp_path: Path, case: str
) -> None:
    # 12 steps of 4 rows out of 10 cross an epoch's end four times, once in the middle of a step.
    chosen = {"algorithm": case, "lr_scheduler": "linear", "warmup_steps": 2, **ALGORITHMS[case]}
    weights = "adapter_model.safetensors" if "use_peft" in chosen else "model.safetensors"
    straight = run_segments(make_job, tmp_path / "straight", [12], hyperparameters=chosen)
    assert straight.steps[-1].values["grad_norm"] > 0
    split = run_segments(make_job, tmp_path / "split", [5, 6, 12], hyperparameters=chosen, validate_at=(2, 5, 8))
    assert_same_end(straight, split, 12, weights)


@pytest.mark.slow
def test_native_reuse_of_rollouts_and_accumulation_resume_exactly(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    chosen = {
        "num_iterations": 2,
        "gradient_accumulation_steps": 2,
        "updates_per_step": 2,
        "loss_type": "grpo",
    }
    straight = run_segments(make_job, tmp_path / "straight", [8], hyperparameters=chosen)
    assert_same_end(straight, run_segments(make_job, tmp_path / "split", [3, 8], hyperparameters=chosen), 8)


@pytest.mark.slow
def test_the_same_job_twice_gives_the_same_weights(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = run_segments(make_job, tmp_path / "1", [3])
    torch.manual_seed(2)  # what the process drew before doesn't matter
    assert_same_end(first, run_segments(make_job, tmp_path / "2", [3]), 3)
    other = run_segments(make_job, tmp_path / "3", [3], seed=4)
    assert other.steps[-1].values["reward"] != first.steps[-1].values["reward"]


@pytest.fixture
def saved(toy: ToyTask, make_job: Make, tmp_path: Path) -> Path:
    """A checkpoint of step 2."""
    run_segments(make_job, tmp_path, [2])
    return tmp_path / "step-000002"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_a_damaged_checkpoint_is_refused(saved: Path, make_job: Make, tmp_path: Path, name: str) -> None:
    data = (saved / name).read_bytes()
    (saved / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError) as caught:
        TrlTrainer().train(make_job(4, resume=saved, start=2), Recorder(tmp_path))
    assert str(saved) in str(caught.value)


@pytest.mark.slow
def test_an_incomplete_or_wrong_checkpoint_is_refused(saved: Path, make_job: Make, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"step 3 \(3 updates\), got one of 2"):
        TrlTrainer().train(make_job(4, resume=saved, start=3), Recorder(tmp_path))
    with pytest.raises(CheckpointError, match="updates_per_step"):
        TrlTrainer().train(
            make_job(4, resume=saved, start=2, hyperparameters={"updates_per_step": 2}), Recorder(tmp_path)
        )
    (saved / "optimizer.pt").unlink()
    with pytest.raises(CheckpointError, match=r"lacks optimizer\.pt"):
        TrlTrainer().train(make_job(4, resume=saved, start=2), Recorder(tmp_path))
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        TrlTrainer().train(make_job(4, resume=tmp_path / "nowhere", start=2), Recorder(tmp_path))
