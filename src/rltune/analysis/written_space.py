"""The search space, as a study has written it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from rltune.space.constraints import parse_constraint
from rltune.space.parameters import Parameter
from rltune.space.space import Space

_PARAMETERS: TypeAdapter[dict[str, Parameter]] = TypeAdapter(dict[str, Parameter])


def written_space(facts: Mapping[str, Any]) -> Space | None:
    """The space in a study's facts; None if it isn't there yet.

    Raises:
        ValidationError, SpaceError: if what is written there is no space.
    """
    parameters = facts.get("space")
    if not isinstance(parameters, Mapping) or not parameters:
        return None
    constraints = tuple(parse_constraint(text) for text in facts.get("constraints", ()))
    return Space(_PARAMETERS.validate_python(dict(parameters)), constraints, facts.get("elsewhere", {}))
