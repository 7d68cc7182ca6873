"""What a study's trainer says about it: which of its settings are hyperparameters, whether it can take all that may be
proposed, and which rules can judge its runs. Light, and nothing is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rltune.config.load import StudyFile
from rltune.config.resolve import SearchPlan
from rltune.config.study import StudyConfig
from rltune.errors import ConfigError, RltuneError
from rltune.space.axes import ends
from rltune.space.space import Space
from rltune.stopping.build import describe_rules, without_metrics
from rltune.tasks.ood import TaskRef
from rltune.trainers.base import CANONICAL_HYPERPARAMETERS, Trainer
from rltune.trainers.capabilities import ExternalTrainer, FrameworkTrainer
from rltune.types import Scalar


def own_fields(file: StudyFile, trainer: Trainer, search: SearchPlan) -> dict[str, Scalar]:
    """The trainer's settings, which are hyperparameters under its own names."""
    settings = file.config.trainer.settings
    if isinstance(trainer, FrameworkTrainer):
        with file.at("trainer"):
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


def launch_settings(config: StudyConfig, trainer: Trainer) -> Mapping[str, object]:
    """The settings that a trainer is configured with: those that aren't hyperparameters."""
    settings = config.trainer.settings
    if isinstance(trainer, FrameworkTrainer):
        return {name: value for name, value in settings.items() if name in trainer.launching}
    return settings if isinstance(trainer, ExternalTrainer) else {}


def check_trainer(
    file: StudyFile, trainer: Trainer, recipe: Mapping[str, Scalar], space: Space, others: Sequence[TaskRef]
) -> None:
    """Asks the trainer whether it can take the recipe, the ends and choices of each searched parameter (the others as
    in the recipe, or as near as constraints allow), and tests on other tasks."""
    if isinstance(trainer, ExternalTrainer):
        for other in others:
            with file.at("trainer"):
                trainer.check_other_test(other)
        for name, reason in trainer.dead(space.names).items():
            raise ConfigError(
                f"to search {name} would change nothing: {reason}",
                where=file.where(f"space.{name}"),
                hint="every trial would be the same: leave it out of the space, or let it act",
            )
    with _placed(file, space):
        trainer.check(recipe)
    for name, parameter in space.parameters.items():
        if parameter.when:
            continue
        for value in ends(parameter):
            with file.at(f"space.{name}"):
                if (values := _with_value(space, recipe, name, value)) is not None:
                    trainer.check(values)


@contextmanager
def _placed(file: StudyFile, space: Space) -> Iterator[None]:
    """Gives an error of the trainer the place of the hyperparameter that it names."""
    try:
        yield
    except RltuneError as error:
        name = (error.where or "").removeprefix("hyperparameter ")
        if name == error.where:
            name = ""
        section = "space" if name in space.parameters else "fixed"
        with file.at(f"{section}.{name}" if name else section):
            raise type(error)(error.message, where=None if name else error.where, hint=error.hint) from error


def idle_fixed(file: StudyFile, trainer: ExternalTrainer, told: Sequence[str]) -> list[str]:
    """Sentences about what the study file fixes though it changes nothing, unless `told` has them. What a recipe
    brings along may well mean nothing to a program; what a person has written down was meant."""
    dead = trainer.dead(file.config.fixed)
    return [
        f"{name} changes nothing, though `fixed` sets it: {reason}"
        for name, reason in dead.items()
        if not any(sentence.startswith(f"{name} ") for sentence in told)
    ]


def _with_value(space: Space, recipe: Mapping[str, Scalar], name: str, value: Scalar) -> Mapping[str, Scalar] | None:
    """The recipe with another value, and with others where constraints need them; None if nothing goes with it."""
    values = {**recipe, name: value}
    if space.nearest.unmet(values) is None:
        return values
    moved = space.clip({n: v for n, v in values.items() if n in space.parameters}, hold=(name,)).values
    held = {n: v for n, v in recipe.items() if n not in space.parameters}
    return {**held, **moved} if moved.get(name) == value else None


def judging_rules(
    file: StudyFile, trainer: Trainer, told: Mapping[str, Scalar]
) -> tuple[tuple[Mapping[str, object], ...], tuple[str, ...]]:
    """The study's stopping rules, and the names of those that no run of this trainer could be judged by."""
    config = file.config.stopping
    with file.at("stopping"):
        rules = tuple(describe_rules(config.preset, config.rules))
        if not config.futility:
            rules = tuple(rule for rule in rules if rule["rule"] != "futility")
        return without_metrics(rules, trainer.reports(told)) if isinstance(trainer, FrameworkTrainer) else (rules, ())
