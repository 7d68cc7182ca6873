"""How much of a space its constraints leave, and what they rule out: for people who wonder why.

Notation:
    k  number of parameters of a component (see `component`); n_1, ..., n_k their numbers of values
    arrays span all combinations by broadcasting: the values of parameter i have shape (1, ..., n_i, ..., 1)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from rltune.space.component import Component
from rltune.space.conditions import is_present
from rltune.space.space import Space
from rltune.types import Scalar

COUNTED = 2_000_000
"""Up to so many combinations are counted; of more, or of a continuum, a share is estimated."""
DRAWS = 4_096


@dataclass(frozen=True, slots=True)
class Combinations:
    """What is left of the values of the hyperparameters that some constraints tie together.

    Attributes:
        names: the hyperparameters. constraints: as in a study file, each with its reason (may be empty).
        total, possible: numbers of combinations; None where they are too many, or a continuum.
        share: of the combinations, drawn evenly, that are possible; an estimate where `total` is None.
        never: by name the values that are in no possible combination; unknown (empty) where `total` is None.
        example: what is wrong with one of the impossible ones; empty if none is.
    """

    names: tuple[str, ...]
    constraints: tuple[tuple[str, str], ...]
    total: int | None
    possible: int | None
    share: float
    never: Mapping[str, tuple[Scalar, ...]]
    example: str


def combinations(space: Space) -> tuple[Combinations, ...]:
    """One for each group of hyperparameters that constraints tie together."""
    return tuple(_describe(component) for component in space.nearest.components)


def _describe(component: Component) -> Combinations:
    constraints = tuple((c.text, c.reason) for c in component.constraints)
    sizes = [len(axis.scalars) for axis in component.axes]
    if math.prod(sizes) > COUNTED or any(axis.continuous for axis in component.axes):
        share, example = _estimated(component)
        return Combinations(component.names, constraints, None, None, share, {}, example)
    real, possible = _masks(component)
    never = {}
    for at, axis in enumerate(component.axes):
        others = tuple(i for i in range(len(sizes)) if i != at)
        found = np.atleast_1d(np.broadcast_to(possible, sizes).any(axis=others))
        if missing := tuple(value for value, kept in zip(axis.scalars, found, strict=True) if not kept):
            never[axis.name] = missing
    total, left = (int(np.broadcast_to(mask, sizes).sum()) for mask in (real, possible))
    impossible = np.argwhere(np.broadcast_to(real & ~possible, sizes))
    example = ""
    if len(impossible):
        # the middle one: the first is often odd
        at = impossible[len(impossible) // 2]
        chosen = {axis.name: axis.scalars[i] for axis, i in zip(component.axes, at, strict=True)}
        example = _complaint(component, _present(component, chosen))
    return Combinations(component.names, constraints, total, left, left / total, never, example)


def _masks(component: Component) -> tuple[np.ndarray, np.ndarray]:
    """Which combinations are real (an absent parameter counts once), and which of these possible."""
    numbers: dict[str, np.ndarray] = {}
    known: dict[str, np.ndarray] = {}
    real: list[np.ndarray] = []
    present: dict[str, np.ndarray] = {}
    at: dict[str, tuple[tuple[Scalar, ...], np.ndarray]] = {}
    for place, axis in enumerate(component.axes):
        shape = [-1 if i == place else 1 for i in range(len(component.axes))]
        index = np.arange(len(axis.scalars)).reshape(shape)
        here = np.array(True)
        for other, allowed in axis.parameter.when.items():
            scalars, indices = at[other]
            here = here & present[other] & np.isin(indices, [i for i, v in enumerate(scalars) if v in allowed])
        at[axis.name], present[axis.name] = (axis.scalars, index), here
        real.append(here | (index == 0))
        if axis.numbers is not None:
            otherwise = component.elsewhere.get(axis.name)
            own = axis.numbers.reshape(shape)
            numbers[axis.name] = own if otherwise is None else np.where(here, own, otherwise)
            known[axis.name] = here if otherwise is None else np.array(True)
    whole = reduce(np.logical_and, real)
    met = [c.holds(numbers) | ~reduce(np.logical_and, [known[n] for n in c.names]) for c in component.constraints]
    return whole, reduce(np.logical_and, met, whole)


def _estimated(component: Component) -> tuple[float, str]:
    rng = np.random.default_rng(0)
    good, example = 0, ""
    for _ in range(DRAWS):
        drawn = {axis.name: axis.parameter.from_unit(float(rng.random())) for axis in component.axes}
        values = _present(component, drawn)
        complaint = _complaint(component, values)
        good += not complaint
        example = example or complaint
    return good / DRAWS, example


def _present(component: Component, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for axis in component.axes:
        if is_present(axis.parameter, found):
            found[axis.name] = values[axis.name]
    return found


def _complaint(component: Component, values: Mapping[str, Scalar]) -> str:
    """What is wrong with values; empty if nothing is."""
    counted = {**component.elsewhere, **values}
    return next(_broken(component, counted), "")


def _broken(component: Component, counted: Mapping[str, Scalar]) -> Iterator[str]:
    for constraint in component.constraints:
        if all(name in counted for name in constraint.names) and not constraint.holds(counted):
            yield constraint.complaint(counted)
