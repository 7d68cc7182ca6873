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
from rltune.config.parts import TransferConfig
from rltune.config.recipes import build_recipe
from rltune.config.resolve import SearchPlan, plan_search
from rltune.config.study import StudyConfig
from rltune.errors import ConfigError, ModelError, RltuneError, StudyError
from rltune.models.inspect import ModelInfo, describe_model, model_source
from rltune.optimizers.base import ModelSpec, Problem
from rltune.optimizers.build import check_optimizer
from rltune.optimizers.outline import Outline
from rltune.space.axes import ends
from rltune.space.space import Space
from rltune.stopping.build import describe_rules, without_metrics
from rltune.study.feasible import check_baseline, study_space, trainers_constraints, written_constraints
from rltune.study.shares import check_gpus, gpu_shares
from rltune.tasks.base import SPLITS, Task
from rltune.tasks.build import build_task
from rltune.tasks.ood import TaskRef, other_tests
from rltune.trackers.build import check_tracker
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS, ExternalTrainer, FrameworkTrainer, Trainer
from rltune.trainers.build import build_trainer
from rltune.types import Configuration, Scalar

LEAST_RUN_SECONDS = 1.0
"""Hardly any training run is shorter, even one of ten steps of the smallest embedded model."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A study that is known to fit together.

    Attributes:
        problem: what the optimizer sees. outline: what it will ask for.
        recipe: the configuration to beat, as published (it may lie outside of the space; the problem's recipe is then
            the nearest one inside).
        fixed: hyperparameters that aren't searched. max_response_length: the task's, in tokens.
        trainer_settings: what the trainer is configured with; empty for one that can't be.
        other_tests: names of the tasks whose test splits the final models are scored on, beside the study's own.
        rules: descriptions of the stopping rules.
        models: what is known of target and proxies, by name. model_paths: what a trainer loads for each.
        learning_rate_factors: by model, what a configuration's learning rate is multiplied by when it runs there.
        notes: what a person should know before the study starts.
        gpus: by model, how many GPUs a trial has to itself; empty: trials share what there is.
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
    gpus: Mapping[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The study's own folder."""
        return Path(self.config.output).expanduser() / self.config.name


def draw_blueprint(file: StudyFile) -> Blueprint:
    """Resolves and checks a study.

    Raises:
        ConfigError, ModelError, TaskError, SpaceError, RuleError, OptimizerError: with the place in the file.
        TrackerError: likewise, also if a tracker's package or secret is missing.
        StudyError: if the output folder can't be written.
    """
    config = file.config
    models = _models(file)
    with _at(file, "recipe"):
        recipe = build_recipe(config.recipe, models[config.models.target].hidden_size)
    with _at(file, "space"):
        search = plan_search(config, recipe)
    with _at(file, "trainer"):
        trainer = build_trainer(config.trainer.name, config.trainer.settings)
    external = isinstance(trainer, ExternalTrainer)
    fixed = {**search.fixed, **({} if external else _own_fields(file, trainer, search))}
    space = _space(file, trainer, search, fixed)
    with _at(file, "space"):
        inside = space.clip(search.baseline)
    configuration = Configuration(search.baseline)
    task, others = _tasks(file)
    notes = []
    if inside != configuration:
        notes.append("the recipe lies outside of the space; the search starts from the nearest point inside of it")
    factors = _learning_rate_factors(config, models)
    if factors is None:
        notes.append("a model's width is unknown (it isn't on this machine): learning rates aren't scaled")
        factors = dict.fromkeys(models, 1.0)
    if not config.models.proxies:
        notes.append("no proxies: the search runs on the target itself")
        if config.transfer.check and ("transfer" in file.lines or config.transfer != TransferConfig()):
            notes.append("`transfer` does nothing here: without proxies there is no ranking to check")
    problem = _problem(file, models, space, inside)
    told = {**fixed, **configuration.values}
    _check_trainer(file, trainer, told, space, others)
    if isinstance(trainer, ExternalTrainer):
        notes += trainer.notes(told)
    if isinstance(trainer, FrameworkTrainer):
        with _at(file, "task"):
            trainer.check_data(config.task.name, config.task.options, told)
    rules, idle = _rules(file, trainer, told)
    notes += [f"switched off, since no run reports what they need: the rules {', '.join(idle)}"] if idle else []
    with _at(file, "trainer"):
        gpus = gpu_shares(file, trainer)
    notes += check_gpus(file, gpus, os.environ)
    with _at(file, "optimizer"):
        outline = check_optimizer(config.optimizer.name, config.optimizer.options, problem).outline(problem)
    notes.extend(_doubts(config, outline))
    for index, tracker in enumerate(config.trackers):
        with _at(file, f"trackers.{index}"):
            check_tracker(tracker.name, tracker.options)
    _check_writable(file)
    return Blueprint(
        config=config,
        problem=problem,
        outline=outline,
        recipe=configuration,
        fixed=fixed,
        max_response_length=task.max_response_length,
        rules=rules,
        models=models,
        model_paths={name: model_source(name) for name in models},
        learning_rate_factors=factors,
        notes=tuple(notes),
        trainer_settings=_launch_settings(config, trainer),
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


def _rules(
    file: StudyFile, trainer: Trainer, told: Mapping[str, Scalar]
) -> tuple[tuple[Mapping[str, object], ...], tuple[str, ...]]:
    """The study's stopping rules, and the names of those that no run of this trainer could be judged by."""
    config = file.config.stopping
    with _at(file, "stopping"):
        rules = tuple(describe_rules(config.preset, config.rules))
        if not config.futility:
            rules = tuple(rule for rule in rules if rule["rule"] != "futility")
        return without_metrics(rules, trainer.reports(told)) if isinstance(trainer, FrameworkTrainer) else (rules, ())


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
    seconds = config.budget.search * config.budget.time
    what = "runs" if outline.runs else "configurations before results guide it"
    found = []
    if outline.least * LEAST_RUN_SECONDS > seconds * (config.executor.slots or len(os.sched_getaffinity(0))):
        found.append(
            f"{config.optimizer.name} asks for {outline.least:,} {what}, and the search has {seconds:.0f} s: "
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


def _launch_settings(config: StudyConfig, trainer: Trainer) -> Mapping[str, object]:
    """The settings that a trainer is configured with: those that aren't hyperparameters."""
    settings = config.trainer.settings
    if isinstance(trainer, FrameworkTrainer):
        return {name: value for name, value in settings.items() if name in trainer.launching}
    return settings if isinstance(trainer, ExternalTrainer) else {}


def _space(file: StudyFile, trainer: Trainer, search: SearchPlan, fixed: Mapping[str, Scalar]) -> Space:
    """The space with all that its values must meet together; the recipe meets it."""
    with _at(file, "constraints"):
        written = tuple(written_constraints(file.config.constraints, search, fixed))
        check_baseline(written, search, fixed)
    with _at(file, "fixed"):
        needed = trainers_constraints(trainer, search, fixed)
        check_baseline(needed, search, fixed)
    with _at(file, "constraints"):
        return study_space((*written, *needed), search, fixed)


def _own_fields(file: StudyFile, trainer: Trainer, search: SearchPlan) -> dict[str, Scalar]:
    """The trainer's settings, which are hyperparameters under its own names."""
    settings = file.config.trainer.settings
    if isinstance(trainer, FrameworkTrainer):
        with _at(file, "trainer"):
            settings = trainer.fields(settings)
    fields = {name: value for name, value in settings.items() if isinstance(value, Scalar)}
    odd = [name for name in settings if name not in fields]
    if odd:
        raise ConfigError(
            f"expected a number, a text or true or false, got {settings[odd[0]]!r}",
            where=file.where(f"trainer.settings.{odd[0]}"),
            hint=f"the settings of the trainer {file.config.trainer.name} are single values",
        )
    taken = [name for name in fields if name in (*CANONICAL_HYPERPARAMETERS, *search.parameters)]
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
    """Asks the trainer whether it can take the recipe, the ends and choices of each searched parameter (the others as
    in the recipe, or as near as constraints allow), and tests on other tasks."""
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
        for value in ends(parameter):
            with _at(file, f"space.{name}"):
                if (values := _with_value(space, recipe, name, value)) is not None:
                    trainer.check(values)


def _with_value(space: Space, recipe: Mapping[str, Scalar], name: str, value: Scalar) -> Mapping[str, Scalar] | None:
    """The recipe with another value, and with others where constraints need them; None if nothing goes with it."""
    values = {**recipe, name: value}
    if space.nearest.unmet(values) is None:
        return values
    moved = space.clip({n: v for n, v in values.items() if n in space.parameters}, hold=(name,)).values
    held = {n: v for n, v in recipe.items() if n not in space.parameters}
    return {**held, **moved} if moved.get(name) == value else None


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
