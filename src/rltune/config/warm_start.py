"""The section of a study file about earlier studies whose results are prior knowledge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rltune.config.section import Positive, Section, no_bool

Name = Annotated[str, Field(strict=True, min_length=1, max_length=500)]

_PASSWORD = re.compile(r"://[^/:@]*:[^@]*@|[?&](ssl)?password=", re.IGNORECASE)


def no_password(url: str) -> str:
    """The URL, unless it holds a password: a study file holds no secrets."""
    # A password may hold a slash, even an @.
    if _PASSWORD.search(url):
        raise PydanticCustomError(
            "password", "the database URL must not hold a password; set PGPASSWORD or use ~/.pgpass instead"
        )
    return url


def _named(place: str) -> str:
    if "://" in place and not place.partition("#")[2]:
        raise PydanticCustomError("address", "a database may hold many studies: write URL#NAME")
    return place


Weight = Annotated[float, BeforeValidator(no_bool), Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class EarlierConfig(Section):
    """One earlier study; `studies/old` for `{from: studies/old}`."""

    place: Annotated[Name, AfterValidator(no_password), AfterValidator(_named)] = Field(
        alias="from",
        description="A study's folder, URL#NAME of one in a database, or a prior file, which `rltune import` writes.",
    )
    rename: Mapping[str, Name] = Field(
        default_factory=dict,
        max_length=100,
        description="Hyperparameters that had another name there, as {old: new}; none needed if names are the same.",
    )
    models: Mapping[str, Name | Positive] = Field(
        default_factory=dict,
        max_length=100,
        description="Models there, as {old: one of this study's, or a number of parameters}; none needed if known.",
    )
    weight: Literal["auto"] | Weight = Field(
        default="auto",
        description="How far it is believed: auto learns that from how well it predicts; 0 to 1 fixes it.",
    )

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        news = list(self.rename.values())
        if twice := next((new for new in news if news.count(new) > 1), None):
            raise PydanticCustomError("problem", "two hyperparameters are renamed to {name}", {"name": repr(twice)})
        return self


def _listed(value: object) -> object:
    """One place, or one mapping, for a list of one."""
    many = [value] if isinstance(value, (str, Mapping)) else value
    return [{"from": one} if isinstance(one, str) else one for one in many] if isinstance(many, (list, tuple)) else many


WarmStart = Annotated[tuple[EarlierConfig, ...], Field(max_length=20), BeforeValidator(_listed)]
