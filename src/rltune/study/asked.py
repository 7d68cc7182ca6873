"""What people can ask of a study, and the shape of each request. Light: loads no torch, no store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from rltune.config.section import Count, Positive
from rltune.config.units import Duration
from rltune.errors import StudyError, suggest

MOST_VALUES = 200
LONGEST_TEXT = 500


def _scalar(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    if not isinstance(value, (bool, int, float, str)) or len(str(value)) > LONGEST_TEXT:
        raise ValueError("expected a number, true, false or a short text")
    return value


RunId = Annotated[str, Field(pattern=r"^r\d{1,12}$")]
Value = Annotated[bool | int | float | str, BeforeValidator(_scalar)]


class Asked(BaseModel):
    """The values of a request. What its kind doesn't know, or what isn't finite, is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Pause(Asked):
    """No new trials; those in flight save a checkpoint and wait."""


class Resume(Asked):
    """On after a pause."""


class StopRun(Asked):
    """End a run's trial at its next step."""

    run: RunId


class Enqueue(Asked):
    """Try a configuration next. What `configuration` leaves out is as in the recipe; `model`: one of the study's, the
    smallest that the search trains on if it isn't named; `steps`: a rung, r_max if it isn't named."""

    configuration: dict[str, Value] = Field(max_length=MOST_VALUES)
    model: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None
    steps: Count | None = None


class Pin(Asked):
    """Keep a checkpoint whatever happens, or not any more."""

    run: RunId
    step: Count
    pinned: bool = True


class Budget(Asked):
    """New totals; what isn't named stays. `time` in seconds, or as in a study file (`60h`)."""

    time: Duration | None = None
    gpu_hours: Positive | None = None
    trials: Count | None = None

    @model_validator(mode="after")
    def _something(self) -> Budget:
        if self.time is None and self.gpu_hours is None and self.trials is None:
            raise ValueError("name at least one of time, gpu_hours and trials")
        return self


class ExtendRun(Asked):
    """Train a run further, to a rung; to r_max if `steps` isn't named."""

    run: RunId
    steps: Count | None = None


KINDS: Mapping[str, type[Asked]] = {
    "pause": Pause,
    "resume": Resume,
    "stop_run": StopRun,
    "enqueue": Enqueue,
    "pin": Pin,
    "budget": Budget,
    "extend_run": ExtendRun,
}


def read_values(kind: str, values: Mapping[str, object]) -> Asked:
    """The values of a request, checked by themselves.

    Raises:
        StudyError: if the kind is unknown, or a value is missing, unknown or impossible.
    """
    if kind not in KINDS:
        raise StudyError(f"a study can't be asked for {kind!r}", where="request", hint=suggest(kind, KINDS))
    try:
        return KINDS[kind].model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"] if part not in ("bool", "int", "float"))
        known = ", ".join(KINDS[kind].model_fields) or "none"
        problem = first["msg"].removeprefix("Value error, ")
        text = f"{name}: {problem}" if name else problem
        raise StudyError(text, where=f"request {kind}", hint=f"its values: {known}") from None
