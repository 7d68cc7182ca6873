"""Optuna's samplers and pruners, made by name with their own arguments."""

from __future__ import annotations

import importlib.util
import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from rltune.errors import OptimizerError, suggest
from rltune.optimizers.baseline_options import PRUNERS, SAMPLERS, pruner_key
from rltune.types import Scalar

IDENTITY = "rltune:configuration"
"""User attribute of a trial: the id of its configuration."""

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


def make_sampler(name: str, options: Options, seed: int) -> BaseSampler:
    """The sampler of a key of `SAMPLERS`.

    Raises:
        OptimizerError: if an option is unknown or impossible, or the sampler's library isn't installed.
    """
    if name == "cmaes" and importlib.util.find_spec("cmaes") is None:
        raise OptimizerError(
            "Optuna's CMA-ES needs the package cmaes", where="optimizer.optuna.sampler", hint="pip install cmaes"
        )
    kind = getattr(optuna.samplers, SAMPLERS[name])
    return _make(kind, SAMPLERS[name], options, {"seed": seed}, "optimizer.optuna.sampler_options")


def make_pruner(name: str, options: Options, rungs: tuple[int, ...]) -> BasePruner | None:
    """The pruner of a key of `PRUNERS`, None for `none`. Its resources are steps: by default from the lowest rung to
    r_max.

    Raises:
        OptimizerError: if an option is unknown or impossible.
    """
    where = "optimizer.optuna.pruner_options"
    if name == "none":
        if options:
            raise OptimizerError("without a pruner there are no options", where=where, hint="name a pruner")
        return None
    given: dict[str, object] = {key: value for key, value in options.items() if value != "auto"}
    if name in ("hyperband", "successive_halving"):
        given.setdefault("min_resource", rungs[0])
    if name == "hyperband":
        given.setdefault("max_resource", rungs[-1])
        return _make(StableHyperband, PRUNERS[name], given, {}, where)
    if name == "patient":
        wrapped = given.get("wrapped_pruner")
        try:
            inner = None if wrapped is None else make_pruner(pruner_key(str(wrapped)), {}, rungs)
        except ValueError as error:
            raise OptimizerError(f"wrapped_pruner: {error}", where=where) from None
        given["wrapped_pruner"] = inner
    return _make(getattr(optuna.pruners, PRUNERS[name]), PRUNERS[name], given, {}, where)


def compares_rungs(pruner: BasePruner) -> bool:
    """Whether a pruner keeps notes of who reached its rungs, so that it must be told of all runs before it judges."""
    return isinstance(pruner, (HyperbandPruner, SuccessiveHalvingPruner))


def _make(
    kind: type[Part], title: str, options: Mapping[str, object], set_here: Mapping[str, object], where: str
) -> Part:
    """An instance, with complaints about its arguments in our words."""
    parameters = inspect.signature(kind.__init__).parameters
    known = parameters.keys() - {"self"}
    settable = known - set_here.keys()
    for option, value in options.items():
        if option in set_here:
            raise OptimizerError(f"{option} can't be set", where=where, hint=f"it follows from the study's {option}")
        if option not in settable:
            hint = suggest(option, settable)
            raise OptimizerError(f"{title} has no option {option!r}", where=where, hint=hint)
        # Some of these would fail only once the sampler has seen enough trials.
        if isinstance(value, (bool, int, float, str)) and _takes_objects(str(parameters[option].annotation)):
            raise OptimizerError(
                f"{option} of {title} takes a Python object, got {value!r}", where=where, hint=f"leave {option} out"
            )
    try:
        with quiet():
            return kind(**options, **{name: value for name, value in set_here.items() if name in known})
    except (ValueError, TypeError) as error:
        reason = str(error).strip()
        raise OptimizerError(f"{title}: {reason}", where=where, hint="see Optuna's documentation") from None


def _takes_objects(annotation: str) -> bool:
    """Whether a parameter's values are functions, parts of Optuna or collections, which a study file can't name."""
    return any(mark in annotation for mark in ("Callable", "Base", "["))
