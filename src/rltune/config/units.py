"""Durations and sizes as people write them: `90`, `5m`, `1h30m`, `48h`; `512MB`, `8GB`."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}

LONGEST = 366 * 86400.0
"""Longest duration, in seconds: a year. More is a slip (milliseconds, a missing unit)."""
LARGEST = 10**15
"""Largest size, in bytes."""

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?B)")


def parse_duration(value: object) -> float:
    """Seconds of a duration: a number of seconds, or numbers with the units s, m, h, d (`90`, `"5m"`, `"1h30m"`).

    Raises:
        ValueError: if it can't be read, isn't above 0 or is longer than a year.
    """
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError(f"expected a duration such as 300, 5m, 1h30m or 2d, got {value!r}")
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"expected a duration above 0 and up to 366d, got {value!r}")
    return seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        text = value.strip().lower().replace(" ", "")
        if _DURATION.fullmatch(text):
            return sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    # A huge int can't become a float; it is out of range either way.
    return float(min(max(value, -1), 2 * LONGEST))


def parse_size(value: object) -> int:
    """Bytes of a size: a whole number of bytes, or a number with a unit (`512MB`, `8GB`, `16GiB`).

    Raises:
        ValueError: if it can't be read, isn't above 0 or is beyond any machine.
    """
    size: float | None = None
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip().upper())):
        size = float(match[1]) * BYTES[match[2]] if match[2] in BYTES else None
    elif isinstance(value, int) and not isinstance(value, bool):
        size = value
    if size is None or not 1 <= size <= LARGEST:
        raise ValueError(f"expected a size such as 8GB, 512MB or a number of bytes, got {value!r}")
    return int(size)


def _as_duration(value: object) -> float:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise PydanticCustomError("duration", "{problem}", {"problem": str(error)}) from None


def _as_size(value: object) -> int:
    try:
        return parse_size(value)
    except ValueError as error:
        raise PydanticCustomError("size", "{problem}", {"problem": str(error)}) from None


Duration = Annotated[float, BeforeValidator(_as_duration)]
"""Seconds, written as a number or with units."""

Size = Annotated[int, BeforeValidator(_as_size)]
"""Bytes, written as a number or with a unit."""
