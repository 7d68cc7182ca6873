"""Trials that accelerate's launcher starts: its command line, several processes for real, and how they end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from accelerate.commands.launch import launch_command_parser
from trl_toys import Recorder

from rltune.errors import CheckpointError, TrainerError
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.build import build_trainer
from rltune.trainers.trl.launch import LAUNCHED, launch_arguments, launch_environment
from rltune.trainers.trl.options import Accelerate, parse_accelerate
from rltune.trainers.trl.trainer import TrlTrainer
from rltune.trainers.trl.wire import Listener, connect, sendable
from rltune.types import StepMetrics, StopKind, StopReason

JOB = TrainJob("m", "t", {}, horizon=50, stop_step=5, seed=7, validation=Scoring(1, 1), threads=3, device="cpu")
PLACES = (Path("/o/job"), Path("/o/leader"))


class LaunchRecorder(Recorder):
    """A reporter with a workspace."""

    def workspace(self) -> Path:
        folder = self.root / "workspace"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def parsed(**section: object) -> object:
    """What accelerate's own parser makes of the command line."""
    accelerate = parse_accelerate({"accelerate": {"num_processes": 2, **section}})
    assert accelerate is not None
    arguments = launch_arguments(accelerate, JOB, *PLACES)
    return launch_command_parser().parse_args(arguments[3:])


# --- settings and command line ---------------------------------------------------------------------------------------
def test_the_launcher_understands_its_command_line() -> None:
    args = parsed(mixed_precision="bf16", arguments=["--gpu_ids", "0,1"])
    assert (args.num_processes, args.num_machines, args.main_process_port) == (2, 1, 0)  # pyright: ignore
    assert (args.multi_gpu, args.mixed_precision, args.num_cpu_threads_per_process) == (True, "bf16", 3)  # pyright: ignore
    assert (args.module, args.training_script, args.gpu_ids) == (True, LAUNCHED, "0,1")  # pyright: ignore
    assert args.training_script_args == list(map(str, PLACES))  # pyright: ignore


def test_files_of_fsdp_and_deepspeed_are_passed_on() -> None:
    fsdp = parsed(config_file="fsdp.yaml")
    assert (fsdp.config_file, fsdp.multi_gpu, fsdp.num_processes) == ("fsdp.yaml", False, 2)  # pyright: ignore
    zero = parsed(deepspeed_config_file="zero.json")
    assert (zero.use_deepspeed, zero.deepspeed_config_file, zero.multi_gpu) == (True, "zero.json", False)  # pyright: ignore


def test_processes_depend_on_what_the_model_is() -> None:
    accelerate = parse_accelerate({"accelerate": {"num_processes": {"target": 8}}, "bf16": True})
    assert accelerate is not None
    assert (accelerate.processes_for("target"), accelerate.processes_for("proxy")) == (8, 1)
    arguments = launch_arguments(accelerate, replace(JOB, role="proxy"), *PLACES)
    assert "--multi_gpu" not in arguments
    assert parse_accelerate({"accelerate": 4}) == Accelerate(num_processes=4)
    assert parse_accelerate({"bf16": True}) is None


def test_no_gpu_is_shown_to_processes_on_the_cpu() -> None:
    environment = launch_environment(Accelerate(num_processes=2, env={"NCCL_DEBUG": "WARN"}), JOB)
    assert environment["CUDA_VISIBLE_DEVICES"] == "" and environment["NCCL_DEBUG"] == "WARN"
    assert "CUDA_VISIBLE_DEVICES" not in launch_environment(Accelerate(num_processes=2), replace(JOB, device="cuda"))


def test_the_precision_is_a_field_of_trl_as_well() -> None:
    trainer = TrlTrainer()
    section = {"num_processes": 2, "mixed_precision": "fp16"}
    assert trainer.fields({"accelerate": section}) == {"bf16": False, "fp16": True}
    with pytest.raises(TrainerError, match="bf16 is given twice"):
        trainer.fields({"accelerate": section, "bf16": True})


@pytest.mark.parametrize(
    ("section", "where", "message"),
    [
        ({"num_processes": 0}, "accelerate.num_processes", "1"),
        ({"processes": 2}, "accelerate.processes", "unknown key"),
        ({"num_processes": 2, "config_file": "a", "deepspeed_config_file": "b"}, "accelerate", "either config_file"),
        ({"num_processes": 2, "mixed_precision": "fp8"}, "accelerate.mixed_precision", "bf16"),
    ],
)
def test_wrong_settings_are_told_with_their_place(section: dict[str, object], where: str, message: str) -> None:
    with pytest.raises(TrainerError, match=message) as caught:
        build_trainer("trl", {"accelerate": section, "bf16": True})
    assert (caught.value.where or "").startswith(f"trainer.settings.{where}")


def test_a_batch_that_the_processes_cant_share_is_refused() -> None:
    trainer = build_trainer("trl", {"accelerate": {"num_processes": {"target": 3, "proxy": 1}}})
    trainer.check({"algorithm": "sft", "batch_size": 12})
    with pytest.raises(TrainerError, match="16 rows a pass, which 3 processes can't share"):
        trainer.check({"algorithm": "sft", "batch_size": 16})
    with pytest.raises(TrainerError, match="prompts_per_step x rollouts makes 32 answers"):
        trainer.check({"prompts_per_step": 8, "rollouts": 4})


# --- the wire --------------------------------------------------------------------------------------------------------
def test_nobody_comes_within_the_time(tmp_path: Path) -> None:
    with Listener(tmp_path / "s") as listener:
        started = time.monotonic()
        assert listener.accept(0.05) is None
        assert 0.04 < time.monotonic() - started < 5
        leader = connect(tmp_path / "s")
        trial = listener.accept(1.0)
        assert trial is not None
        leader.send(StepMetrics(3, {"loss": float("nan")}))
        assert trial.recv().step == 3
        leader.close()
        with pytest.raises(EOFError):
            trial.recv()
        trial.close()


def test_errors_keep_their_class_and_hint_where_they_can() -> None:
    kept = sendable(CheckpointError("bad", where="here", hint="do this"))
    assert isinstance(kept, CheckpointError) and str(kept) == "here: bad (do this)"

    class Local(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"{one} of {two}")

    assert str(sendable(Local(1, 2))) == "Local: 1 of 2"


# --- for real --------------------------------------------------------------------------------------------------------
def loopback() -> bool:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError:
        return False
    return True


needs_loopback = pytest.mark.skipif(not loopback(), reason="the launcher needs a local network")


@pytest.fixture
def make_real(make_job: Callable[..., TrainJob]) -> Callable[..., TrainJob]:
    """Jobs of the arithmetic task: the launched processes know no toys."""

    def make(stop: int, **changes: object) -> TrainJob:
        job = make_job(stop, **changes)
        return replace(job, task="arithmetic/easy", task_options={"train_size": 40})

    return make


@pytest.mark.slow
@needs_loopback
@pytest.mark.parametrize("name", ["dpo", "grpo"])
def test_two_processes_train_stop_and_resume(make_real: Callable[..., TrainJob], tmp_path: Path, name: str) -> None:
    trainer = build_trainer("trl", {"accelerate": 2})
    chosen = {"hyperparameters": {"algorithm": name, "lr_scheduler": "linear"}}
    straight = LaunchRecorder(tmp_path / "straight")
    assert trainer.train(make_real(4, validate_at=(2,), checkpoint_at=(2,), **chosen), straight).step == 4
    assert straight.started == 1 and straight.checkpoints == [2, 4]
    assert "score/mean" in straight.steps[1].values
    folder = tmp_path / "straight" / "step-000002"
    assert {"rng_state_0.pth", "rng_state_1.pth", "optimizer.pt"} <= set(os.listdir(folder))
    resumed = LaunchRecorder(tmp_path / "resumed")
    job = make_real(4, start=2, resume=folder, **chosen)
    assert trainer.train(job, resumed) == StopReason(StopKind.REACHED, 4, "trained to step 4")
    for mine, theirs in zip(resumed.steps, straight.steps[2:], strict=True):
        for metric in ("learning_rate", "grad_norm", "loss", "reward"):
            assert mine.values.get(metric) == theirs.values.get(metric), (mine.step, metric)
    # One process alone can score it.
    scores = trainer.score(
        ScoreJob(job.model, str(folder), "arithmetic/easy", "validation", Scoring(6, 2), seed=3, device="cpu")
    )
    assert 0 <= scores["mean"] <= 1
    assert [p.name for p in (tmp_path / "straight" / "workspace" / "launched").iterdir()] == ["log.txt"]


@pytest.mark.slow
@needs_loopback
def test_the_trials_wish_stops_both_processes_and_their_errors_come_back(
    make_real: Callable[..., TrainJob], tmp_path: Path
) -> None:
    trainer = build_trainer("trl", {"accelerate": {"num_processes": 2}})
    asked = StopReason(StopKind.INTERRUPTED, 1, "asked to stop")
    recorder = LaunchRecorder(tmp_path, lambda _: asked)
    assert trainer.train(make_real(4, hyperparameters={"algorithm": "sft"}), recorder) == asked
    assert recorder.checkpoints == [1]
    # Both processes find that the checkpoint lacks something; the leader says it.
    (tmp_path / "step-000001" / "scheduler.pt").unlink()
    job = make_real(4, start=1, resume=tmp_path / "step-000001", hyperparameters={"algorithm": "sft"})
    with pytest.raises(CheckpointError, match=r"lacks scheduler\.pt"):
        trainer.train(job, LaunchRecorder(tmp_path / "again"))
    with pytest.raises(TrainerError, match="exit status"):
        broken = build_trainer("trl", {"accelerate": {"num_processes": 2, "arguments": ["--no_such_flag"]}})
        broken.train(make_real(1, hyperparameters={"algorithm": "sft"}), LaunchRecorder(tmp_path / "broken"))
