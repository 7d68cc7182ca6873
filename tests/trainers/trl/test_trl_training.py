"""Real training with TRL on a tiny model: what a run reports, saves, and how it ends."""

from __future__ import annotations

import gc
import json
import math
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl_toys import Recorder, ToyTask

from rltune.errors import ModelError
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.trl.algorithms import algorithm_named
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.types import StopKind, StopReason

Make = Callable[..., TrainJob]
ALWAYS = algorithm_named("grpo").metrics - {"kl", "policy_kl"}


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    def phone_home(**_: object) -> None:
        raise AssertionError("TRL's telemetry was sent")

    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", phone_home)


def train(job: TrainJob, recorder: Recorder) -> StopReason:
    return TrlTrainer().train(job, recorder)


def test_a_step_is_one_rollout_whatever_the_updates(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    chosen = {"updates_per_step": 4, "lr_scheduler": "linear", "kl_coef": 0.1}
    reason = train(make_job(2, hyperparameters=chosen), recorder)
    assert (reason.kind, reason.step) == (StopKind.REACHED, 2)
    assert [m.step for m in recorder.steps] == [1, 2]
    assert all(set(m.values) == ALWAYS | {"kl", "policy_kl"} for m in recorder.steps)
    # 48 updates fall from 3e-3 to 0; the first step makes updates 0 to 3, the second 4 to 7.
    rates = [m.values["learning_rate"] for m in recorder.steps]
    assert rates == [pytest.approx(3e-3 * (1 - mean / 48)) for mean in (1.5, 5.5)]
    assert recorder.steps[0].values["policy_kl"] > 0
    assert json.loads((tmp_path / "step-000002" / "trainer_state.json").read_text())["global_step"] == 8


def test_metrics_of_one_update_without_reference_model(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    train(make_job(2, validate_at=(1,)), recorder)
    first, second = (m.values for m in recorder.steps)
    assert set(second) == ALWAYS
    assert set(first) - set(second) == {"score/mean", "score/greedy", "score/mean_stderr", "validate_seconds"}
    assert recorder.signs == 4, "the validation's greedy answers and its samples, each made and graded"
    assert second["clip_fraction"] == 0.0
    assert 0 < second["reward"] < 1 and second["reward_std"] > 0
    assert 0 < second["entropy"] <= math.log(60)
    assert 1 <= second["response_length"] <= toy.max_response_length
    prompt_tokens = (second["tokens"] / 16) - second["response_length"]
    assert 3 <= prompt_tokens <= 6  # prompts such as "a0=" and "bbb5="
    assert 0 < second["step_seconds"] < 60


def test_checkpoints_are_where_they_were_asked_for_and_can_be_used(
    toy: ToyTask, make_job: Make, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path)
    train(make_job(3, checkpoint_at=(1,), validate_at=(3,)), recorder)
    assert recorder.checkpoints == [1, 3]
    folder = tmp_path / "step-000003"
    assert AutoModelForCausalLM.from_pretrained(folder).config.use_cache
    assert AutoTokenizer.from_pretrained(folder).pad_token_id == 0
    assert not list(folder.glob("checkpoint-*")) and not (folder / "training_args.bin").exists()
    # Scored again from its folder, a checkpoint has the very score that it had when it was validated.
    job = ScoreJob(make_job(1).model, str(folder), "toy", "validation", Scoring(6, 2), seed=3, device="cpu")
    scores = TrlTrainer().score(job)
    assert {name: recorder.steps[-1].values[f"score/{name}"] for name in scores} == scores


def test_training_learns(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    train(make_job(12, hyperparameters={"learning_rate": 2e-2, "rollouts": 8}), recorder)
    rewards = [m.values["reward"] for m in recorder.steps]
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.5


def test_a_reason_from_the_reporter_stops_the_run_there_with_a_checkpoint(
    toy: ToyTask, make_job: Make, tmp_path: Path
) -> None:
    asked = StopReason(StopKind.INTERRUPTED, 2, "asked to stop")
    recorder = Recorder(tmp_path, lambda metrics: asked if metrics.step == 2 else None)
    assert train(make_job(5), recorder) is asked
    assert len(recorder.steps) == 2
    assert recorder.checkpoints == [2]


@pytest.mark.parametrize("updates", [1, 2])
def test_a_policy_that_explodes_is_a_divergence_not_a_crash(
    toy: ToyTask, make_job: Make, tmp_path: Path, updates: int
) -> None:
    recorder = Recorder(tmp_path)
    chosen = {"learning_rate": 1e30, "updates_per_step": updates}
    reason = train(make_job(5, hyperparameters=chosen), recorder)
    assert (reason.kind, reason.step) == (StopKind.DIVERGED, len(recorder.steps))
    if updates == 2:  # the second update sees what the first has done
        assert not math.isfinite(recorder.steps[-1].values["grad_norm"])
    assert recorder.checkpoints == []


def test_a_crash_in_the_reward_is_an_exception(
    toy: ToyTask, make_job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> float:
        raise ZeroDivisionError("reward")

    monkeypatch.setattr(toy, "reward", fail)
    with pytest.raises(ZeroDivisionError):
        train(make_job(2), Recorder(tmp_path))


def test_a_full_disk_is_not_hidden(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    class Full(Recorder):
        def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        train(make_job(1), Full(tmp_path))


def test_a_missing_model_is_named(toy: ToyTask, make_job: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        train(make_job(1, model=str(tmp_path / "nowhere")), Recorder(tmp_path))


def test_nothing_is_left_behind(
    toy: ToyTask, make_job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scratch, here = tmp_path / "scratch", tmp_path / "here"
    scratch.mkdir(), here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.chdir(here)
    threads = threading.active_count()
    train(make_job(2), Recorder(tmp_path / "run"))
    assert not list(scratch.iterdir()) and not list(here.iterdir())
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["step-000002"]
    assert threading.active_count() == threads
    printed = capfd.readouterr()
    assert "it/s" not in printed.err  # no progress bars
    assert printed.out == ""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads that Linux lists")
def test_preload_starts_no_thread() -> None:
    before = len(os.listdir("/proc/self/task"))
    TrlTrainer().preload()
    gc.unfreeze()
    assert len(os.listdir("/proc/self/task")) == before
