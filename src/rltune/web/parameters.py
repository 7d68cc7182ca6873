"""What a request asks for, checked: numbers within bounds, texts of a length."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rltune.errors import RltuneError
from rltune.visible import visible

LONGEST = 500
_NUMBER = re.compile(r"[0-9]{1,9}")


class RequestError(RltuneError):
    """A request to the live page asks for what there can't be."""


class NotFound(RequestError):
    """A request names what the study doesn't have."""


def text_of(query: Mapping[str, str], name: str, default: str = "") -> str:
    """A parameter as text.

    Raises:
        RequestError: if it is too long.
    """
    value = query.get(name, default)
    if len(value) > LONGEST:
        raise RequestError(f"{name} has {len(value)} characters; at most {LONGEST} are read", where=name)
    return value


def number_of(query: Mapping[str, str], name: str, default: int, most: int = 10**9) -> int:
    """A parameter as a whole number >= 0, at most `most`.

    Raises:
        RequestError: if it isn't one.
    """
    value = query.get(name, "")
    if not value:
        return default
    if not _NUMBER.fullmatch(value):
        raise RequestError(f"expected a whole number, got {visible(value[:40])!r}", where=name)
    return min(int(value), most)
