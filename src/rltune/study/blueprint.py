"""From a study file to everything that a study is made of, checked as a whole. Light: loads no torch, no model.

Each error names its place in the file (`study.yaml:7 models.target`), so that a mistake is found before anything is
spent on it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rltune.config.load import StudyFile
from rltune.config.recipes import build_recipe
from rltune.config.resolve import plan_search
from rltune.config.study import StudyConfig
from rltune.errors import ConfigError, ModelError, RltuneError, StudyError
from rltune.models.inspect import ModelInfo, describe_model, model_source
from rltune.optimizers.base import ModelSpec, Problem
from rltune.optimizers.build import check_optimizer
from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space
from rltune.stopping.build import describe_rules
from rltune.study.shares import check_gpus, gpu_shares
from rltune.tasks.base import SPLITS, Task
from rltune.tasks.build import build_task
from rltune.tasks.ood import TaskRef, other_tests
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS, ExternalTrainer, Trainer
from rltune.trainers.build import build_trainer
from rltune.types import Configuration, Scalar


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A study that is known to fit together.

    Attributes:
        problem: what the optimizer sees. recipe: the configuration to beat, as published (it may lie outside of the
            space; the problem's recipe is then the nearest one inside).
        fixed: hyperparameters that aren't searched. max_response_length: the task's, in tokens.
        trainer_settings: what an external trainer is configured with; empty for others.
        other_tests: names of the tasks whose test splits the final models are scored on, beside the study's own.
        rules: descriptions of the stopping rules.
        models: what is known of target and proxies, by name. model_paths: what a trainer loads for each.
        learning_rate_factors: by model, what a configuration's learning rate is multiplied by when it runs there.
        notes: what a person should know before the study starts.
        gpus: by model, how many GPUs a trial has to itself; empty: trials share what there is.
    """

    config: StudyConfig
    problem: Problem
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
    gpus: Mapping[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The study's own folder."""
        return Path(self.config.output).expanduser() / self.config.name


def draw_blueprint(file: StudyFile) -> Blueprint:
    """Resolves and checks a study.

    Raises:
        ConfigError, ModelError, TaskError, SpaceError, RuleError, OptimizerError: with the place in the file.
        StudyError: if the output folder can't be written.
    """
    config = file.config
    models = _models(file)
    with _at(file, "recipe"):
        recipe = build_recipe(config.recipe, models[config.models.target].hidden_size)
    with _at(file, "space"):
        search = plan_search(config, recipe)
        space = Space(search.parameters)
        inside = space.clip(search.baseline)
    configuration = Configuration({name: search.baseline[name] for name in inside.values})
    task, others = _tasks(file)
    with _at(file, "stopping"):
        rules = tuple(describe_rules(config.stopping.preset, config.stopping.rules))
        if not config.stopping.futility:
            rules = tuple(rule for rule in rules if rule["rule"] != "futility")
    notes = []
    if inside != configuration:
        notes.append("the recipe lies outside of the space; the search starts from the nearest point inside of it")
    factors = _learning_rate_factors(config, models)
    if factors is None:
        notes.append("a model's width is unknown (it isn't on this machine): learning rates aren't scaled")
        factors = dict.fromkeys(models, 1.0)
    if not config.models.proxies:
        notes.append("no proxies: the search runs on the target itself")
    problem = _problem(file, models, space, inside)
    with _at(file, "trainer"):
        trainer = build_trainer(config.trainer.name, config.trainer.settings)
    external = isinstance(trainer, ExternalTrainer)
    fixed = {**search.fixed, **({} if external else _own_fields(file, space))}
    _check_trainer(file, trainer, {**fixed, **configuration.values}, space, others)
    if isinstance(trainer, ExternalTrainer):
        notes += trainer.notes({**fixed, **configuration.values})
    with _at(file, "trainer"):
        gpus = gpu_shares(file, trainer)
    notes += check_gpus(file, gpus, os.environ)
    with _at(file, "optimizer"):
        check_optimizer(config.optimizer.name, config.optimizer.options, problem)
    _check_writable(file)
    return Blueprint(
        config=config,
        problem=problem,
        recipe=configuration,
        fixed=fixed,
        max_response_length=task.max_response_length,
        rules=rules,
        models=models,
        model_paths={name: model_source(name) for name in models},
        learning_rate_factors=factors,
        notes=tuple(notes),
        trainer_settings=config.trainer.settings if external else {},
        other_tests=tuple(other.name for other in others),
        gpus=gpus,
    )


def _tasks(file: StudyFile) -> tuple[Task, tuple[TaskRef, ...]]:
    """The study's task and the others of `test_ood`, once the data that is needed of them was read."""
    config = file.config.task
    with _at(file, "task"):
        task = build_task(config.name, config.options)
        for split in SPLITS:
            task.examples(split)
        others = other_tests(config.options)
        for other in others:
            build_task(other.name, other.options).examples("test")
    return task, others


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


def _models(file: StudyFile) -> dict[str, ModelInfo]:
    config = file.config.models
    places = {"models.target": config.target, **{f"models.proxies.{i}": p for i, p in enumerate(config.proxies)}}
    found = {}
    for place, name in places.items():
        with _at(file, place):
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


def _own_fields(file: StudyFile, space: Space) -> dict[str, Scalar]:
    """The trainer's settings, which are hyperparameters under its own names."""
    settings = file.config.trainer.settings
    fields = {name: value for name, value in settings.items() if isinstance(value, Scalar)}
    odd = [name for name in settings if name not in fields]
    if odd:
        raise ConfigError(
            f"expected a number, a text or true or false, got {settings[odd[0]]!r}",
            where=file.where(f"trainer.settings.{odd[0]}"),
            hint=f"the settings of the trainer {file.config.trainer.name} are single values",
        )
    taken = [name for name in fields if name in (*CANONICAL_HYPERPARAMETERS, *space.names)]
    if taken:
        raise ConfigError(
            f"{taken[0]} is a hyperparameter of the study, not one of the trainer's own fields",
            where=file.where(f"trainer.settings.{taken[0]}"),
            hint=f"hold it at a value with `fixed: {{{taken[0]}: ...}}`, or search it in `space`",
        )
    return fields


def _check_trainer(
    file: StudyFile, trainer: Trainer, recipe: Mapping[str, Scalar], space: Space, others: Sequence[TaskRef]
) -> None:
    """Asks the trainer whether it can take the recipe, the ends and choices of each searched parameter, and tests on
    other tasks."""
    if isinstance(trainer, ExternalTrainer):
        for other in others:
            with _at(file, "trainer"):
                trainer.check_other_test(other)
        for name, reason in trainer.dead(space.names).items():
            raise ConfigError(
                f"to search {name} would change nothing: {reason}",
                where=file.where(f"space.{name}"),
                hint="every trial would be the same: leave it out of the space, or let it act",
            )
    with _at(file, "fixed"):
        trainer.check(recipe)
    for name, parameter in space.parameters.items():
        if parameter.when:
            continue
        ends = parameter.choices if isinstance(parameter, CategoricalParameter) else (parameter.low, parameter.high)
        for value in ends:
            with _at(file, f"space.{name}"):
                trainer.check({**recipe, name: value})


def _check_writable(file: StudyFile) -> None:
    folder = Path(file.config.output).expanduser()
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        if not existing.is_dir():
            raise NotADirectoryError(f"{existing} is a file")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise StudyError(
            f"the output folder {folder} can't be written: {error.strerror or error}",
            where=file.where("output"),
            hint=f"name another with `output:` or --output, or make {os.fspath(existing)} writable",
        ) from error


@contextmanager
def _at(file: StudyFile, place: str) -> Iterator[None]:
    """Puts the place in the study file in front of an error that another layer raised."""
    try:
        yield
    except RltuneError as error:
        inner = error.where
        precise = inner if inner and f"{inner}.".startswith(f"{place}.") else place
        where = file.where(precise)
        if inner and precise != inner and inner not in where:
            where = f"{where}: {inner}"
        raise type(error)(error.message, where=where, hint=error.hint) from error
