"""Training and scoring with a program: what is reported, saved and scored, and that a rung is a true prefix."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from command_toys import PYTHON, fake_settings, job, literal
from external_toys import Recorder

from rltune.errors import CheckpointError, OutOfMemoryError, TrainerError
from rltune.tasks.ood import TaskRef
from rltune.trainers.base import ScoreJob, Scoring
from rltune.trainers.build import build_trainer
from rltune.trainers.capabilities import ExternalTrainer
from rltune.types import StepMetrics, StopKind, StopReason


def score_job(checkpoint: str | None) -> ScoreJob:
    return ScoreJob("model", checkpoint, "arithmetic/easy", "test", Scoring(4, 1), seed=0)


def rewards(recorder: Recorder) -> list[float]:
    return [metrics.values["reward"] for metrics in recorder.steps]


def test_a_rung_and_its_continuation_are_the_straight_run(tmp_path: Path) -> None:
    trainer = build_trainer("command", fake_settings())
    straight, first, second = (Recorder(tmp_path / name) for name in ("straight", "first", "second"))
    assert trainer.train(job(6), straight).kind is StopKind.REACHED
    trainer.train(job(4), first)
    trainer.train(job(6, start_step=4, resume_from=str(first.root / "checkpoint-4")), second)
    assert rewards(first) + rewards(second) == rewards(straight)
    last = [(root / "checkpoint-6" / "state.json").read_text() for root in (straight.root, second.root)]
    assert last[0] == last[1]


def test_rungs_on_the_way_are_scored_between_launches(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    build_trainer("command", fake_settings()).train(job(6, validate_at=(2, 6)), recorder)
    assert [e for e in recorder.events if e != "alive"] == [
        "start", "step 1", "step 2", "checkpoint 2", "step 3", "step 4", "step 5", "step 6", "checkpoint 6",
    ]  # fmt: skip
    scores = {m.step: m.values["score/mean"] for m in recorder.steps if "score/mean" in m.values}
    assert scores == {2: 0.02, 6: 0.06}
    assert recorder.steps[1].values["validate_seconds"] > 0


def test_a_program_that_validates_itself_runs_through(tmp_path: Path) -> None:
    names = {"reward": "mean_reward", "score/mean": "accuracy"}
    settings = fake_settings(metrics={"names": names}, arguments=["--validate"])
    recorder = Recorder(tmp_path)
    build_trainer("command", settings).train(job(4, validate_at=(2, 4)), recorder)
    assert "checkpoint 2" not in recorder.events
    assert recorder.steps[1].values["score/mean"] == 0.02


def test_its_own_files_do_not_stay(tmp_path: Path) -> None:
    """Metrics and output stay for reading; what is large does not."""
    recorder = Recorder(tmp_path)
    build_trainer("command", fake_settings()).train(job(4, checkpoint_at=(2, 4)), recorder)
    left = sorted(p.name for p in recorder.workspace().rglob("*") if p.is_file())
    assert left == ["latest", "log.txt", "metrics"]
    assert (tmp_path / "checkpoint-2").is_dir() and (tmp_path / "checkpoint-4").is_dir()


def test_a_rule_ends_the_run(tmp_path: Path) -> None:
    def stop(metrics: StepMetrics) -> StopReason | None:
        return StopReason(StopKind.RULE, metrics.step, "enough") if metrics.step == 2 else None

    recorder = Recorder(tmp_path, stop)
    reason = build_trainer("command", fake_settings(arguments=["--pause", 0.05])).train(job(10), recorder)
    assert (reason.kind, reason.step, len(recorder.steps)) == (StopKind.RULE, 2, 2)


def test_a_checkpoint_is_put_back_where_the_program_left_it(tmp_path: Path) -> None:
    """For a program that looks into its own folder for the latest checkpoint."""
    resume = (
        "import sys, os, subprocess; out = sys.argv[2]; latest = out + '/latest'\n"
        "more = ['--resume', out + '/' + open(latest).read()] if os.path.exists(latest) else []\n"
        "sys.exit(subprocess.call([sys.executable, '-S', '-E', *sys.argv[1:2], '--out', out, *sys.argv[3:], *more]))"
    )
    plain = fake_settings()["command"]
    assert isinstance(plain, list)
    wrapped = [*PYTHON, "-c", resume, plain[3], plain[5], *plain[6:]]
    checkpoint = {"path": "{output}/step-{step}", "beside": ["{output}/latest"], "put_back": True}
    trainer = build_trainer("command", fake_settings(command=wrapped, resume=[], checkpoint=checkpoint))
    first, second = Recorder(tmp_path / "first"), Recorder(tmp_path / "second")
    trainer.train(job(3), first)
    published = first.root / "checkpoint-3"
    assert (published / "rltune-beside" / "latest").read_text() == "step-3"
    trainer.train(job(5, start_step=3, resume_from=str(published)), second)
    assert rewards(second) == [4.0, 5.0]
    assert json.loads((published / "state.json").read_text())["step"] == 3


def test_a_program_that_cannot_resume_is_told_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    trainer = build_trainer("command", fake_settings(resume=[]))
    with pytest.raises(TrainerError, match="its settings don't say how"):
        trainer.train(job(6, start_step=4, resume_from=str(tmp_path / "old")), Recorder(tmp_path))


@pytest.mark.parametrize("exists", [True, False])
def test_a_missing_checkpoint_is_an_error_of_the_checkpoint(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "old").mkdir()
    with pytest.raises(CheckpointError):
        build_trainer("command", fake_settings()).train(
            job(6, start_step=4, resume_from=str(tmp_path / "old")), Recorder(tmp_path)
        )


def test_base_models_and_checkpoints_are_scored(tmp_path: Path) -> None:
    trainer = build_trainer("command", fake_settings())
    recorder = Recorder(tmp_path)
    trainer.train(job(5), recorder)
    assert trainer.score(score_job(None)) == {"mean": 0.0}
    assert trainer.score(score_job(str(tmp_path / "checkpoint-5"))) == {"mean": 0.05}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('no score')", "told no result"),
        ("print('{\"mean\": 1.5}')", "between 0 and 1"),
        ("print('{\"mean\": null}')", "between 0 and 1"),
        ("print('CUDA out of memory'); raise SystemExit(1)", "scoring: out of memory"),
    ],
)
def test_a_bad_scoring_is_told(code: str, said: str) -> None:
    settings = fake_settings(score={"command": [*PYTHON, "-c", literal(code)]})
    with pytest.raises(OutOfMemoryError if "memory" in said else TrainerError, match=said):
        build_trainer("command", settings).score(score_job(None))


def test_a_score_may_be_written_to_a_file_with_groups() -> None:
    code = "import sys; open(sys.argv[1], 'w').write('{\"mean\": 0.5, \"level_5\": 0.25}')"
    settings = fake_settings(score={"command": [*PYTHON, "-c", literal(code), "{result}"]})
    assert build_trainer("command", settings).score(score_job(None)) == {"mean": 0.5, "level_5": 0.25}


def test_a_single_file_is_a_checkpoint_too(tmp_path: Path) -> None:
    code = (
        "import sys; out, stop, resume = sys.argv[1], int(sys.argv[2]), sys.argv[3:]\n"
        "step = int(open(resume[0]).read()) if resume else 0\n"
        "while step < stop:\n"
        "    step += 1\n"
        "    print(f'step {step} reward={step}.5,', flush=True)\n"
        "open(f'{out}/{step}.pt', 'w').write(str(step))\n"
    )
    settings = fake_settings(
        command=[*PYTHON, "-c", literal(code), "{output}", "{stop_step}"],
        resume=["{resume_from}"],
        arguments=[],
        metrics={"format": "pattern", "pattern": [r"step (?P<step>\d+) reward=(?P<reward>\S+)"]},
        checkpoint="{output}/{step}.pt",
    )
    trainer = build_trainer("command", settings)
    first, second = Recorder(tmp_path / "first"), Recorder(tmp_path / "second")
    trainer.train(job(2), first)
    trainer.train(job(4, start_step=2, resume_from=str(first.root / "checkpoint-2")), second)
    assert rewards(first) + rewards(second) == [1.5, 2.5, 3.5, 4.5]


def test_a_scoring_program_is_told_which_task_it_scores_on() -> None:
    told = "import json, sys; print(json.dumps(dict(mean=0.5 if sys.argv[1] == 'arithmetic/hard' else 0.25)))"
    settings = fake_settings(score={"command": [*PYTHON, "-c", literal(told), "{task}"]})
    trainer, own = build_trainer("command", settings), score_job(None)
    other = replace(own, task_options={"test_ood": ["arithmetic/hard"]}, other="arithmetic/hard")
    assert (trainer.score(own)["mean"], trainer.score(other)["mean"]) == (0.25, 0.5)
    assert isinstance(trainer, ExternalTrainer)
    trainer.check_other_test(other.scored)


def test_a_scoring_program_that_is_not_told_its_task_can_score_no_other() -> None:
    trainer = build_trainer("command", fake_settings())
    assert isinstance(trainer, ExternalTrainer)
    with pytest.raises(TrainerError, match="isn't told that it is to score on aime24"):
        trainer.check_other_test(TaskRef("aime24"))
    own = build_trainer("command", fake_settings(score="transformers"))
    assert isinstance(own, ExternalTrainer)
    own.check_other_test(TaskRef("aime24"))  # rltune's own scoring knows all tasks
