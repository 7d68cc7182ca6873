"""The nearest values that meet all constraints: the one way in which anything becomes possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rltune.errors import SpaceError
from rltune.space.axes import Axis, check_constraints, make_axis
from rltune.space.component import MOST_AT_FIRST, Component, make_component
from rltune.space.conditions import is_present
from rltune.space.constraints import Constraint
from rltune.space.parameters import Parameter
from rltune.types import Scalar

REMEMBERED = 16_384
"""Results that are kept: searches come back to the same values."""


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
            yield make_component(axes, [c for c in self.constraints if group & set(c.names)], self.elsewhere)

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


def _some(component: Component) -> Mapping[str, Scalar]:
    """Values that meet all constraints. Raises SpaceError, with those that can't be met, if there are none."""
    found, complete = component.first()
    if found is not None:
        return found
    alone = (make_component(component.axes, [c], component.elsewhere) for c in component.constraints)
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
