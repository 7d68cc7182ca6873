"""The contract between rltune and a program that trains.

A trainer runs inside a process of its own, which the executor has made: it starts or resumes one run, reports every
rollout step, saves complete checkpoints where it is told to, and stops where it is told to.

*A step is one rollout step*: one generation and all the updates made from it, whatever the trainer's own counter says.
*A rung is a true prefix*: schedules always have the horizon `TrainJob.horizon` (r_max); the run is stopped at
`TrainJob.stop_step`, and a run continued from there is the run that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

from rltune.tasks.base import Split
from rltune.tasks.ood import TaskRef, other_tests
from rltune.types import Scalar, StepMetrics, StopReason

CANONICAL_HYPERPARAMETERS: Mapping[str, str] = {
    "learning_rate": "peak learning rate of the policy",
    "lr_scheduler": "constant, linear or cosine, over the horizon r_max",
    "warmup_steps": "rollout steps of linear warm-up (absolute, never a ratio)",
    "clip_ratio": "PPO clip range epsilon, both sides",
    "grad_clip": "largest gradient norm",
    "kl_coef": "coefficient of the KL loss to the reference model; 0: no reference model",
    "rollouts": "sampled answers per prompt (the group size of GRPO)",
    "prompts_per_step": "prompts per rollout step",
    "updates_per_step": "optimizer updates made from one rollout step",
    "temperature": "sampling temperature of the rollouts",
}
"""Names that every trainer must map to its own settings (or reject). Any other name is the trainer's own field."""


Role = Literal["target", "proxy"]
"""What a model is in its study: trials of a proxy may need fewer GPUs than those of the target."""
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a split is scored: `samples` answers to each of the first `prompts` prompts at `temperature` (mean@k)."""

    prompts: int
    samples: int
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainJob:
    """One segment: train a run from `start_step` (0: from the base model) to `stop_step` (inclusive).

    Attributes:
        model: a Hugging Face folder or hub name.
        task, task_options: see `rltune.tasks.build.build_task`.
        hyperparameters: canonical names and the trainer's own fields, all that differ from its defaults.
        horizon: r_max, in rollout steps; the length of schedules and of the data order.
        resume_from: folder of the complete checkpoint of `start_step`; None exactly if `start_step` is 0.
        validate_at: steps after which the validation split is scored.
        checkpoint_at: steps after which a checkpoint is saved (`stop_step` always is).
        seed: of data order, sampling and anything else random. Validation draws from a stream of its own.
        device: "auto", "cpu" or "cuda".
        role: what the model is in its study.
        memory_level: how much memory to save (see `rltune.trainers.resources.SavesMemory`); 0: as set.

    Raises:
        ValueError: if the steps are out of order, or a checkpoint is missing or too many.
    """

    model: str
    task: str
    hyperparameters: Mapping[str, Scalar]
    horizon: int
    stop_step: int
    seed: int
    validation: Scoring
    task_options: Mapping[str, object] = field(default_factory=dict)
    start_step: int = 0
    resume_from: str | None = None
    validate_at: tuple[int, ...] = ()
    checkpoint_at: tuple[int, ...] = ()
    threads: int = 1
    device: str = "auto"
    role: Role = "target"
    memory_level: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start_step < self.stop_step <= self.horizon:
            raise ValueError(
                f"steps must satisfy 0 <= start ({self.start_step}) < stop ({self.stop_step}) "
                f"<= horizon ({self.horizon})"
            )
        if (self.resume_from is None) != (self.start_step == 0):
            raise ValueError("a job has a checkpoint to resume from exactly if it doesn't start at step 0")


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """Score a model (a base model, or a checkpoint's folder) on a split of `scored`, without training.

    `task` and `task_options` are those of the study, as in a TrainJob. `other`: the name of another task, one of the
    `test_ood` in the options, whose test split is scored in place of the study's own. `answers`: a file to keep the
    answers in, for people to read, by a trainer that has them as text (empty: none).

    Raises:
        ValueError: if `other` isn't one of the tasks of `test_ood`, or the split isn't the test split then.
    """

    model: str
    checkpoint: str | None
    task: str
    split: Split
    scoring: Scoring
    seed: int
    task_options: Mapping[str, object] = field(default_factory=dict)
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    threads: int = 1
    device: str = "auto"
    role: Role = "target"
    other: str = ""
    memory_level: int = 0
    answers: str = ""

    def __post_init__(self) -> None:
        if self.other and (self.split != "test" or self.other not in self._others):
            raise ValueError(
                f"expected the test split and one of the tasks {', '.join(self._others) or '(none)'} of test_ood, "
                f"got {self.split} and {self.other}"
            )

    @property
    def scored(self) -> TaskRef:
        """The task that the split is of."""
        return self._others[self.other] if self.other else TaskRef(self.task, self.task_options)

    @property
    def _others(self) -> dict[str, TaskRef]:
        return {ref.name: ref for ref in other_tests(self.task_options)}


Scores = Mapping[str, float]
"""`mean` (mean@k accuracy, the score), `greedy` (greedy accuracy), `mean_stderr`; by its name the mean@k of each group
of the split's examples (`rltune.tasks.groups`); each in [0, 1]. All but `mean` may be missing."""


def unheard() -> None:
    """Signs of life for nobody: where no one watches."""


class Reporter(Protocol):
    """What a trainer tells while it works. The executor's worker implements it; trainers only call."""

    def training_starts(self, ago: float = 0.0) -> None:
        """Called once, when everything is loaded and the first step is about to begin.

        `ago`: seconds since then, for a trainer that learns of the beginning of the first step only at its end.
        """
        ...

    def workspace(self) -> Path:
        """An existing folder for files of this segment that a program writes while it trains, on the file system of
        the checkpoints, so that these can be moved instead of copied. It stays after the segment's end: the trainer
        removes what is large.

        Raises:
            OSError: if it can't be made.
        """
        ...

    def step(self, metrics: StepMetrics) -> StopReason | None:
        """Called once after each rollout step, in order, before any checkpoint of that step.

        `metrics` has canonical names (`rltune.types.METRIC_NAMES`; absent ones are left out, never made up), and at
        a validated step those of `Scores` as `score/<name>`, and `validate_seconds`, too.
        `step_seconds` excludes validation. Returns None to go on; a reason to stop at this very step: the trainer
        then saves a checkpoint of it and returns that reason.
        """
        ...

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        """Makes a checkpoint durable: calls `save(folder)` on an empty temporary folder, then publishes it under its
        final name with a manifest. `save` writes all that an exact resume needs (weights, optimizer, scheduler, RNG,
        data position). `step` is the last that was reported. Returns the final folder.

        Raises:
            OSError, StorageError: if the disk is full, or the checkpoint can't be written or kept; the trainer lets it
                pass.
        """
        ...

    def alive(self) -> None:
        """Tells that work goes on where no step ends for long, as after each batch of a validation: a trial that
        tells nothing for the order's `stall_seconds` is taken for hanging. Cheap, never raises; a trainer whose
        validations are short needn't call it."""
        ...


class Trainer(Protocol):
    """One way to train. Made anew in each process; holds nothing between jobs."""

    name: str

    def preload(self) -> None:
        """Imports what `train` will need, runs nothing: called in the server that workers are forked from, so it
        must not start threads or touch a GPU."""
        ...

    def check(self, hyperparameters: Mapping[str, Scalar]) -> None:
        """Raises TrainerError if a name is neither canonical nor the trainer's own field, or a value is impossible
        (for example prompts_per_step not divisible by updates_per_step). Light: no model is loaded. May import."""
        ...

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        """Runs the segment and returns why it ended: kind REACHED at `stop_step`, or the reason that
        `reporter.step` gave. A crash is an exception; the worker records it.

        Raises:
            CheckpointError: if `resume_from` doesn't hold a complete checkpoint of `start_step`, or resuming didn't
                advance.
            TrainerError, ModelError, TaskError: if the job can't be set up.
        """
        ...

    def score(self, job: ScoreJob, alive: Callable[[], None] = unheard) -> Scores:
        """Scores a model on a split of `job.scored`. Deterministic under the job's seed. `alive` as `Reporter.alive`,
        to be called after each batch of answers."""
        ...
