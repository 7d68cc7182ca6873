"""Parameters that constraints tie together, and the search for the values of theirs that meet all of these.

Notation:
    component  parameters that constraints tie together, with those that their presence depends on: settled by itself
    distance   Euclidean, in places (see `axes`), over the parameters that are present
The search goes through the parameters of a component one by one, nearest values first, and leaves out what is farther
than the best found so far (branch and bound), so it is exact but for continua, of which it tries the value itself, a
grid, and the bounds that the constraints set. Equal distances: the smaller values. No randomness.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rltune.space.axes import Axis
from rltune.space.conditions import is_present
from rltune.space.constraints import AtMost, Constraint
from rltune.types import Scalar

MOST_VISITS = 20_000
"""Partial combinations that a search looks at; after these it takes the best one found so far."""
MOST_AT_FIRST = 200_000
"""The same for the first values of a space, before any are known (a few seconds)."""


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """See the module.

    Attributes:
        axes: parents before children; continua and long ones last, where a constraint bounds them.
        closing: for each axis the constraints that can be decided with it.
        elsewhere: what holds for a parameter where it is absent, as far as anything does.
    """

    axes: tuple[Axis, ...]
    closing: tuple[tuple[Constraint, ...], ...]
    elsewhere: Mapping[str, Scalar]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        return tuple(constraint for closing in self.closing for constraint in closing)

    def nearest(
        self, own: Mapping[str, Scalar], held: frozenset[str], known: Mapping[str, Scalar] | None = None
    ) -> dict[str, Scalar] | None:
        """The nearest values to `own`, which has one for each axis; those of `held` stay. Without absent parameters.
        None if there are none.

        Args:
            known: values that meet the constraints, to be taken if none nearer are found.
        """
        search = _Search(self, own, held, MOST_VISITS)
        if known is not None:
            search.best = dict(known)
            search.limit = sum(_apart(axis, own, known) ** 2 for axis in self.axes if axis.name in known)
        search.descend(0, {}, {}, 0.0)
        return search.best

    def first(self) -> tuple[dict[str, Scalar] | None, bool]:
        """Values near the middle that meet the constraints, and whether all combinations were looked at."""
        middle = {axis.name: axis.parameter.from_unit(0.5) for axis in self.axes}
        search = _Search(self, middle, frozenset(), MOST_AT_FIRST)
        search.descend(0, {}, {}, 0.0)
        return search.best, search.visits <= MOST_AT_FIRST


class _Search:
    """One search: `best` so far, and `limit`, its squared distance."""

    def __init__(self, component: Component, own: Mapping[str, Scalar], held: frozenset[str], most: int) -> None:
        self.component = component
        self.own = own
        self.held = held
        self.most = most
        self.best: dict[str, Scalar] | None = None
        self.limit = math.inf
        self.visits = 0
        self._rows = [
            _Row((own[a.name],), np.zeros(1), np.array([own[a.name]])) if a.name in held else _row(a, own[a.name])
            for a in component.axes
        ]

    def descend(self, depth: int, chosen: dict[str, Scalar], counted: dict[str, Scalar], distance: float) -> None:
        """Decides the axes from `depth` on. `counted`: what constraints see of `chosen`, and of absent ones."""
        self.visits += 1
        if depth == len(self.component.axes):
            self.best, self.limit = dict(chosen), distance
            return
        axis = self.component.axes[depth]
        if not is_present(axis.parameter, chosen):
            elsewhere = {n: v for n, v in self.component.elsewhere.items() if n == axis.name}
            if all(c.holds(counted | elsewhere) for c in self._decided(depth, counted | elsewhere)):
                self.descend(depth + 1, chosen, counted | elsewhere, distance)
            return
        for value, further in self._options(depth, axis, counted, distance):
            there = distance + further * further
            # values come in the order of their distance
            if there >= self.limit or self.visits > self.most:
                return
            self.descend(depth + 1, chosen | {axis.name: value}, counted | {axis.name: value}, there)

    def _decided(self, depth: int, known: Mapping[str, object]) -> Sequence[Constraint]:
        closing = self.component.closing[depth]
        return closing if len(known) > depth else [c for c in closing if all(name in known for name in c.names)]

    def _options(
        self, depth: int, axis: Axis, counted: Mapping[str, Scalar], distance: float
    ) -> Iterator[tuple[Scalar, float]]:
        """The values of an axis that meet what can be decided with it and aren't too far, nearest first, with their
        distances."""
        closing = self._decided(depth, {**counted, axis.name: None})
        if axis.continuous and axis.name not in self.held:
            row = _row(axis, self.own[axis.name], _bounds(axis, closing, counted))
        else:
            row = self._rows[depth]
        near = int(np.searchsorted(row.apart, math.sqrt(self.limit - distance)))
        met = np.ones(near, dtype=bool)
        for constraint in closing:
            met &= constraint.holds({**counted, axis.name: row.numbers[:near]})
        for index in np.flatnonzero(met):
            yield row.scalars[int(index)], float(row.apart[index])


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The values of an axis by their distance from the wanted one. `apart` (n,), `numbers` (n,)."""

    scalars: Sequence[Scalar]
    apart: np.ndarray
    numbers: np.ndarray


def _row(axis: Axis, own: Scalar, more: Sequence[float] = ()) -> _Row:
    scalars, apart = axis.scalars, axis.distances(own)
    if axis.continuous:
        extra = (own, *more)
        scalars = (*extra, *scalars)
        apart = np.append([abs(axis.place(value) - axis.place(own)) for value in extra], apart)
    order = np.argsort(apart, kind="stable")
    numbers = order if axis.numbers is None else np.array(scalars)[order]  # of what is no number, no constraint asks
    return _Row([scalars[i] for i in order], apart[order], numbers)


def make_component(
    axes: Sequence[Axis], constraints: Sequence[Constraint], elsewhere: Mapping[str, Scalar]
) -> Component:
    """A component of axes, each after those that its presence depends on, and all constraints among them."""
    names = [axis.name for axis in axes]
    last = [max(names.index(name) for name in constraint.names) for constraint in constraints]
    closing = [tuple(c for c, at in zip(constraints, last, strict=True) if at == i) for i in range(len(axes))]
    return Component(tuple(axes), tuple(closing), elsewhere)


def _apart(axis: Axis, left: Mapping[str, Scalar], right: Mapping[str, Scalar]) -> float:
    if axis.numbers is None:
        return float(left[axis.name] != right[axis.name])
    return abs(axis.place(left[axis.name]) - axis.place(right[axis.name]))


def _bounds(axis: Axis, closing: Sequence[Constraint], counted: Mapping[str, Scalar]) -> list[float]:
    """The values of a continuum at which a constraint begins to hold."""
    found = []
    for constraint in (c for c in closing if isinstance(c, AtMost)):
        left, right = constraint.left.bound(_positive(counted)), constraint.right.bound(_positive(counted))
        here, other = (left, right) if axis.name in left.names else (right, left)
        if here.names == (axis.name,) and not other.names:
            bound = other.factor / here.factor
            if axis.parameter.low <= bound <= axis.parameter.high:  # pyright: ignore[reportAttributeAccessIssue]
                found.append(bound)
    return found


def _positive(values: Mapping[str, Scalar]) -> dict[str, float]:
    return {n: v for n, v in values.items() if isinstance(v, (int, float)) and v > 0}
