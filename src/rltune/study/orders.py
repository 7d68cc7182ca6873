"""From a piece of work to an executor's order: folders, the job, and the checkpoint that it continues from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rltune.executors.base import Depot, Limits, Order
from rltune.stopping.build import LOOKING_AHEAD, with_context
from rltune.store.base import CheckpointRecord, RunRecord
from rltune.study.disk import RoomTerms
from rltune.study.errands import EXTENDS
from rltune.study.hours import TIMED_STEPS
from rltune.study.retries import RETRY_SECONDS
from rltune.study.work import Score, Timing
from rltune.tasks.ood import split_of
from rltune.trainers.base import Role, ScoreJob, Scoring, TrainJob
from rltune.types import Configuration, Phase, Proposal, Scalar, StepMetrics


@dataclass(frozen=True, slots=True)
class Workshop:
    """All that the jobs of a study have in common.

    Attributes:
        folder: of the study. trainer: its name. settings: what an external trainer is configured with.
        model_paths: model name -> what a trainer loads. target: the target's name.
        fixed: hyperparameters that aren't searched. learning_rate_factors: by model. rungs: the last is r_max.
        rules: descriptions of the stopping rules; final training keeps only `final_rules`.
        checkpoint_every: rollout steps between checkpoints, besides those at the end of a segment.
        gpus: by model, GPUs that a trial has for itself; a model that isn't named shares one, as the executor does it.
        memory_levels: by model, how its trials can save memory, in words (`rltune.study.fitting`).
        retry_seconds: the first wait of a run that the machine has ended twice (`rltune.study.retries`).
        room: how much checkpoints may take. depot: where they go, with the study's URL; None: into its folder.
    """

    folder: Path
    trainer: str
    model_paths: Mapping[str, str]
    task: str
    task_options: Mapping[str, object]
    fixed: Mapping[str, Scalar]
    learning_rate_factors: Mapping[str, float]
    rungs: tuple[int, ...]
    validation: Scoring
    test: Scoring
    rules: Sequence[Mapping[str, object]]
    final_rules: Sequence[Mapping[str, object]]
    checkpoint_every: int
    seed: int
    threads: int
    device: str = "auto"
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, object] = field(default_factory=dict)
    target: str | None = None
    gpus: Mapping[str, float] = field(default_factory=dict)
    memory_levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    retry_seconds: float = RETRY_SECONDS
    room: RoomTerms = field(default_factory=RoomTerms)
    depot: Depot | None = None

    @property
    def horizon(self) -> int:
        return self.rungs[-1]

    def hyperparameters(self, configuration: Configuration, model: str) -> dict[str, Scalar]:
        """What the trainer is told: the fixed values, overlaid by the configuration's; the learning rate, which is
        given for the target, on the model's own scale."""
        told = {**self.fixed, **configuration.values}
        rate = told.get("learning_rate")
        if isinstance(rate, (int, float)):
            told["learning_rate"] = rate * self.learning_rate_factors.get(model, 1.0)
        return told

    def run_folder(self, run: RunRecord) -> Path:
        return self.folder / "runs" / f"{run.number:04d}-{_slug(run.model)}-s{run.seed}-{run.configuration.id}"

    def segment_folder(self, run: RunRecord, count: int) -> Path:
        """The folder of the run's segment number `count` (from 1): 002, or 002-2 if there is one of that name, which
        the store has forgotten (see `rltune.study.recovery`)."""
        return unused(self.run_folder(run) / "segments" / f"{count:03d}")

    def train_order(
        self,
        segment_id: str,
        folder: Path,
        run: RunRecord,
        proposal: Proposal,
        resume: CheckpointRecord | None,
        earlier: Sequence[StepMetrics],
        best: float | None = None,
        memory_level: int = 0,
    ) -> Order:
        """The order for a segment of a run, continuing from `resume` (None: from the base model).

        `best` is the level that the best run of the same model has at r_max (`rltune.study.results.level_at_end`).
        """
        start, stop = (resume.step if resume else 0), proposal.fidelity.steps
        job = TrainJob(
            model=self.model_paths[run.model],
            task=self.task,
            task_options=self.task_options,
            hyperparameters=self.hyperparameters(run.configuration, run.model),
            horizon=self.horizon,
            start_step=start,
            resume_from=str(resume.path) if resume else None,
            stop_step=stop,
            validate_at=tuple(r for r in self.rungs if start < r <= stop),
            checkpoint_at=tuple(s for s in range(start + 1, stop + 1) if s % self.checkpoint_every == 0),
            validation=self.validation,
            seed=run.seed,
            threads=self.threads,
            device=self.device,
            role=self._role(run.model),
            memory_level=memory_level,
        )
        kept = tuple(m for m in earlier if m.step <= start)
        checkpoints = self.run_folder(run) / "checkpoints"
        rules = self._rules(proposal, best)
        return Order(
            segment_id,
            folder,
            checkpoints,
            self.trainer,
            job,
            rules,
            self.limits,
            kept,
            self.settings,
            self.gpus.get(run.model),
            self.room.keep,
            depot=self._depot(run),
        )

    def _depot(self, run: RunRecord | None = None) -> Depot | None:
        """The depot of a run; of work beside training, whose checkpoints are thrown away."""
        if self.depot is None:
            return None
        url = f"{self.depot.url}/{self.run_folder(run).name}" if run is not None and self.depot.url else ""
        return replace(self.depot, url=url)

    def _rules(self, proposal: Proposal, best: float | None) -> Sequence[Mapping[str, object]]:
        """The rules of a run. Only a search run on its way to r_max is ended by a forecast: one to a lower rung is sent
        there to be seen there, and a candidate on the target is to be measured whatever comes. One that somebody wants
        to see more of is ended by nothing but numbers that aren't finite."""
        if proposal.phase is Phase.FINAL or EXTENDS in proposal.values:
            return self.final_rules
        if proposal.phase is not Phase.SEARCH or proposal.fidelity.steps < self.horizon:
            # Inside of combinations they are there without their context, and abstain.
            return [rule for rule in self.rules if rule["rule"] not in LOOKING_AHEAD]
        known = [rule for rule in self.rules if rule["rule"] != "futility" or best is not None]
        return with_context(known, horizon=self.horizon, best=best)

    def timing_order(self, work: Timing, recipe: Configuration, memory_level: int = 0) -> Order:
        """A few steps of the recipe and one validation, in a folder that is thrown away."""
        steps = min(TIMED_STEPS, self.horizon)
        job = TrainJob(
            model=self.model_paths[work.model],
            task=self.task,
            task_options=self.task_options,
            hyperparameters=self.hyperparameters(recipe, work.model),
            horizon=self.horizon,
            stop_step=steps,
            validate_at=(steps,),
            validation=self.validation,
            seed=self.seed,
            threads=self.threads,
            device=self.device,
            role=self._role(work.model),
            memory_level=memory_level,
        )
        return self._side_order("timing", job, work.model)

    def answers_file(self, run: RunRecord, work: Score) -> Path:
        """Where the answers of a run's test are kept."""
        return self.run_folder(run) / "answers" / f"{split_of(work.other).replace('/', '-')}.jsonl"

    def score_order(
        self, work: Score, checkpoint: CheckpointRecord | None, memory_level: int = 0, answers: Path | None = None
    ) -> Order:
        """Scoring of a base model (`checkpoint` None) or of a run's checkpoint; the answers are kept in `answers`."""
        job = ScoreJob(
            model=self.model_paths[work.model],
            checkpoint=str(checkpoint.path) if checkpoint else None,
            task=self.task,
            task_options=self.task_options,
            split=work.split,
            scoring=self.test if work.split == "test" else self.validation,
            # One seed for all: every configuration answers the same prompts with the same random numbers.
            seed=self.seed,
            hyperparameters=self.hyperparameters(work.configuration, work.model) if work.configuration else self.fixed,
            threads=self.threads,
            device=self.device,
            role=self._role(work.model),
            other=work.other,
            memory_level=memory_level,
            answers="" if answers is None else str(answers),
        )
        return self._side_order("score", job, work.model)

    def _side_order(self, kind: str, job: TrainJob | ScoreJob, model: str) -> Order:
        name = f"{kind}-{uuid.uuid4().hex[:8]}"
        folder = self.folder / "work" / name
        checkpoints = folder / "checkpoints"
        return Order(
            name,
            folder,
            checkpoints,
            self.trainer,
            job,
            self.final_rules,
            self.limits,
            settings=self.settings,
            gpus=self.gpus.get(model),
            depot=self._depot(),
        )

    def _role(self, model: str) -> Role:
        return "target" if self.target in (None, model) else "proxy"


def unused(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that doesn't exist."""
    count, candidate = 1, path
    while candidate.exists():
        count += 1
        candidate = path.with_name(f"{path.name}-{count}")
    return candidate


def _slug(model: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in model)[-40:].strip("-")
