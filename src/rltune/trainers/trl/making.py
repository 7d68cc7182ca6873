"""From settings to the TRL trainer that carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rltune.tasks.base import Task
from rltune.trainers.base import TrainJob
from rltune.trainers.trl.adapters import lora_config
from rltune.trainers.trl.config import Config
from rltune.trainers.trl.data import data_order, reward_function, row_data, row_order, training_data
from rltune.trainers.trl.loop import Stepped
from rltune.trainers.trl.rollouts import GrpoTrainer, RlooTrainer
from rltune.trainers.trl.settings import Settings
from rltune.trainers.trl.supervised import DpoTrainer, SftTrainer

_GENERATING: Mapping[str, type[Any]] = {"grpo": GrpoTrainer, "rloo": RlooTrainer}
_LEARNING: Mapping[str, type[Any]] = {"sft": SftTrainer, "dpo": DpoTrainer}


def make_trainer(
    settings: Settings,
    job: TrainJob,
    config: Config,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
) -> Stepped:
    """A trainer with its data in the order of the whole horizon; `attach` a segment to it, then let it train.

    Raises:
        TaskError, TrainerError: if the task has no data that it can learn from.
    """
    parts: dict[str, Any] = {"model": model, "args": config, "processing_class": tokenizer}
    if settings.lora is not None:
        parts["peft_config"] = lora_config(settings.lora)
    seen = job.horizon * settings.rows
    if settings.kind.generates:
        examples = task.examples("train")
        parts["reward_funcs"] = reward_function(task, examples)
        parts["train_dataset"] = training_data(examples, data_order(len(examples), seen, job.seed))
        return _GENERATING[settings.algorithm](**parts)
    rows = row_data(settings.algorithm, task, job.task_options)
    trainer = _LEARNING[settings.algorithm](train_dataset=rows, **parts)
    trainer.arrange(lambda count: row_order(count, seen, settings.epochs, job.seed))
    return trainer
