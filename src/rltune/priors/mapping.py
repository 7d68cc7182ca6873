"""From an earlier study's evaluations to the coordinates of a new study.

Values keep their native meaning: a learning rate of 1e-5 is 1e-5 in a wider interval, in a narrower one it lies outside
and keeps its place there, beyond 0 or 1, as far as one width of the interval; farther off it says nothing of what can
be proposed, and is left out. A hyperparameter that the earlier study didn't search has the value that it held fixed,
else the new recipe's. One that the new study doesn't search is passed over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rltune.errors import PriorError, SpaceError, suggest
from rltune.priors.evaluation import Prior, PriorEvaluation
from rltune.priors.task import PriorTask
from rltune.space.conditions import is_present
from rltune.space.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter
from rltune.space.space import Space
from rltune.types import Configuration, Scalar

LEARNING_RATE = "learning_rate"
FARTHEST = 1.0
"""In widths of a hyperparameter's interval: results beyond this far outside of it are left out."""
BEST = 64
"""At most so many configurations are handed on as the best of an earlier study."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a new study searches, as far as mapping needs it.

    Attributes:
        space: the searched hyperparameters. known: values of hyperparameters that an earlier study may lack: the new
            recipe's, and what is fixed.
        sizes: number of parameters of each model, by name; target: one of these names.
        width: hidden size of the target, on whose scale learning rates are; None: they aren't scaled.
    """

    space: Space
    known: Mapping[str, Scalar]
    sizes: Mapping[str, float]
    target: str
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the study file says of one earlier study.

    Attributes:
        rename: name of a hyperparameter there -> its name here.
        models: name of a model there -> name of one here, or its number of parameters.
        weight: 0 to 1; None: learned.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str | float] = field(default_factory=dict)
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """An earlier study in a new one's coordinates, and what became of it.

    Attributes:
        total: evaluations that there were; `len(task)` of them could be mapped. lost: why others couldn't -> how many.
        filled: hyperparameters that the earlier study says nothing of -> the value that they are given.
        unsearched: hyperparameters that varied there, and aren't searched here.
        unplaced: models of unknown size, which are taken for the target.
        rate_factor: what learning rates were multiplied by, from width to width.
    """

    task: PriorTask
    total: int
    lost: Mapping[str, int]
    filled: Mapping[str, Scalar]
    unsearched: tuple[str, ...]
    unplaced: tuple[str, ...]
    rate_factor: float = 1.0


def map_prior(prior: Prior, wishes: Wishes, ground: Ground) -> Mapped:
    """Places all evaluations that have a place.

    Raises:
        PriorError: if `rename` or `models` names what isn't there.
    """
    _check_wishes(prior, wishes, ground)
    factor = prior.width / ground.width if prior.width and ground.width else 1.0
    horizon = prior.horizon or max((e.steps for e in prior.evaluations if e.steps), default=1)
    lost: Counter[str] = Counter()
    filled: dict[str, Scalar] = {}
    there: set[str] = set()
    rows: list[tuple[np.ndarray, PriorEvaluation, dict[str, Scalar]]] = []
    for evaluation in prior.evaluations:
        values = _renamed({**prior.fixed, **evaluation.configuration}, wishes.rename, factor)
        if values.keys().isdisjoint(ground.space.names):
            lost["it has none of the searched hyperparameters"] += 1
            continue
        whole, added = _completed(values, ground)
        x = place(ground.space, whole)
        if isinstance(x, str):
            lost[x] += 1
            continue
        filled |= added
        there |= values.keys()
        rows.append((x, evaluation, whole))
    sizes, unplaced = _sizes(prior, wishes, ground)
    kept = [evaluation for _, evaluation, _ in rows]
    floors = [prior.base_scores.get(e.model or "", math.nan) for e in kept]
    scores = [f if e.score is None else np.fmax(e.score, f) for e, f in zip(kept, floors, strict=True)]
    task = PriorTask(
        prior.source,
        np.array([x for x, _, _ in rows]).reshape(len(rows), ground.space.dimension),
        np.array([sizes[e.model, e.parameters] for e in kept]),
        np.array([min(1.0, (e.steps or horizon) / horizon) for e in kept]),
        np.array(scores, dtype=float),
        _runs(kept),
        tuple(_best(rows, sizes, ground.space))[:BEST],
        wishes.weight,
    )
    searched = {wishes.rename.get(n, n) for e in prior.evaluations for n in e.configuration}
    unsearched = tuple(sorted(n for n in searched - set(ground.space.names) if _varied(prior, wishes, n)))
    never = {name: value for name, value in filled.items() if name not in there}  # others are only absent at times
    return Mapped(task, len(prior.evaluations), dict(lost), never, unsearched, unplaced, factor)


def place(space: Space, values: Mapping[str, Scalar]) -> np.ndarray | str:
    """x (d,) of values, those outside of an interval beyond 0 or 1; or why they have none. Inside the space it is the
    space's own encoding."""
    inside: dict[str, Scalar] = {}
    found: dict[str, list[float]] = {}
    for name in space.order:
        parameter = space.parameters[name]
        if not is_present(parameter, inside):
            width = parameter.cardinality if isinstance(parameter, CategoricalParameter) else 0
            found[name] = [1.0 / width] * width if width else [0.5]
            continue
        if name not in values:
            return f"no value of {name}"
        try:
            found[name] = _coordinates(parameter, values[name])
            inside[name] = parameter.nearest(values[name])
        except ValueError:
            return f"{name} is {_shown(values[name])}, which has no place in {parameter.allowed()}"
        if not all(-FARTHEST <= u <= 1 + FARTHEST for u in found[name]):
            return f"{name} is far outside of the interval"
    return np.array([u for name in space.names for u in found[name]])


def _coordinates(parameter: Parameter, value: Scalar) -> list[float]:
    """Raises ValueError if the value has no place on the parameter's axis."""
    if isinstance(parameter, CategoricalParameter):
        chosen = parameter.check(value)
        return [float(choice == chosen) for choice in parameter.choices]
    if isinstance(value, (bool, str)):
        raise ValueError
    if parameter.log and value <= 0:
        raise ValueError
    if parameter.low <= value <= parameter.high:
        return [parameter.to_unit(parameter.nearest(value))]
    edge = parameter.high if value > parameter.high else parameter.low
    return [parameter.to_unit(edge) + (_scaled(parameter, value) - _scaled(parameter, edge)) / _span(parameter)]


def _scaled(parameter: FloatParameter | IntParameter, value: float) -> float:
    return math.log(value) if parameter.log else float(value)


def _span(parameter: FloatParameter | IntParameter) -> float:
    return _scaled(parameter, parameter.high) - _scaled(parameter, parameter.low)


def _renamed(values: Mapping[str, Scalar], rename: Mapping[str, str], factor: float) -> dict[str, Scalar]:
    """Values under their names here, learning rates on the new target's scale."""
    found = {name: value for name, value in values.items() if name not in rename and name not in rename.values()}
    found |= {new: values[old] for old, new in rename.items() if old in values}
    rate = found.get(LEARNING_RATE)
    if isinstance(rate, (int, float)) and not isinstance(rate, bool):
        found[LEARNING_RATE] = rate * factor
    return found


def _completed(values: Mapping[str, Scalar], ground: Ground) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """Values with those of the new study where the earlier one says nothing, and which these are."""
    added = {n: ground.known[n] for n in ground.space.names if n not in values and n in ground.known}
    return {**values, **added}, added


def _sizes(
    prior: Prior, wishes: Wishes, ground: Ground
) -> tuple[dict[tuple[str | None, float | None], float], tuple[str, ...]]:
    """Number of parameters of each model there, and those of which it isn't known."""
    found: dict[tuple[str | None, float | None], float] = {}
    unplaced: dict[str, None] = {}
    for model, parameters in dict.fromkeys((e.model, e.parameters) for e in prior.evaluations):
        said = wishes.models.get(model or "")
        if isinstance(said, str):
            said = ground.sizes[said]
        size = said or parameters or ground.sizes.get(model or "")
        if size is None:
            unplaced[model or "a model without a name"] = None
        found[model, parameters] = float(size or ground.sizes[ground.target])
    return found, tuple(unplaced)


def _runs(evaluations: Iterable[PriorEvaluation]) -> np.ndarray:
    """(n,) numbers of runs: equal configuration, model and seed."""
    numbers: dict[tuple[object, ...], int] = {}
    keys = [(e.key[0], e.model, e.parameters, e.seed) for e in evaluations]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=int)


def _best(
    rows: Iterable[tuple[np.ndarray, PriorEvaluation, dict[str, Scalar]]],
    sizes: Mapping[tuple[str | None, float | None], float],
    space: Space,
) -> Iterable[Configuration]:
    """Those inside of the space that never failed: by the largest model, then the most steps, then the score."""
    highest: dict[Configuration, tuple[float, float, float]] = {}
    dead: set[Configuration] = set()
    for x, evaluation, values in rows:
        if not ((x >= 0) & (x <= 1)).all():
            continue
        try:
            configuration = space.tidy(space.clip(values))
        except SpaceError:
            continue
        if evaluation.score is None:
            dead.add(configuration)
            continue
        level = (sizes[evaluation.model, evaluation.parameters], float(evaluation.steps or math.inf), evaluation.score)
        highest[configuration] = max(level, highest.get(configuration, level))
    alive = (c for c in sorted(highest, key=Configuration.json) if c not in dead)
    return sorted(alive, key=lambda c: highest[c], reverse=True)


def _varied(prior: Prior, wishes: Wishes, name: str) -> bool:
    old = next((o for o, n in wishes.rename.items() if n == name), name)
    return len({e.configuration[old] for e in prior.evaluations if old in e.configuration}) > 1


def _check_wishes(prior: Prior, wishes: Wishes, ground: Ground) -> None:
    there = {name for e in prior.evaluations for name in e.configuration} | set(prior.fixed)
    for old, new in wishes.rename.items():
        if old not in there:
            raise PriorError(
                f"rename: {prior.source} has no hyperparameter {old!r}", where=f"rename.{old}", hint=suggest(old, there)
            )
        if new not in ground.space.names and new not in ground.known:
            raise PriorError(
                f"rename: this study has no hyperparameter {new!r}",
                where=f"rename.{old}",
                hint=suggest(new, ground.space.names),
            )
    models = {e.model for e in prior.evaluations if e.model}
    for old, new in wishes.models.items():
        if old not in models:
            raise PriorError(
                f"models: {prior.source} has no model {old!r}", where=f"models.{old}", hint=suggest(old, models)
            )
        if isinstance(new, str) and new not in ground.sizes:
            raise PriorError(
                f"models: this study has no model {new!r}",
                where=f"models.{old}",
                hint=f"{suggest(new, ground.sizes)}; or give its number of parameters",
            )


def _shown(value: Scalar) -> str:
    return repr(value) if isinstance(value, (str, bool)) else f"{value:g}"
