"""Training one segment and scoring one model with the user's program."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rltune.errors import TrainerError
from rltune.trainers.base import Reporter, ScoreJob, Scores, TrainJob
from rltune.trainers.command.launch import leg_folder, legs_of, manners_of, plan_launch, stream_of
from rltune.trainers.command.settings import ScoreProgram, Settings
from rltune.trainers.command.variables import scoring_variables
from rltune.trainers.external.checkpoints import FILE, Layout, Saves, model_of, resume_path
from rltune.trainers.external.follow import Follower
from rltune.trainers.external.program import Program, Running
from rltune.trainers.external.scoring import own_scoring, run_scoring
from rltune.types import StepMetrics, StopKind, StopReason


class Segment:
    """One segment of a run: one launch of the program, or several with a scoring after each."""

    def __init__(self, settings: Settings, job: TrainJob, reporter: Reporter) -> None:
        self._settings = settings
        self._job = job
        self._reporter = reporter
        self._began = False

    def train(self) -> StopReason:
        """See `rltune.trainers.base.Trainer.train`."""
        start, resume_from = self._job.start_step, self._job.resume_from
        for stop in legs_of(self._settings, self._job):
            leg = replace(self._job, start_step=start, resume_from=resume_from, stop_step=stop)
            ended = self._leg(leg)
            if isinstance(ended, StopReason):
                return ended
            start, resume_from = stop, str(ended)
        return StopReason(StopKind.REACHED, self._job.stop_step, f"trained to step {self._job.stop_step}")

    def _leg(self, job: TrainJob) -> StopReason | Path:
        """One launch; the folder of its published checkpoint, or why the run ended."""
        workspace = leg_folder(self._reporter.workspace(), job)
        workspace.mkdir()
        launch = plan_launch(self._settings, job, workspace)
        saves = Saves(launch.layout)
        seen = job.start_step
        print(f"{launch.program}  # in {launch.program.folder}", flush=True)
        try:
            with Running(launch.program) as running:
                follower = Follower(
                    running,
                    stream_of(self._settings, launch),
                    saves,
                    self._reporter,
                    launch.leg,
                    manners_of(self._settings, launch),
                    began=self._began,
                )
                try:
                    ended = follower.follow()
                finally:
                    seen, self._began = follower.seen, follower.began
            return ended if isinstance(ended, StopReason) else self._finish(job, ended, saves)
        finally:
            for step in range(job.start_step, seen + _BEYOND):
                saves.clear(step)

    def _finish(self, job: TrainJob, last: StepMetrics, saves: Saves) -> StopReason | Path:
        """Scores if the study does, reports the last step and publishes its checkpoint."""
        values = dict(last.values)
        if last.step in job.validate_at and not self._settings.validates_itself:
            values |= self._validation(job, saves.layout)
        if not self._began:
            self._began = True
            self._reporter.training_starts(ago=values.get("step_seconds", 0.0))
        reason = self._reporter.step(StepMetrics(last.step, values))
        published = self._reporter.checkpoint(last.step, lambda folder: saves.publish(last.step, folder))
        return reason or published

    def _validation(self, job: TrainJob, layout: Layout) -> dict[str, float]:
        began = time.monotonic()
        place = layout.model or layout.path
        scored = ScoreJob(
            model=job.model,
            checkpoint=str(place(job.stop_step)),
            task=job.task,
            task_options=job.task_options,
            split="validation",
            scoring=job.validation,
            seed=job.seed,
            threads=job.threads,
            device=job.device,
            role=job.role,
        )
        scores = score_weights(self._settings, scored, self._reporter.alive)
        return {
            **{f"score/{name}": value for name, value in scores.items()},
            "validate_seconds": time.monotonic() - began,
        }


_BEYOND = 1000
"""A program may have saved so many steps past the last one that is known of it."""


def score_published(settings: Settings, job: ScoreJob, alive: Callable[[], None]) -> Scores:
    """Scores a base model, or the published checkpoint that the job names. See `rltune.trainers.base.Trainer.score`."""
    if job.checkpoint is not None:
        checkpoint = Path(job.checkpoint)
        weights = resume_path(checkpoint) if (checkpoint / FILE).is_dir() else model_of(checkpoint)
        job = replace(job, checkpoint=str(weights))
    return score_weights(settings, job, alive)


def score_weights(settings: Settings, job: ScoreJob, alive: Callable[[], None]) -> Scores:
    """Scores weights: those at `job.checkpoint` as they lie there, or the base model."""
    with tempfile.TemporaryDirectory(prefix="rltune-score-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        result = folder / "scores.json"
        if isinstance(settings.score, ScoreProgram):
            program = _scoring_program(settings, job, folder, result)
        else:
            # Hyperparameters are the program's; none of them is a setting of this scoring.
            program = own_scoring(replace(job, hyperparameters={}), folder)
        return run_scoring(program, result, alive)


def _scoring_program(settings: Settings, job: ScoreJob, folder: Path, result: Path) -> Program:
    output = folder / "output"
    output.mkdir()
    values = {**scoring_variables(settings, job, output), "result": str(result)}
    arguments = [template.fill(values) for template in settings.templates["score.command"]]
    where = Path(settings.folder).expanduser().absolute()
    if "{" in settings.folder:
        raise TrainerError(
            "a folder that depends on the run can't be that of a scoring too", where="trainer.settings.folder"
        )
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if job.device == "cpu" else {}
    return Program(arguments, where, folder / "log.txt", hidden)
