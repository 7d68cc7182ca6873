"""Values as JSON that any browser reads: no NaN, no characters that can't be seen, no secrets."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, lru_cache
from pathlib import PurePath

from rltune.errors import RltuneError
from rltune.redaction import redactor
from rltune.visible import visible

_SHORT = 120
"""Texts of up to so many characters are worth remembering: names and values that stand in every row."""


def plain(value: object) -> object:
    """JSON values only: dataclasses become objects, keys strings, infinities and NaN the strings `NaN`, `Infinity` and
    `-Infinity`."""
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, Enum) else value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else _beyond(value)
    if isinstance(value, str):
        return shown(value.value if isinstance(value, Enum) else value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {shown(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, PurePath):
        return shown(str(value))
    item = getattr(value, "item", None)  # a NumPy scalar
    return plain(item()) if callable(item) else shown(str(value))


def shown(text: str) -> str:
    """Text as a page may show it. Secrets are those that the environment held at the first call."""
    return _shown(text) if len(text) <= _SHORT else visible(_redactor()(text))


@lru_cache(maxsize=1 << 14)
def _shown(text: str) -> str:
    return visible(_redactor()(text))


@cache
def _redactor() -> Callable[[str], str]:
    return redactor()


def encode(value: object) -> bytes:
    """The bytes of an answer."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def said(error: RltuneError) -> dict[str, object]:
    """An error as the page shows it."""
    return {"error": {"message": plain(error.message), "where": plain(error.where), "hint": plain(error.hint)}}


def _beyond(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
