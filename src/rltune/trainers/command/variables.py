"""What stands for the names in templates: a job's facts beside its hyperparameters."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path

from rltune.errors import TrainerError
from rltune.trainers.base import Role, ScoreJob, TrainJob
from rltune.trainers.command.settings import Settings
from rltune.types import Scalar

TRAINING: Mapping[str, str] = {
    "model": "the model to start from: a folder or hub name",
    "output": "an empty folder for what the program writes",
    "seed": "the run's seed",
    "horizon": "r_max in steps: the length of schedules",
    "start_step": "the step after which this launch continues; 0: the base model",
    "stop_step": "the step after which this launch ends, with a checkpoint",
    "save_every": "steps between checkpoints; divides stop_step",
    "resume_from": "the checkpoint of start_step: its folder or file; empty at the start",
    "metrics": "the file for metrics",
    "validate_at": "the steps to validate at, 10,20,40",
    "validate_every": "the largest number of steps that meets all of them",
    "validation_prompts": "prompts of a validation",
    "validation_samples": "answers a prompt in a validation",
    "validation_temperature": "sampling temperature of a validation",
    "task": "the study's task",
    "threads": "CPU threads",
    "device": "auto, cpu or cuda",
    "gpus": "GPUs of this trial, as the setting `gpus` says",
    "role": "target or proxy",
    "python": "the Python that rltune runs in",
}
"""Names for the program that trains."""

SCORING: Mapping[str, str] = {
    "model": "the study's model: a folder or hub name",
    "checkpoint": "the trained weights, or the checkpoint's file; empty: score the model as it is",
    "weights": "`checkpoint` if there is one, else `model`",
    "split": "validation or test",
    "prompts": "how many prompts",
    "samples": "sampled answers a prompt",
    "temperature": "sampling temperature",
    "result": "a file for the result",
    "output": "an empty folder",
    "task": "the task to score on: the study's, or one of its test_ood",
    **{name: TRAINING[name] for name in ("seed", "threads", "device", "gpus", "role", "python")},
}
"""Names for the program that scores."""


def training_variables(settings: Settings, job: TrainJob, output: Path, resume_from: str) -> dict[str, Scalar]:
    """The names and values for one launch, whose steps are the job's. `metrics` is still missing.

    Raises:
        TrainerError: if a hyperparameter has the name of one of these.
    """
    if taken := next((name for name in job.hyperparameters if name in TRAINING or name == "step"), None):
        raise TrainerError(
            f"a hyperparameter can't be called {taken!r}: in templates that is {TRAINING.get(taken, 'the step')}",
            where=f"hyperparameter {taken}",
        )
    validated = [step for step in job.validate_at if job.start_step < step <= job.stop_step]
    return {
        **job.hyperparameters,
        "model": job.model,
        "output": str(output),
        "seed": job.seed,
        "horizon": job.horizon,
        "start_step": job.start_step,
        "stop_step": job.stop_step,
        "save_every": save_every(job),
        "resume_from": resume_from,
        "validate_at": ",".join(map(str, validated)),
        "validate_every": math.gcd(*validated) or job.stop_step,
        "validation_prompts": job.validation.prompts,
        "validation_samples": job.validation.samples,
        "validation_temperature": job.validation.temperature,
        **_common(settings, job),
    }


def scoring_variables(settings: Settings, job: ScoreJob, output: Path) -> dict[str, Scalar]:
    """The names and values for one scoring; `result` is left to the caller."""
    return {
        "model": job.model,
        "checkpoint": job.checkpoint or "",
        "weights": job.checkpoint or job.model,
        "split": job.split,
        "prompts": job.scoring.prompts,
        "samples": job.scoring.samples,
        "temperature": job.scoring.temperature,
        "output": str(output),
        **_common(settings, job),
    }


def save_every(job: TrainJob) -> int:
    """Steps between checkpoints, so that one falls on the last step: about as many as the job asks for; if none of the
    divisors of the last step is near that, one at the end only."""
    wanted = [step for step in job.checkpoint_at if step > 0]
    if not wanted:
        return job.stop_step
    spacing = min(wanted[0], *(b - a for a, b in zip(wanted, wanted[1:], strict=False)), job.stop_step)
    near = [d for d in _divisors(job.stop_step) if d <= spacing <= 2 * d]
    return max(near, default=job.stop_step)


def _divisors(number: int) -> list[int]:
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return [*small, *(number // d for d in small)]


def gpus_for(settings: Settings, role: Role) -> int:
    """GPUs of a trial.

    Raises:
        TrainerError: if the settings have none for this role.
    """
    if isinstance(settings.gpus, int):
        return settings.gpus
    if role not in settings.gpus:
        raise TrainerError(
            f"expected a number of GPUs for the {role}, got one for {', '.join(settings.gpus) or 'none'}",
            where="trainer.settings.gpus",
            hint=f"add `{role}: 1`",
        )
    return settings.gpus[role]


def _common(settings: Settings, job: TrainJob | ScoreJob) -> dict[str, Scalar]:
    return {
        "seed": job.seed,
        "task": job.scored.name if isinstance(job, ScoreJob) else job.task,
        "threads": job.threads,
        "device": job.device,
        "gpus": gpus_for(settings, job.role),
        "role": job.role,
        "python": sys.executable,
    }
