"""The base of every section of a study file: frozen values that refuse unknown keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from rltune.types import Scalar


class Section(BaseModel):
    """A part of the study file. Unknown keys are problems; values can't change after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    elsewhere: ClassVar[str] = ""
    """Where keys stand that people look for here."""


def no_bool(value: object) -> object:
    """The value, unless it is true or false: Python and YAML both count `true` as 1; in a study file it is a slip."""
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "expected a number")
    return value


Count = Annotated[int, BeforeValidator(no_bool), Field(strict=True, ge=1, le=10**9)]
"""A whole number from 1."""

Seed = Annotated[int, BeforeValidator(no_bool), Field(strict=True, ge=0, lt=2**31)]
"""A whole number that any library takes as a seed."""

Fraction = Annotated[float, BeforeValidator(no_bool), Field(strict=True, gt=0, le=1, allow_inf_nan=False)]
"""A share: above 0, at most 1."""

Positive = Annotated[float, BeforeValidator(no_bool), Field(strict=True, gt=0, allow_inf_nan=False)]
"""A finite number above 0."""


def _finite(value: Scalar) -> Scalar:
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "expected a finite number")
    return value


Value = Annotated[Scalar, AfterValidator(_finite)]
"""The value of one hyperparameter."""


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        if odd := next((key for key in value if not isinstance(key, str)), None):
            raise PydanticCustomError("key", "expected names as keys, got {key}", {"key": repr(odd)})
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _finite(value)
    if value is not None and not isinstance(value, (bool, int, str)):
        raise PydanticCustomError(
            "setting",
            "expected text, a number, true, false, a list or names with values, got {kind}",
            {"kind": type(value).__name__},
        )
    return value


Setting = Annotated[object, AfterValidator(_plain)]
"""A setting of a trainer that only the trainer itself knows: whatever YAML and JSON have in common."""


def name_only(key: str = "name") -> BeforeValidator:
    """Lets a section be written in short: `task: arithmetic/easy` for `task: {name: arithmetic/easy}`."""

    def widen(value: object) -> object:
        return {key: value} if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value

    return BeforeValidator(widen)
