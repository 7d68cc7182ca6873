"""Optuna's samplers and pruners, made by name with their own arguments."""

from __future__ import annotations

import importlib.util
import inspect
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from rltune.config.problems import Problem as Mistake
from rltune.errors import OptimizerError, suggest
from rltune.optimizers.baseline_options import PRUNERS, SAMPLERS, OptunaOptions, UnknownPart, pruner_key
from rltune.optimizers.outline import raise_mistakes
from rltune.types import Scalar

IDENTITY = "rltune:configuration"
"""User attribute of a trial: the id of its configuration."""

LEAST: Mapping[str, float] = {
    "n_startup_trials": 0,
    "n_ei_candidates": 1,
    "prior_weight": 0,
    "sigma0": 0,
    "popsize": 2,
    "dividing_parameter": 1,
}
"""The least value of options that Optuna takes unseen, whatever they are, and fails on later or never."""

KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "bool": ("true or false", (bool,)),
    "int": ("a whole number", (int,)),
    "float": ("a number", (int, float)),
    "str": ("text", (str,)),
    "None": ("nothing", (type(None),)),
}
"""Plain types as Optuna's signatures name them, in words, and the values that are of the type."""

Options = Mapping[str, Scalar | None]
Part = TypeVar("Part", BaseSampler, BasePruner)


class StableHyperband(HyperbandPruner):
    """Hyperband whose brackets go by the configuration, not by the trial's number: a study that is rebuilt from a
    history, in whatever order, numbers its trials anew."""

    def _get_bracket_id(self, study: Study, trial: FrozenTrial) -> int:
        identity = trial.user_attrs.get(IDENTITY)
        if identity is None or not self._pruners:
            return super()._get_bracket_id(study, trial)
        at = int(identity, 16) % self._total_trial_allocation_budget
        for bracket, share in enumerate(self._trial_allocation_budgets):
            at -= share
            if at < 0:
                return bracket
        raise AssertionError("the shares add up to the total")

    def group(self, study: Study, trial: FrozenTrial) -> int:
        """The bracket of a trial: trials compete within it."""
        if not self._pruners:
            self._try_initialization(study)
        return self._get_bracket_id(study, trial)


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's messages and warnings (a study made, an experimental part); the caller's settings stay."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)


def check_parts(options: OptunaOptions) -> None:
    """Tells all that is wrong with the arguments of both parts, before one of them is made.

    Raises:
        OptimizerError: if an option is unknown or impossible.
    """
    found = _mistakes(SAMPLERS[options.sampler], optuna.samplers, options.sampler_options, "sampler_options", {"seed"})
    if options.pruner != "none":
        given = _without_auto(options.pruner_options)
        found += _mistakes(PRUNERS[options.pruner], optuna.pruners, given, "pruner_options")
    raise_mistakes(found, "optuna")


def make_sampler(name: str, options: Options, seed: int) -> BaseSampler:
    """The sampler of a key of `SAMPLERS`.

    Raises:
        OptimizerError: if an option is unknown or impossible, or the sampler's library isn't installed.
    """
    if name == "cmaes" and importlib.util.find_spec("cmaes") is None:
        raise OptimizerError(
            "Optuna's CMA-ES needs the package cmaes", where="optimizer.options.sampler", hint="pip install cmaes"
        )
    kind = getattr(optuna.samplers, SAMPLERS[name])
    return _make(kind, options, {"seed": seed}, "sampler_options")


def make_pruner(name: str, options: Options, rungs: tuple[int, ...]) -> BasePruner | None:
    """The pruner of a key of `PRUNERS`, None for `none`. Its resources are steps: by default from the lowest rung to
    r_max.

    Raises:
        OptimizerError: if an option is unknown or impossible.
    """
    place = "pruner_options"
    if name == "none":
        if options:
            where = f"optimizer.options.{place}"
            raise OptimizerError("without a pruner there are no options", where=where, hint="name a pruner")
        return None
    given: dict[str, object] = dict(_without_auto(options))
    if name in ("hyperband", "successive_halving"):
        given.setdefault("min_resource", rungs[0])
    if name == "hyperband":
        given.setdefault("max_resource", rungs[-1])
        return _make(StableHyperband, given, {}, place)
    if name == "patient":
        wrapped = given.get("wrapped_pruner")
        try:
            inner = None if wrapped is None else make_pruner(pruner_key(str(wrapped)), {}, rungs)
        except UnknownPart as error:
            where = f"optimizer.options.{place}.wrapped_pruner"
            raise OptimizerError(f"wrapped_pruner: {error}", where=where, hint=error.hint) from None
        given["wrapped_pruner"] = inner
    return _make(getattr(optuna.pruners, PRUNERS[name]), given, {}, place)


def compares_rungs(pruner: BasePruner) -> bool:
    """Whether a pruner keeps notes of who reached its rungs, so that it must be told of all runs before it judges."""
    return isinstance(pruner, (HyperbandPruner, SuccessiveHalvingPruner))


def _make(kind: type[Part], options: Mapping[str, object], set_here: Mapping[str, object], place: str) -> Part:
    """An instance, with complaints about its arguments in our words."""
    title = _title(kind)
    raise_mistakes(_mistakes_of(kind, options, place, set_here), "optuna")
    known = inspect.signature(kind.__init__).parameters.keys()
    try:
        with quiet():
            return kind(**options, **{name: value for name, value in set_here.items() if name in known})
    except (ValueError, TypeError) as error:
        where, hint = f"optimizer.options.{place}", "see Optuna's documentation"
        raise OptimizerError(f"{title}: {str(error).strip()}", where=where, hint=hint) from None


def _mistakes(name: str, module: object, options: Options, place: str, set_here: Iterable[str] = ()) -> list[Mistake]:
    return _mistakes_of(getattr(module, name), options, place, set_here)


def _mistakes_of(
    kind: type[BaseSampler | BasePruner], options: Mapping[str, object], place: str, set_here: Iterable[str]
) -> list[Mistake]:
    """What is wrong with the arguments of a part. Optuna looks at few of them: some would fail only once the sampler
    has seen enough trials, others never."""
    title, parameters = _title(kind), inspect.signature(kind.__init__).parameters
    settable, found = parameters.keys() - {"self", *set_here}, []
    for option, value in options.items():
        path = f"{place}.{option}"
        if option in set_here:
            found.append(Mistake(path, f"{option} can't be set", f"it follows from the study's {option}"))
        elif option not in settable:
            found.append(Mistake(path, f"{title} has no such option", suggest(option, settable)))
        elif complaint := _complaint(option, value, str(parameters[option].annotation), title):
            found.append(Mistake(path, *complaint))
    return found


def _complaint(option: str, value: object, annotation: str, title: str) -> tuple[str, str] | None:
    """What speaks against a value of an option, and what to do."""
    plain = isinstance(value, (bool, int, float, str))
    if option == "wrapped_pruner":
        return None  # its name is looked up where it is made
    # Functions, other parts of Optuna and collections have no name in a study file.
    if plain and any(mark in annotation for mark in ("Callable", "Base", "[")):
        return f"{title} takes a Python object here, got {value!r}", f"leave {option} out"
    kinds = [KINDS[name] for name in re.split(r"\s*\|\s*", annotation) if name in KINDS]
    fits = any(isinstance(value, types) and (bool in types or not isinstance(value, bool)) for _, types in kinds)
    if plain and kinds and not fits:
        return f"expected {' or '.join(words for words, _ in kinds if words != 'nothing')}, got {value!r}", ""
    if option in LEAST and isinstance(value, (int, float)) and value < LEAST[option]:
        return f"expected at least {LEAST[option]}, got {value!r}", "leave it out for Optuna's default"
    return None


def _without_auto(options: Options) -> Options:
    """`auto` is what is set here anyway."""
    return {key: value for key, value in options.items() if value != "auto"}


def _title(kind: type) -> str:
    return "HyperbandPruner" if kind is StableHyperband else kind.__name__
