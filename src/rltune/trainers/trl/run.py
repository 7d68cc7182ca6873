"""Training one segment and scoring one model: where the pieces meet."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from rltune.errors import CheckpointError, ModelError
from rltune.tasks.build import build_task
from rltune.trainers.base import Reporter, ScoreJob, Scores, TrainJob
from rltune.trainers.trl.checkpoints import require_complete
from rltune.trainers.trl.config import build_config
from rltune.trainers.trl.data import data_order, reward_function, training_data
from rltune.trainers.trl.loading import choose_device, load_model, load_tokenizer
from rltune.trainers.trl.loop import RolloutTrainer
from rltune.trainers.trl.memory import at_level
from rltune.trainers.trl.quiet import quiet
from rltune.trainers.trl.randomness import isolated
from rltune.trainers.trl.scoring import Answerer, score_split
from rltune.trainers.trl.segment import Segment, diverged
from rltune.trainers.trl.settings import parse
from rltune.types import StopReason


def train_segment(job: TrainJob, reporter: Reporter) -> StopReason:
    """See `rltune.trainers.base.Trainer.train`."""
    settings = at_level(parse(job.hyperparameters), job.memory_level)
    device = choose_device(job.device)
    if job.resume_from is not None:
        require_complete(Path(job.resume_from), job.start_step, settings.updates)
    task = build_task(job.task, job.task_options)
    examples = task.examples("train")
    order = data_order(len(examples), job.horizon * settings.prompts_per_step, job.seed)
    with (
        quiet(),
        _threads(job.threads),
        isolated(job.seed),
        tempfile.TemporaryDirectory(prefix="rltune-trl-") as scratch,
    ):
        config = build_config(
            settings,
            job,
            output=Path(scratch),
            max_response=settings.max_response(task.max_response_length),
            cpu=device.type == "cpu",
        )
        tokenizer = load_tokenizer(job.model)
        answerer = Answerer(load_model(job.model, device), tokenizer, settings.max_response(task.max_response_length))
        segment = Segment(
            job,
            settings.updates,
            reporter,
            validate=lambda: score_split(answerer, task, "validation", job.validation, job.seed, reporter.alive),
        )
        trainer = RolloutTrainer(
            segment,
            model=answerer.model,
            tokenizer=tokenizer,
            config=config,
            data=training_data(examples, order),
            reward=reward_function(task, examples),
        )
        return _run(trainer, segment, job)


def _run(trainer: RolloutTrainer, segment: Segment, job: TrainJob) -> StopReason:
    try:
        trainer.train(resume_from_checkpoint=job.resume_from)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        if job.resume_from is not None and not segment.began:
            raise CheckpointError(
                f"the checkpoint can't be loaded: {error}",
                where=job.resume_from,
                hint="continue from an older one",
            ) from error
        # torch.multinomial's words for a policy that gives NaN: a divergence, not a crash of the program.
        if "probability tensor contains" in str(error):
            return diverged(segment.step, f"the policy gives no finite probabilities after step {segment.step}")
        raise
    if segment.stop is None:
        raise CheckpointError(
            f"expected to train to step {job.stop_step}, but training ended at step {segment.step}",
            where=job.resume_from,
            hint="continue from an older one",
        )
    return segment.stop


def score_model(job: ScoreJob, alive: Callable[[], None]) -> Scores:
    """See `rltune.trainers.base.Trainer.score`."""
    settings = parse(job.hyperparameters)
    device = choose_device(job.device)
    task = build_task(job.scored.name, job.scored.options)
    source = job.checkpoint or job.model
    with quiet(), _threads(job.threads):
        try:
            model, tokenizer = load_model(source, device), load_tokenizer(source)
        except ModelError as error:
            if job.checkpoint is None:
                raise
            raise CheckpointError(error.message, where=job.checkpoint, hint="score an older one") from error
        answerer = Answerer(model, tokenizer, settings.max_response(task.max_response_length))
        return score_split(answerer, task, job.split, job.scoring, job.seed, alive)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
