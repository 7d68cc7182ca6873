"""Conditional parameters: in which order presence is decided, and whether a parameter is present."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.errors import SpaceError, suggest
from rltune.space.parameters import FloatParameter, Parameter
from rltune.types import Scalar


def activation_order(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    """Names ordered so that each comes after those that its `when` names.

    Raises:
        SpaceError: if a `when` names an unknown parameter, a value that it can't have, or closes a cycle.
    """
    for name, parameter in parameters.items():
        for other, values in parameter.when.items():
            _check_condition(parameters, name, other, values)
    ordered: list[str] = []
    waiting = list(parameters)
    while waiting:
        ready = [name for name in waiting if all(other in ordered for other in parameters[name].when)]
        if not ready:
            raise SpaceError(
                f"conditions must not form a cycle, but these do: {', '.join(sorted(waiting))}",
                where=f"space.{waiting[0]}.when",
                hint="remove one of these conditions",
            )
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return tuple(ordered)


def is_present(parameter: Parameter, values: Mapping[str, Scalar]) -> bool:
    """True if `values`, which hold all present parameters decided before, meet the parameter's `when`."""
    return all(other in values and values[other] in allowed for other, allowed in parameter.when.items())


def _check_condition(parameters: Mapping[str, Parameter], name: str, other: str, values: tuple[Scalar, ...]) -> None:
    where = f"space.{name}.when"
    if other not in parameters:
        known = set(parameters) - {name}
        raise SpaceError(
            f"a condition must name another parameter, got {other!r}", where=where, hint=suggest(other, known)
        )
    parent = parameters[other]
    if isinstance(parent, FloatParameter) and parent.step is None:
        raise SpaceError(
            f"a condition needs a parameter with distinct values, but {other} is a continuous float",
            where=where,
            hint=f"make {other} categorical or give it a step",
        )
    for value in values:
        try:
            parent.check(value)
        except ValueError as error:
            raise SpaceError(
                f"{other} can't be {value!r}, so {name} would never be present",
                where=where,
                hint=f"{other} is {error}",
            ) from None
