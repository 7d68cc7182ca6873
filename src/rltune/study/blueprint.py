"""From a study file to everything that a study is made of, checked as a whole. Light: loads no torch, no model.

Each error names its place in the file (`study.yaml:7 models.target`), so that a mistake is found before anything is
spent on it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rltune.config.load import StudyFile
from rltune.config.parts import TransferConfig
from rltune.config.recipes import build_recipe
from rltune.config.resolve import plan_search
from rltune.config.study import StudyConfig
from rltune.errors import ConfigError, ModelError
from rltune.models.inspect import ModelInfo, describe_model, model_source
from rltune.optimizers.base import ModelSpec, Problem
from rltune.optimizers.build import check_optimizer
from rltune.optimizers.outline import Outline
from rltune.priors.mapping import Ground
from rltune.space.space import Space
from rltune.study.earlier import EarlierStudy, doubts, earlier_studies
from rltune.study.feasible import space_of
from rltune.study.places import check_places
from rltune.study.shares import check_gpus, gpu_shares
from rltune.study.trainers import check_trainer, idle_fixed, judging_rules, launch_settings, own_fields
from rltune.tasks.base import SPLITS, Task
from rltune.tasks.build import build_task
from rltune.tasks.file import FileTask
from rltune.tasks.ood import TaskRef, other_tests
from rltune.trackers.build import check_tracker
from rltune.trainers.base import Trainer
from rltune.trainers.build import build_trainer
from rltune.trainers.capabilities import ExternalTrainer, FrameworkTrainer
from rltune.types import Configuration, Scalar
from rltune.words import duration

LEAST_RUN_SECONDS = 1.0
"""Hardly any training run is shorter, even one of ten steps of the smallest embedded model."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A study that is known to fit together.

    Attributes:
        problem: what the optimizer sees. outline: what it will ask for.
        recipe: the configuration to beat, as published (it may lie outside of the space; the problem's recipe is then
            the nearest one inside).
        fixed: hyperparameters that aren't searched, and that act. max_response_length: the task's, in tokens.
        trainer_settings: what the trainer is configured with; empty for one that can't be.
        other_tests: names of the tasks whose test splits the final models are scored on, beside the study's own.
        rules: descriptions of the stopping rules.
        models: what is known of target and proxies, by name. model_paths: what a trainer loads for each.
        learning_rate_factors: by model, what a configuration's learning rate is multiplied by when it runs there.
        notes: what a person should know before the study starts.
        gpus: by model, how many GPUs a trial has to itself; empty: trials share what there is.
        versions: of the packages of the program that trains, where it isn't rltune's own environment.
        earlier: studies whose results are prior knowledge; the problem has them in its own coordinates.
    """

    config: StudyConfig
    problem: Problem
    outline: Outline
    recipe: Configuration
    fixed: Mapping[str, Scalar]
    max_response_length: int
    rules: tuple[Mapping[str, object], ...]
    models: Mapping[str, ModelInfo]
    model_paths: Mapping[str, str]
    learning_rate_factors: Mapping[str, float]
    notes: tuple[str, ...]
    trainer_settings: Mapping[str, object]
    other_tests: tuple[str, ...] = ()
    gpus: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[EarlierStudy, ...] = ()

    @property
    def hyperparameters(self) -> dict[str, Scalar]:
        """All that a trainer is told for the recipe: what the study fixes, and the recipe's own values."""
        return {**self.fixed, **self.recipe.values}

    @property
    def folder(self) -> Path:
        """The study's own folder."""
        return Path(self.config.output).expanduser() / self.config.name


def draw_blueprint(file: StudyFile, begun: Path | None = None) -> Blueprint:
    """Resolves and checks a study.

    Args:
        begun: the folder of a study that has begun: it keeps what was known beforehand. None: that is read now.

    Raises:
        ConfigError, ModelError, TaskError, SpaceError, RuleError, OptimizerError: with the place in the file.
        TrackerError: likewise, also if a tracker's package or secret is missing.
        PriorError: likewise, also if nothing of an earlier study can be used.
        StudyError, StorageError: if the output folder, or the URL for checkpoints, can't be used.
    """
    config = file.config
    models = _models(file)
    with file.at("recipe"):
        recipe = build_recipe(config.recipe, models[config.models.target].hidden_size)
    with file.at("space"):
        search = plan_search(config, recipe)
    with file.at("trainer"):
        trainer = build_trainer(config.trainer.name, config.trainer.settings)
    external = trainer if isinstance(trainer, ExternalTrainer) else None
    fixed = {**search.fixed, **({} if external else own_fields(file, trainer, search))}
    space = space_of(file, trainer, search, fixed)
    with file.at("space"):
        inside = space.clip(search.baseline)
    configuration = Configuration(search.baseline)
    task, others = _tasks(file)
    notes = _left_out(task)
    if inside != configuration:
        notes.append("the recipe lies outside of the space; the search starts from the nearest point inside of it")
    factors = _learning_rate_factors(config, models)
    if factors is None:
        notes.append("a model's width is unknown (it isn't on this machine): learning rates aren't scaled")
    notes += _without_proxies(file)
    problem = _problem(file, models, space, inside)
    width = models[config.models.target].hidden_size if config.models.learning_rate_scaling == "width" else None
    ground = Ground(space, {**fixed, **configuration.values}, problem.sizes, problem.target.name, width)
    earlier = earlier_studies(file, ground, begun)
    notes += doubts(file, earlier)
    problem = replace(problem, priors=tuple(study.mapped.task for study in earlier))
    told = {**fixed, **configuration.values}
    check_trainer(file, trainer, told, space, others)
    notes += _asked(file, trainer, told, notes)
    rules, idle = judging_rules(file, trainer, told)
    notes += [f"switched off, since no run reports what they need: the rules {', '.join(idle)}"] if idle else []
    with file.at("trainer"):
        gpus = gpu_shares(file, trainer)
    notes += check_gpus(file, gpus, os.environ)
    with file.at("optimizer"):
        outline = check_optimizer(config.optimizer.name, config.optimizer.options, problem).outline(problem)
    notes.extend(_doubts(config, outline))
    _check_trackers(file)
    check_places(file)
    # Mostly what the recipe brings along for a program that isn't told of it.
    unacting = external.dead(fixed) if external else {}
    return Blueprint(
        config=config,
        problem=problem,
        outline=outline,
        recipe=configuration,
        fixed={name: value for name, value in fixed.items() if name not in unacting},
        max_response_length=task.max_response_length,
        rules=rules,
        models=models,
        model_paths={name: model_source(name) for name in models},
        learning_rate_factors=factors or dict.fromkeys(models, 1.0),
        notes=tuple(notes),
        trainer_settings=launch_settings(config, trainer),
        other_tests=tuple(other.name for other in others),
        gpus=gpus,
        versions=external.versions() if external else {},
        earlier=earlier,
    )


def _asked(file: StudyFile, trainer: Trainer, told: Mapping[str, Scalar], notes: Sequence[str]) -> list[str]:
    """What a trainer that knows its program or framework says of the hyperparameters, once it has looked at the data.
    `notes`: what has been said already."""
    config, found = file.config, []
    if isinstance(trainer, ExternalTrainer):
        found += trainer.notes(told)
        found += idle_fixed(file, trainer, [*notes, *found])
    if isinstance(trainer, (ExternalTrainer, FrameworkTrainer)):
        with file.at("trainer" if isinstance(trainer, ExternalTrainer) else "task"):
            trainer.check_data(config.task.name, config.task.options, told)
    return found


def _without_proxies(file: StudyFile) -> list[str]:
    """Notes on a study that has no proxies."""
    config = file.config
    if config.models.proxies:
        return []
    found = ["no proxies: the search runs on the target itself"]
    if config.transfer.check and ("transfer" in file.lines or config.transfer != TransferConfig()):
        found.append("`transfer` does nothing here: without proxies there is no ranking to check")
    return found


def _check_trackers(file: StudyFile) -> None:
    for index, tracker in enumerate(file.config.trackers):
        with file.at(f"trackers.{index}"):
            check_tracker(tracker.name, tracker.options)


def _tasks(file: StudyFile) -> tuple[Task, tuple[TaskRef, ...]]:
    """The study's task and the others of `test_ood`, once the data that is needed of them was read."""
    config = file.config.task
    with file.at("task"):
        task = build_task(config.name, config.options)
        for split in SPLITS:
            task.examples(split)
        others = other_tests(config.options)
        for other in others:
            build_task(other.name, other.options).examples("test")
    return task, others


def _left_out(task: Task) -> list[str]:
    """A note if prompts of the user's own files aren't used."""
    dropped = {split: count for split, count in task.dropped.items() if count} if isinstance(task, FileTask) else {}
    told = ", ".join(f"{count:,} of {split}" for split, count in dropped.items())
    return (
        [f"rows left out, since their prompt is there twice or in a split that is held out, or has no answer: {told}"]
        if told
        else []
    )


def _problem(file: StudyFile, models: Mapping[str, ModelInfo], space: Space, recipe: Configuration) -> Problem:
    config = file.config
    target = _spec(file, models[config.models.target], "models.target")
    proxies = tuple(_spec(file, models[name], f"models.proxies.{i}") for i, name in enumerate(config.models.proxies))
    return Problem(
        space=space,
        target=target,
        proxies=proxies,
        search_models=proxies or (target,),
        rungs=tuple(config.rungs),
        recipe=recipe,
        seed=config.seed,
        training_seed=config.seed,
    )


def _doubts(config: StudyConfig, outline: Outline) -> list[str]:
    """What can be seen without a timed step: that a search is far too short for what its optimizer asks for."""
    seconds = config.budget.search * (math.inf if config.budget.time is None else config.budget.time)
    what = "runs" if outline.runs else "configurations before results guide it"
    found = []
    cores = len(os.sched_getaffinity(0)) if config.executor.name == "local" else math.inf  # a cluster isn't asked here
    if outline.least * LEAST_RUN_SECONDS > seconds * (config.executor.slots or cores):
        found.append(
            f"{config.optimizer.name} asks for {outline.least:,} {what}, and the search has {duration(seconds)}: "
            "`rltune plan` says how many fit"
        )
    if config.budget.trials is not None and outline.least > config.budget.trials:
        found.append(
            f"{config.optimizer.name} asks for {outline.least:,} {what}, budget.trials ends the search after "
            f"{config.budget.trials:,}"
        )
    return found


def _models(file: StudyFile) -> dict[str, ModelInfo]:
    config = file.config.models
    places = {"models.target": config.target, **{f"models.proxies.{i}": p for i, p in enumerate(config.proxies)}}
    found = {}
    for place, name in places.items():
        with file.at(place):
            found[name] = describe_model(name)
    target = found[config.target]
    for place, name in places.items():
        size, limit = found[name].parameters, target.parameters
        if place != "models.target" and size is not None and limit is not None and size >= limit:
            raise ConfigError(
                f"the proxy {name} has {size:,} parameters, the target {target.name} only {limit:,}",
                where=file.where(place),
                hint="a proxy must be smaller than the target: swap them, or name a smaller proxy",
            )
    return found


def _learning_rate_factors(config: StudyConfig, models: Mapping[str, ModelInfo]) -> dict[str, float] | None:
    """Target width / model width, by model; all 1 if the study wants no scaling; None if a width is unknown.

    Under Adam the best learning rate of hidden matrices goes with 1/width (muP, arXiv 2203.03466).
    """
    if config.models.learning_rate_scaling == "none":
        return dict.fromkeys(models, 1.0)
    widths = {name: model.hidden_size for name, model in models.items() if model.hidden_size}
    if widths.keys() != models.keys():
        return None
    return {name: widths[config.models.target] / width for name, width in widths.items()}


def _spec(file: StudyFile, model: ModelInfo, place: str) -> ModelSpec:
    if model.parameters is None:
        raise ModelError(
            f"the size of {model.name} is unknown, and the search needs it",
            where=file.where(place),
            hint="name a local folder of the model, or a hub name that tells its size, such as Qwen/Qwen2.5-0.5B",
        )
    return ModelSpec(model.name, float(model.parameters))
