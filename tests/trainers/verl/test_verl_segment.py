"""A run on the stand-in: rungs that are true prefixes, stops at any step, and every way in which it may fail."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from verl_toys import Recorder

from rltune.errors import CheckpointError, OutOfMemoryError, RltuneError, TrainerError
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.trainer import VerlTrainer
from rltune.types import StepMetrics, StopKind, StopReason

Make = Callable[..., VerlTrainer]
Job = Callable[..., TrainJob]


def at(step: int, kind: StopKind) -> Callable[[StepMetrics], StopReason | None]:
    return lambda metrics: StopReason(kind, step, "enough") if metrics.step == step else None


@pytest.mark.slow
def test_a_run_in_two_segments_is_the_run_that_was_never_stopped(
    make_trainer: Make, make_job: Job, tmp_path: Path
) -> None:
    straight, parts = Recorder(tmp_path / "straight"), Recorder(tmp_path / "parts")
    assert make_trainer().train(make_job(8), straight).kind is StopKind.REACHED
    assert make_trainer().train(make_job(3), parts).kind is StopKind.REACHED
    parts.began = 0
    assert make_trainer().train(make_job(8, start=3, resume=parts.root / "step-000003"), parts).step == 8
    for name in ("learning_rate", "reward"):
        assert parts.values(name) == straight.values(name)
    # The schedule spans the horizon of 8 in the first segment too.
    assert parts.values("learning_rate")[2] == pytest.approx(1e-3 * 0.5 * (1 + math.cos(math.pi * 3 / 8)))


def test_checkpoints_are_published_where_they_are_due_and_nothing_large_is_left(
    make_trainer: Make, make_job: Job, tmp_path: Path
) -> None:
    reporter = Recorder(tmp_path / "run")
    make_trainer().train(make_job(5, checkpoint_at=(2, 4), validate_at=(5,)), reporter)
    assert reporter.checkpoints == [2, 4, 5]
    assert (reporter.root / "step-000004/global_step_4/actor/optim_world_size_1_rank_0.pt").is_file()
    assert not list(reporter.root.glob("workspace-*/verl"))
    assert [("score/mean" in m.values) for m in reporter.steps] == [False] * 4 + [True]
    assert reporter.steps[-1].values["score/mean"] == 0.25


@pytest.mark.parametrize("use_v1", ["True", "False"])
def test_exactly_the_steps_that_were_asked_for_are_validated(
    make_trainer: Make, make_job: Job, tmp_path: Path, use_v1: str
) -> None:
    """No one frequency hits 2, 5 and 7, but that of every step."""
    reporter = Recorder(tmp_path / "run")
    trainer = make_trainer("", f"trainer.use_v1={use_v1}")
    trainer.train(make_job(5, validate_at=(2, 5), checkpoint_at=(3,)), reporter)
    assert [m.step for m in reporter.steps if "score/mean" in m.values] == [2, 5]
    assert reporter.checkpoints == [3, 5]
    reporter.began = 0
    resume = reporter.root / "step-000005"
    trainer.train(make_job(8, start=5, resume=resume, validate_at=(6, 8), checkpoint_at=(7,)), reporter)
    assert [m.step for m in reporter.steps if "score/mean" in m.values] == [2, 5, 6, 8]
    assert reporter.checkpoints == [3, 5, 7, 8]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [StopKind.RULE, StopKind.INTERRUPTED])
@pytest.mark.parametrize("use_v1", ["True", "False"])
def test_a_stop_in_the_middle_saves_that_very_step(
    make_trainer: Make, make_job: Job, tmp_path: Path, kind: StopKind, use_v1: str
) -> None:
    straight, stopped = Recorder(tmp_path / "straight"), Recorder(tmp_path / "stopped", at(3, kind))
    make_trainer().train(make_job(5), straight)
    reason = make_trainer("", f"trainer.use_v1={use_v1}").train(make_job(8), stopped)
    assert (reason.kind, reason.step, stopped.checkpoints) == (kind, 3, [3])
    (logged,) = stopped.root.glob("workspace-*/metrics.jsonl")
    assert len(logged.read_text().splitlines()) == len(stopped.steps) == 3
    stopped.stop, stopped.began = lambda _: None, 0
    make_trainer().train(make_job(5, start=3, resume=stopped.root / "step-000003"), stopped)
    assert stopped.values("reward") == straight.values("reward")


def test_a_diverged_run_ends_at_once_without_a_checkpoint(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    def not_finite(metrics: StepMetrics) -> StopReason | None:
        bad = not math.isfinite(metrics.values["reward"])
        return StopReason(StopKind.DIVERGED, metrics.step, "NaN") if bad else None

    reporter = Recorder(tmp_path / "run", not_finite)
    assert make_trainer("nan").train(make_job(8), reporter).step == 3
    assert reporter.checkpoints == []


def test_a_resume_that_trains_nothing_and_ends_well_is_an_error(
    make_trainer: Make, make_job: Job, tmp_path: Path
) -> None:
    reporter = Recorder(tmp_path / "run")
    make_trainer().train(make_job(3), reporter)
    reporter.began = 0
    with pytest.raises(CheckpointError, match="without training a step"):
        make_trainer("zero steps").train(make_job(5, start=3, resume=reporter.root / "step-000003"), reporter)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("out of memory", OutOfMemoryError, "out of memory"),
        ("crash", TrainerError, "the reward function is broken"),
        ("ends early", TrainerError, "expected the program to train to step 8"),
        ("half checkpoint", CheckpointError, "the checkpoint lacks actor/optim of rank 0"),
    ],
)
def test_failures_are_told_apart(
    make_trainer: Make, make_job: Job, tmp_path: Path, fault: str, kind: type[RltuneError], words: str
) -> None:
    reporter = Recorder(tmp_path / "run")
    with pytest.raises(kind, match=words):
        make_trainer(fault).train(make_job(8), reporter)


def test_a_lost_node_says_nothing_about_the_configuration(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    reason = make_trainer("node lost").train(make_job(8), Recorder(tmp_path / "run"))
    assert (reason.kind, reason.step) == (StopKind.LOST, 2)


def test_no_process_outlives_a_segment(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    make_trainer("children", env={"STAND_IN_PIDS": str(pids)}).train(make_job(3), Recorder(tmp_path / "run"))
    child = int(pids.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_segment_that_is_broken_off_ends_its_program(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    class Stopped(BaseException):
        pass

    def interrupt(metrics: StepMetrics) -> StopReason | None:
        raise Stopped

    reporter = Recorder(tmp_path / "run", interrupt)
    with pytest.raises(Stopped):
        make_trainer("hang").train(make_job(8), reporter)
    assert not list(reporter.root.glob("workspace-*/verl"))


def test_a_checkpoint_of_another_number_of_gpus_is_refused(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    reporter = Recorder(tmp_path / "run")
    make_trainer().train(make_job(3), reporter)
    job = make_job(5, start=3, resume=reporter.root / "step-000003")
    with pytest.raises(CheckpointError, match="saved by 1 processes.*this job has 2"):
        make_trainer(gpus=2).train(job, Recorder(tmp_path / "other"))


def test_a_critic_belongs_to_the_checkpoint_of_ppo(make_trainer: Make, make_job: Job, tmp_path: Path) -> None:
    reporter = Recorder(tmp_path / "run")
    make_trainer().train(make_job(2, hyperparameters={"algorithm": "ppo"}), reporter)
    critic = reporter.root / "step-000002/global_step_2/critic/model_world_size_1_rank_0.pt"
    assert critic.is_file()
    critic.unlink()
    job = make_job(4, start=2, resume=reporter.root / "step-000002", hyperparameters={"algorithm": "ppo"})
    with pytest.raises(CheckpointError, match="critic/model of rank 0"):
        make_trainer().train(job, Recorder(tmp_path / "other"))


def test_a_model_is_scored_by_a_run_that_only_validates(
    make_trainer: Make, parquet: dict[str, object], tmp_path: Path
) -> None:
    kept = tmp_path / "answers" / "test.jsonl"
    job = ScoreJob("some/model", None, "file", "test", Scoring(8, 2), 0, parquet, {"learning_rate": 1e-3})
    assert make_trainer("", test_files="test.parquet").score(replace(job, answers=str(kept))) == {"mean": 0.25}
    assert json.loads(kept.read_text()) == {
        "prompt": "1+1=",
        "reference": "2",
        "groups": [],
        "how": "sampled",
        "answer": "2",
        "score": 1.0,
    }
    with pytest.raises(TrainerError, match="verl needs parquet files of the test split"):
        make_trainer().score(job)
