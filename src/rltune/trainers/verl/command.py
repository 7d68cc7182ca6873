"""From a job to the command that does it: the user's overrides, the hyperparameters, and what the study decides."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.trainers.verl.checkpoints import step_folder, step_of
from rltune.trainers.verl.dialect import ACTOR, ROLLOUT
from rltune.trainers.verl.files import data_overrides, other_test_files, test_files
from rltune.trainers.verl.memory import overrides_at
from rltune.trainers.verl.override import Override, overlay, setting
from rltune.trainers.verl.script import MAIN
from rltune.trainers.verl.setup import RAY, Setup

HOOK = "rltune_verl_hook"
HOOK_FOLDER = Path(__file__).with_name("hook")
MANY_EPOCHS = 100_000
"""verl's loop ends at steps or epochs, whichever comes first: steps shall decide."""

SEED_KEYS = ("data.seed", f"{ROLLOUT}.seed", f"{ACTOR}.data_loader_seed", f"{ACTOR}.fsdp_config.seed")
_MODULES = "VERL_USE_EXTERNAL_MODULES"


@dataclass(frozen=True, slots=True)
class Work:
    """The folder that a segment's program writes in, and the places in it."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        """verl's `default_local_dir`."""
        return self.folder / "verl"

    @property
    def metrics(self) -> Path:
        """verl's JSON lines: a file for each segment, since verl empties it when it starts."""
        return self.folder / "metrics.jsonl"

    @property
    def run_name(self) -> str:
        """What verl's trackers call it: the run, `0007-thing-7B-s0-3bbaca1979`, for a segment of one."""
        parents = self.folder.parents
        in_run = len(parents) > 2 and parents[1].name == "segments"
        return parents[2].name if in_run else self.folder.name

    @property
    def answers(self) -> Path:
        """Where verl leaves the answers of a validation, a file a step."""
        return self.folder / "answers"

    @property
    def control(self) -> Path:
        """Where segment and hook talk."""
        return self.folder / "control"

    @property
    def console(self) -> Path:
        return self.folder / "console.txt"


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: its arguments, and what is added to its environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    overrides: tuple[Override, ...]

    @property
    def composable(self) -> tuple[Override, ...]:
        """The overrides of verl's config: without those of Hydra itself."""
        return tuple(o for o in self.overrides if not o.key.startswith("hydra."))


def train_command(job: TrainJob, setup: Setup, work: Work, gpus: int, response: int) -> Command:
    """The command of a segment.

    Args:
        gpus: on each node. response: the task's longest response in tokens.

    Raises:
        TrainerError: if the hyperparameters, or the user's overrides, can't be used.
    """
    decided = (
        *_common(job, setup, work, gpus, response),
        setting("trainer.total_training_steps", job.horizon),
        setting("trainer.save_freq", _first(job.checkpoint_at, job)),
        setting("trainer.test_freq", _first(job.validate_at, job) if job.validate_at else -1),
        setting("trainer.val_before_train", False),
        *_resume(job.resume_from, job.start_step),
        *_validation(job.validation),
    )
    told = {
        "RLTUNE_VERL_STOP": str(job.stop_step),
        "RLTUNE_VERL_CONTROL": str(work.control),
        "RLTUNE_VERL_SAVES": ",".join(map(str, job.checkpoint_at)),
        "RLTUNE_VERL_TESTS": ",".join(map(str, job.validate_at)),
        **_with_hook(setup.launch.environment),
    }
    return _command(job, setup, work, response, decided, told)


def score_command(job: ScoreJob, setup: Setup, work: Work, gpus: int, response: int) -> Command:
    """The command that only validates: a base model, or a checkpoint, on a split.

    Raises:
        TrainerError, CheckpointError: if the job can't be done.
    """
    step = 0 if job.checkpoint is None else step_of(Path(job.checkpoint))
    decided = (
        *_common(job, setup, work, gpus, response),
        setting("trainer.total_training_steps", max(1, step)),
        setting("trainer.save_freq", -1),
        setting("trainer.test_freq", -1),
        setting("trainer.val_before_train", True),
        setting("trainer.val_only", True),
        *_resume(job.checkpoint, step),
        *_stripped(job.checkpoint),
        *_validation(job.scoring),
        *([setting("data.val_files", _scored_files(job, setup))] if job.split != "validation" else []),
        *([setting("trainer.validation_data_dir", str(work.answers))] if job.answers else []),
    )
    return _command(job, setup, work, response, decided, {})


def _common(job: TrainJob | ScoreJob, setup: Setup, work: Work, gpus: int, response: int) -> Iterator[Override]:
    yield setting("actor_rollout_ref.model.path", job.model)
    yield setting("critic.model.path", job.model)
    yield from data_overrides(setup, job.task_options, job.hyperparameters)
    yield setting("data.max_response_length", setup.response(job.hyperparameters, response))
    for key in SEED_KEYS:
        yield setting(key, job.seed)
    yield setting("trainer.total_epochs", MANY_EPOCHS)
    yield setting("trainer.n_gpus_per_node", gpus)
    yield setting("trainer.nnodes", setup.options.nodes)
    yield setting("trainer.default_local_dir", str(work.checkpoints))
    yield setting("trainer.max_actor_ckpt_to_keep", None)
    yield setting("trainer.max_critic_ckpt_to_keep", None)
    # The user's own trackers, with the console and the file that metrics are read from.
    own = re.findall(r"\w+", setup.own("trainer.logger") or "")
    yield setting("trainer.logger", list(dict.fromkeys(["console", "file", *own])))
    yield setting("trainer.experiment_name", work.run_name)
    yield setting("hydra.run.dir", str(work.folder / "hydra"))


def _scored_files(job: ScoreJob, setup: Setup) -> list[str]:
    if job.other:
        return other_test_files(job.scored, setup.options)
    return test_files(setup.options, job.task_options, job.split)


def _validation(scoring: Scoring) -> Iterator[Override]:
    """mean@samples over the prompts that verl takes; data.seed chooses which."""
    yield setting(f"{ROLLOUT}.val_kwargs.n", scoring.samples)
    yield setting(f"{ROLLOUT}.val_kwargs.temperature", scoring.temperature)
    yield setting(f"{ROLLOUT}.val_kwargs.do_sample", True)
    yield setting("data.val_max_samples", scoring.prompts)


def _resume(checkpoint: str | None, step: int) -> Iterator[Override]:
    yield setting("trainer.resume_mode", "disable" if checkpoint is None else "resume_path")
    path = None if checkpoint is None else str(step_folder(Path(checkpoint).absolute(), step))
    yield setting("trainer.resume_from_path", path)


def _stripped(checkpoint: str | None) -> Iterator[Override]:
    """What verl must not look for in a checkpoint that was stripped to its weights."""
    if checkpoint is None or any(Path(checkpoint).glob("global_step_*/*/optim_world_size_*.pt")):
        return
    extra = any(Path(checkpoint).glob("global_step_*/*/extra_state_*.pt"))
    for model in ("actor_rollout_ref.actor", "critic"):
        yield setting(f"{model}.checkpoint.load_contents", ["model", "extra"] if extra else ["model"])


def _first(steps: Collection[int], job: TrainJob) -> int:
    """The frequency that fits the first step; the hook sets that of each later one. verl itself sees to the last."""
    return job.start_step + 1 if job.start_step + 1 in steps else job.horizon + 1


def _with_hook(environment: Mapping[str, str]) -> dict[str, str]:
    """The hook beside the user's own modules, found by Python."""
    path = environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(HOOK_FOLDER), path])),
        _MODULES: ",".join(filter(None, [HOOK, environment.get(_MODULES, os.environ.get(_MODULES))])),
    }


def _command(
    job: TrainJob | ScoreJob,
    setup: Setup,
    work: Work,
    response: int,
    decided: Sequence[Override],
    told: Mapping[str, str],
) -> Command:
    launch, schema = setup.launch, setup.installed.schema
    searched = setup.searched(job.hyperparameters, response)
    # What an older version doesn't have can't be set: its seeds, its number of validation prompts.
    known = [o for o in decided if o.key.startswith("hydra.") or schema.has(o.key)]
    own = {**told, "VERL_FILE_LOGGER_PATH": str(work.metrics)}
    environment = {**launch.environment, **own}
    lean = overrides_at(setup, job.hyperparameters, job.memory_level, response)
    overrides = overlay(launch.overrides, searched, lean, known, _ray(own, setup))
    flags = [("--config-name", launch.config), ("--config-path", launch.config_folder)]
    start = (setup.options.python, "-m", MAIN, *(word for flag in flags if flag[1] for word in flag if word))
    return Command((*start, *(o.text for o in overrides)), environment, overrides)


def _ray(own: Mapping[str, str], setup: Setup) -> Iterator[Override]:
    """A Ray of the trial's own inherits the environment; a cluster that runs already has to be told."""
    if setup.starts_ray:
        # Without an address Ray joins any cluster that was started on this machine, whatever GPUs the trial was given.
        yield setting(f"{RAY}.address", "local", "++")
        return
    for name, value in own.items():
        yield setting(f"{RAY}.runtime_env.env_vars.{name}", value, "++")
