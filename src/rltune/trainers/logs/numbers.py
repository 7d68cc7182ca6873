"""Numbers as logs write them."""

from __future__ import annotations

import math
import re

# A digit can be matched in one way only: else a line of a million digits takes for ever.
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|nan|NaN|NAN|inf|Inf|Infinity)"

VALUE = re.compile(rf"(?:[A-Za-z_][\w.]{{0,30}}\()?({_NUMBER})(?:, ?(?:dtype|device)=[^()]{{0,60}})?\)?(?![\w.+-])")
"""A number, bare or inside one call, as np.float64(0.25) or tensor(0.5, device='cuda:0'); group 1 is the number."""

_LARGEST_STEP = 10**12
_LONGEST = 400
"""Characters of a number; a double written out in full has 325."""


def number_of(value: object) -> float | None:
    """The number that a value from JSON, CSV or a printed dict stands for, or None if it is none.

    Text may be a number or a numpy repr of one; None (JSON's null) is no number here.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and len(value) <= _LONGEST and (found := VALUE.fullmatch(value.strip().strip("'\""))):
        return float(found[1])
    return None


def step_of(value: object) -> int | None:
    """The step number that a value stands for (0, 1, 2, ...; 3.0 and "3" count), or None if it is none."""
    number = number_of(value)
    if number is None or not 0 <= number < _LARGEST_STEP or number != int(number):
        return None
    return int(number)
