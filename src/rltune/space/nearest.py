"""The nearest values that meet all constraints: the one way in which anything becomes possible.

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
from functools import lru_cache

import numpy as np

from rltune.errors import SpaceError
from rltune.space.axes import Axis, check_constraints, make_axis
from rltune.space.conditions import is_present
from rltune.space.constraints import AtMost, Constraint
from rltune.space.parameters import Parameter
from rltune.types import Scalar

MOST_VISITS = 20_000
"""Partial combinations that a search looks at; after these it takes the best one found so far."""
MOST_AT_FIRST = 200_000
"""The same for the first values of a space, before any are known (a few seconds)."""
REMEMBERED = 16_384


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
        for value, further in self._options(depth, axis, counted):
            there = distance + further * further
            # values come in the order of their distance
            if there >= self.limit or self.visits > self.most:
                return
            self.descend(depth + 1, chosen | {axis.name: value}, counted | {axis.name: value}, there)

    def _decided(self, depth: int, known: Mapping[str, object]) -> list[Constraint]:
        return [c for c in self.component.closing[depth] if all(name in known for name in c.names)]

    def _options(self, depth: int, axis: Axis, counted: Mapping[str, Scalar]) -> Iterator[tuple[Scalar, float]]:
        """The values of an axis that meet what can be decided with it, nearest first, with their distances."""
        closing = self._decided(depth, {**counted, axis.name: None})
        own = self.own[axis.name]
        if axis.name in self.held:
            scalars: Sequence[Scalar] = (own,)
            apart, numbers = np.zeros(1), np.array([own])
        elif axis.continuous:
            extra = (own, *_bounds(axis, closing, counted))
            scalars, numbers = (*extra, *axis.scalars), np.array((*extra, *axis.scalars))
            apart = np.append([abs(axis.place(v) - axis.place(own)) for v in extra], axis.distances(own))
        else:
            scalars, numbers, apart = axis.scalars, axis.numbers, axis.distances(own)
        order = np.argsort(apart, kind="stable")
        if closing:
            met = np.ones(len(scalars), dtype=bool)
            for constraint in closing:
                met &= constraint.holds({**counted, axis.name: numbers})
            order = order[met[order]]
        for index in order:
            yield scalars[index], float(apart[index])


class Nearest:
    """What moves values into the constraints of one space.

    Args:
        order: names, each after those that its presence depends on.
        elsewhere: see `Component`.

    Raises:
        SpaceError: if a constraint can't be used, or no values meet them all.
    """

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        order: Sequence[str],
        constraints: Sequence[Constraint],
        elsewhere: Mapping[str, Scalar],
    ) -> None:
        check_constraints(parameters, constraints)
        self.parameters = parameters
        self.order = tuple(order)
        self.constraints = tuple(constraints)
        self.elsewhere = {n: v for n, v in elsewhere.items() if any(n in c.names for c in constraints)}
        self.components = tuple(self._components())
        self._known = tuple(_some(component) for component in self.components)
        self._search = lru_cache(REMEMBERED)(self._searched)

    def unmet(self, values: Mapping[str, Scalar]) -> Constraint | None:
        """The first constraint that the values of the present parameters break."""
        counted = {**self.elsewhere, **values}
        for constraint in self.constraints:
            if all(name in counted for name in constraint.names) and not constraint.holds(counted):
                return constraint
        return None

    def settle(self, wanted: Mapping[str, Scalar], hold: frozenset[str] = frozenset()) -> dict[str, Scalar]:
        """The nearest possible values to `wanted`, of the parameters that are then present.

        Args:
            wanted: allowed values; of a parameter that has none and turns out to be present, the middle one is taken.
            hold: names whose values stay, if that can be.
        """
        values = self._present(wanted)
        if self.unmet(values) is None:
            return values
        moved = {name: wanted.get(name, self.parameters[name].from_unit(0.5)) for name in self.parameters}
        for number, component in enumerate(self.components):
            own = tuple(moved[name] for name in component.names)
            found = dict(self._search(number, own, hold & frozenset(component.names)))
            moved |= found
        return self._present(moved)

    def reachable(self, name: str, values: Sequence[Scalar]) -> tuple[Scalar, ...]:
        """Those of a parameter's values that go with some values of the others; in place of one that doesn't, the
        nearest that does. None twice."""
        if not any(name in component.names for component in self.components):
            return tuple(values)
        parents: dict[str, Scalar] = {}
        for other in reversed(self.order):
            if other == name or other in parents:
                parents |= {n: allowed[0] for n, allowed in self.parameters[other].when.items() if n not in parents}
        found = (self.settle({**parents, name: value}, frozenset({name})) for value in values)
        return tuple(dict.fromkeys(values[name] for values in found if name in values))

    def _present(self, wanted: Mapping[str, Scalar]) -> dict[str, Scalar]:
        values: dict[str, Scalar] = {}
        for name in self.order:
            parameter = self.parameters[name]
            if is_present(parameter, values):
                values[name] = wanted[name] if name in wanted else parameter.from_unit(0.5)
        return values

    def _searched(self, number: int, own: tuple[Scalar, ...], held: frozenset[str]) -> tuple[tuple[str, Scalar], ...]:
        component = self.components[number]
        wanted = dict(zip(component.names, own, strict=True))
        found = component.nearest(wanted, held) if held else None
        if found is None:
            found = component.nearest(wanted, frozenset(), self._known[number])
        assert found is not None, "the known one at least"
        return tuple(found.items())

    def _components(self) -> Iterator[Component]:
        groups: list[set[str]] = []
        for constraint in self.constraints:
            tied = self._with_parents(constraint.names)
            joined = [group for group in groups if group & tied]
            groups = [group for group in groups if not group & tied]
            groups.append(tied.union(*joined))
        for group in groups:
            axes = sorted((make_axis(n, self.parameters[n]) for n in self.order if n in group), key=self._rank)
            yield _component(axes, [c for c in self.constraints if group & set(c.names)], self.elsewhere)

    def _with_parents(self, names: Sequence[str]) -> set[str]:
        tied, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name not in tied:
                tied.add(name)
                waiting += self.parameters[name].when
        return tied

    def _rank(self, axis: Axis) -> tuple[int, bool, int]:
        def depth(name: str) -> int:
            return max((1 + depth(other) for other in self.parameters[name].when), default=0)

        return depth(axis.name), axis.continuous, len(axis.scalars)


def _component(axes: Sequence[Axis], constraints: Sequence[Constraint], elsewhere: Mapping[str, Scalar]) -> Component:
    names = [axis.name for axis in axes]
    last = [max(names.index(name) for name in constraint.names) for constraint in constraints]
    closing = [tuple(c for c, at in zip(constraints, last, strict=True) if at == i) for i in range(len(axes))]
    return Component(tuple(axes), tuple(closing), elsewhere)


def _some(component: Component) -> Mapping[str, Scalar]:
    """Values that meet all constraints. Raises SpaceError, with those that can't be met, if there are none."""
    found, complete = component.first()
    if found is not None:
        return found
    alone = (_component(component.axes, [c], component.elsewhere) for c in component.constraints)
    culprits = next((one.constraints for one in alone if one.first() == (None, True)), None)
    broken = culprits or component.constraints
    named = dict.fromkeys(name for constraint in broken for name in constraint.names)
    allowed = [f"{a.name} ({a.parameter.allowed()})" for a in component.axes if a.name in named]
    reasons = [f"{c.text}{f', since {c.reason}' if c.reason else ''}" for c in broken]
    none = "no values" if complete or culprits else f"after {MOST_AT_FIRST:,} tries no values"
    raise SpaceError(
        f"{none} of {' and '.join(allowed)} meet: {'; '.join(reasons)}",
        where="constraints",
        hint="widen one of them, or change what is held in `fixed`",
    )


def _apart(axis: Axis, left: Mapping[str, Scalar], right: Mapping[str, Scalar]) -> float:
    if axis.numbers is None:
        return float(left[axis.name] != right[axis.name])
    return abs(axis.place(left[axis.name]) - axis.place(right[axis.name]))


def _bounds(axis: Axis, closing: Sequence[Constraint], counted: Mapping[str, Scalar]) -> Iterator[float]:
    """The values of a continuum at which a constraint begins to hold."""
    for constraint in (c for c in closing if isinstance(c, AtMost)):
        left, right = constraint.left.bound(_positive(counted)), constraint.right.bound(_positive(counted))
        here, other = (left, right) if axis.name in left.names else (right, left)
        if here.names == (axis.name,) and not other.names:
            bound = other.factor / here.factor
            if axis.parameter.low <= bound <= axis.parameter.high:  # pyright: ignore[reportAttributeAccessIssue]
                yield bound


def _positive(values: Mapping[str, Scalar]) -> dict[str, float]:
    return {n: v for n, v in values.items() if isinstance(v, (int, float)) and v > 0}
