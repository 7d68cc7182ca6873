"""Settings of the baselines, apart from them: checking a study file must not load their libraries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from rltune.config.problems import Problem as Mistake
from rltune.errors import suggest
from rltune.optimizers.base import Problem
from rltune.optimizers.brackets import levels_of
from rltune.optimizers.outline import OptimizerOptions, Outline, points_of
from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space

FIRST_AXES = ("learning_rate", "kl_coef")
"""Swept unless others are named: the most sensitive hyperparameter, and what holds the policy to its reference."""


class GridOptions(OptimizerOptions):
    """Settings of grid search.

    Attributes:
        parameters: the swept ones, by name; the others stay at the recipe. Default: learning_rate and kl_coef, or else
            the first two numbers of the space.
        points: values per swept parameter in the coarse sweep, evenly spaced on its scale, ends included.
        fine_points: values per swept number in the fine sweep.
        narrow: width of the fine sweep's interval, as a fraction of the whole one.
        top: how many of the coarse sweep's best are refined.
        seeds: training seeds of each configuration of the fine sweep.
    """

    parameters: tuple[str, ...] | None = Field(default=None, min_length=1)
    points: int = Field(default=5, ge=1, le=1_000_000)
    fine_points: int = Field(default=3, ge=1, le=1_000_000)
    narrow: float = Field(default=0.25, gt=0, le=1)
    top: int = Field(default=1, ge=1)
    seeds: int = Field(default=3, ge=1, le=1_000)

    def axes(self, space: Space) -> tuple[str, ...]:
        """The parameters to sweep."""
        if self.parameters is not None:
            return tuple(dict.fromkeys(self.parameters))
        numbers = [n for n in space.names if not isinstance(space.parameters[n], CategoricalParameter)]
        usual = [name for name in FIRST_AXES if name in space.names]
        return tuple(dict.fromkeys((*usual, *numbers, *space.names)))[: len(FIRST_AXES)]

    def mistakes(self, problem: Problem) -> list[Mistake]:
        return [
            Mistake("parameters", f"{name!r} isn't in the space", suggest(name, problem.space.names))
            for name in self.parameters or ()
            if name not in problem.space.names
        ]

    def outline(self, problem: Problem) -> Outline:
        fidelity, axes = problem.full_search_run, self.axes(problem.space)
        swept = [problem.space.parameters[name] for name in axes]
        coarse = math.prod(points_of(p, self.points) for p in swept)
        numbers = [p for p in swept if not isinstance(p, CategoricalParameter)]
        fine = math.prod(points_of(p, self.fine_points) for p in numbers) if numbers else 0
        # The center of a fine grid may lie beside its points; it has run already with the first seed.
        runs = 1 + coarse + min(self.top, 1 + coarse) * ((fine + 1) * self.seeds - 1)
        options = {**self.model_dump(mode="json"), "parameters": list(axes)}
        return Outline((fidelity.model,), (fidelity.steps,), axes, options, runs=runs)


class BohbOptions(OptimizerOptions):
    """Settings of BOHB, by the names and with the defaults of the authors' HpBandSter.

    Attributes:
        eta: of the runs on a level one in `eta` goes on, with about `eta` times the steps.
        top_n_percent: share of the configurations that counts as good.
        min_points_in_model: configurations that the good and the bad must have each; default and least: parameters + 1.
        num_samples: draws of which the most promising is taken.
        random_fraction: share of the configurations that is drawn at random.
        bandwidth_factor: how much wider than the good ones' density the draws are.
        min_bandwidth: least bandwidth, in units of a parameter's interval.
    """

    eta: float = Field(default=3, ge=2)
    top_n_percent: int = Field(default=15, ge=1, le=99)
    min_points_in_model: int | None = Field(default=None, ge=1)
    num_samples: int = Field(default=64, ge=1, le=100_000)
    random_fraction: float = Field(default=1 / 3, ge=0, le=1)
    bandwidth_factor: float = Field(default=3, gt=0)
    min_bandwidth: float = Field(default=1e-3, gt=0)

    def mistakes(self, problem: Problem) -> list[Mistake]:
        least, given = len(problem.space.names) + 1, self.min_points_in_model
        if given is None or given >= least:
            return []
        text = f"expected at least {least} (the parameters of the space + 1), got {given}"
        return [Mistake("min_points_in_model", text, "a density of fewer points can't be fitted: leave it out")]

    def outline(self, problem: Problem) -> Outline:
        options = {
            **self.model_dump(mode="json"),
            "min_points_in_model": self.min_points_in_model or len(problem.space.names) + 1,
        }
        levels = levels_of(problem.rungs, self.eta)
        return Outline((problem.full_search_run.model,), levels, problem.space.names, options)


SAMPLERS: Mapping[str, str] = {
    "brute_force": "BruteForceSampler",
    "cmaes": "CmaEsSampler",
    "gp": "GPSampler",
    "nsgaii": "NSGAIISampler",
    "nsgaiii": "NSGAIIISampler",
    "qmc": "QMCSampler",
    "random": "RandomSampler",
    "tpe": "TPESampler",
}
"""Names of samplers and their classes in `optuna.samplers`."""

PRUNERS: Mapping[str, str] = {
    "hyperband": "HyperbandPruner",
    "median": "MedianPruner",
    "none": "NopPruner",
    "patient": "PatientPruner",
    "percentile": "PercentilePruner",
    "successive_halving": "SuccessiveHalvingPruner",
    "threshold": "ThresholdPruner",
    "wilcoxon": "WilcoxonPruner",
}
"""Names of pruners and their classes in `optuna.pruners`."""


OTHER_NAMES: Mapping[str, str] = {
    "asha": "successive_halving",
    "cma": "cmaes",
    "sha": "successive_halving",
    "nop": "none",
    "off": "none",
    "sobol": "qmc",
    "halton": "qmc",
}
"""What people call a part, and its key."""


class OptunaOptions(OptimizerOptions):
    """Settings of the adapter to Optuna.

    Attributes:
        sampler: a key of `SAMPLERS`, or the name of its class. sampler_options: its arguments, but for `seed`, which
            follows from the study's.
        pruner: a key of `PRUNERS`, or the name of its class; with `none` each run goes to r_max at once.
        pruner_options: its arguments; a patient one's `wrapped_pruner` is a name.
    """

    sampler: str = "tpe"
    sampler_options: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    pruner: str = "hyperband"
    pruner_options: dict[str, bool | int | float | str | None] = Field(default_factory=dict)

    @field_validator("sampler", mode="before")
    @classmethod
    def _is_a_sampler(cls, name: object) -> str:
        return _checked(sampler_key, name)

    @field_validator("pruner", mode="before")
    @classmethod
    def _is_a_pruner(cls, name: object) -> str:
        # YAML reads an unquoted `false` or `null` as no string
        return "none" if name is None or name is False else _checked(pruner_key, name)

    def outline(self, problem: Problem) -> Outline:
        steps = (problem.horizon,) if self.pruner == "none" else problem.rungs
        fidelity = problem.full_search_run
        return Outline((fidelity.model,), steps, problem.space.names, self.model_dump(mode="json"))


class UnknownPart(ValueError):
    """A sampler or pruner that there isn't. `hint`: what was meant, what is known."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def sampler_key(name: str) -> str:
    """The key in `SAMPLERS` of a name. Raises UnknownPart if there is none."""
    return _key_of(name, SAMPLERS, "sampler")


def pruner_key(name: str) -> str:
    """The key in `PRUNERS` of a name. Raises UnknownPart if there is none."""
    return _key_of(name, PRUNERS, "pruner")


def meant_by(name: str) -> str | None:
    """What to write for the name of an Optuna part where an optimizer's is expected; None if it is no such part."""
    for kind, known in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
        plain = _plain(name, kind)
        key = _spellings(known, kind).get(plain) or OTHER_NAMES.get(plain)
        if key in known:
            return f"{key} is a {kind} of Optuna: {{name: optuna, options: {{{kind}: {key}}}}}"
    return None


def _key_of(name: str, known: Mapping[str, str], kind: str) -> str:
    """TPESampler, TPE and tpe are the same, and so are successive_halving and SuccessiveHalvingPruner."""
    spellings, plain = _spellings(known, kind), _plain(name, kind)
    if plain in spellings:
        return spellings[plain]
    if kind == "sampler" and plain == "grid":
        hint = "rltune sweeps grids itself: `optimizer: grid`"
    elif OTHER_NAMES.get(plain) in known:
        hint = f"Optuna's {kind} of that kind is {OTHER_NAMES[plain]!r}"
    else:
        hint = suggest(name, known)
    raise UnknownPart(f"there is no {kind} {name!r}", hint)


def _spellings(known: Mapping[str, str], kind: str) -> dict[str, str]:
    return {_plain(spelling, kind): key for key, spelling in known.items()} | {_plain(k, kind): k for k in known}


def _plain(name: str, kind: str) -> str:
    return name.lower().replace("_", "").replace("-", "").removesuffix(kind)


def _checked(find: Callable[[str], str], name: object) -> str:
    if not isinstance(name, str):
        raise PydanticCustomError("string_type", "expected text")
    try:
        return find(name)
    except UnknownPart as error:
        raise PydanticCustomError("problem", "{text}", {"text": str(error), "hint": error.hint}) from None
