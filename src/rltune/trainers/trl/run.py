"""Training one segment and scoring one model: where the pieces meet."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rltune.errors import CheckpointError, ModelError
from rltune.tasks.build import build_task
from rltune.trainers.base import Reporter, ScoreJob, Scores, TrainJob
from rltune.trainers.trl.adapters import has_adapter, with_adapter
from rltune.trainers.trl.checkpoints import require_complete
from rltune.trainers.trl.config import build_config
from rltune.trainers.trl.loading import choose_device, load_model, load_tokenizer, own_device
from rltune.trainers.trl.loop import Stepped
from rltune.trainers.trl.making import make_trainer
from rltune.trainers.trl.memory import at_level
from rltune.trainers.trl.metrics import names_of
from rltune.trainers.trl.quiet import quiet
from rltune.trainers.trl.randomness import isolated
from rltune.trainers.trl.scoring import Answerer, score_split
from rltune.trainers.trl.segment import Segment, diverged
from rltune.trainers.trl.settings import parse
from rltune.trainers.trl.team import team_of_this_process
from rltune.types import StopReason


def train_segment(job: TrainJob, reporter: Reporter, processes: int = 1) -> StopReason:
    """See `rltune.trainers.base.Trainer.train`.

    Args:
        processes: that train together, if a launcher has started several; each calls this.
    """
    settings = at_level(parse(job.hyperparameters), job.memory_level, processes)
    device = choose_device(job.device) if processes == 1 else own_device(job.device)
    if job.resume_from is not None:
        adapter = settings.lora is not None
        require_complete(Path(job.resume_from), job.start_step, settings.updates, adapter=adapter, processes=processes)
    task = build_task(job.task, job.task_options)
    with (
        quiet(),
        _threads(job.threads),
        isolated(job.seed),
        tempfile.TemporaryDirectory(prefix="rltune-trl-") as scratch,
    ):
        length = settings.max_response(task.max_response_length)
        config = build_config(
            settings,
            job,
            output=Path(scratch),
            max_response=length,
            cpu=device.type == "cpu",
            processes=processes,
        )
        team = team_of_this_process()  # made by the configuration
        tokenizer = load_tokenizer(job.model)
        trainer = make_trainer(settings, job, config, load_model(job.model, device), tokenizer, task)
        answerer = Answerer(trainer.model, tokenizer, length, team)  # pyright: ignore[reportArgumentType]
        segment = Segment(
            job,
            settings.updates,
            reporter,
            validate=lambda: score_split(answerer, task, "validation", job.validation, job.seed, reporter.alive),
            names=names_of(settings.kind),
            team=team,
        )
        trainer.attach(segment, team)
        return _run(trainer, segment, job)


def _run(trainer: Stepped, segment: Segment, job: TrainJob) -> StopReason:
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


def score_model(job: ScoreJob, alive: Callable[[], None], *, shared: bool = False) -> Scores:
    """See `rltune.trainers.base.Trainer.score`.

    Args:
        shared: whether several CUDA devices may be visible, of which the first one is used.
    """
    settings = parse(job.hyperparameters)
    device = own_device(job.device) if shared else choose_device(job.device)
    task = build_task(job.scored.name, job.scored.options)
    with quiet(), _threads(job.threads):
        try:
            model, tokenizer = _load(job, device)
        except ModelError as error:
            if job.checkpoint is None:
                raise
            raise CheckpointError(error.message, where=job.checkpoint, hint="score an older one") from error
        answerer = Answerer(model, tokenizer, settings.max_response(task.max_response_length))
        keep = Path(job.answers) if job.answers else None
        return score_split(answerer, task, job.split, job.scoring, job.seed, alive, keep)


def _load(job: ScoreJob, device: torch.device) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if job.checkpoint is not None and has_adapter(Path(job.checkpoint)):
        return with_adapter(load_model(job.model, device), Path(job.checkpoint)), load_tokenizer(job.model)
    source = job.checkpoint or job.model
    return load_model(source, device), load_tokenizer(source)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
