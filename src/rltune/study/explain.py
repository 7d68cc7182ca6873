"""Constraints in words: which combinations of a study's values are impossible, why, and how many are left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rltune.space.combinations import Combinations
from rltune.types import Scalar

SHOWN = 8
"""Values that are listed; of more their number is told."""


def explain(found: Combinations) -> tuple[str, ...]:
    """One sentence a line."""
    return tuple(_lines(found))


def _lines(found: Combinations) -> Iterator[str]:
    for text, reason in found.constraints:
        yield f"{text}: {reason}" if reason else f"{text}, as the study file says"
    names = _listed(found.names, len(found.names))
    if found.total is None:
        yield f"of all combinations of {names}, about {found.share:.0%} are possible; others are moved to the nearest"
    elif found.possible == found.total:
        yield f"all {found.total:,} combinations of {names} are possible"
    else:
        yield f"of {found.total:,} combinations of {names}, {found.possible:,} are possible"
    if found.example:
        yield f"one that isn't: {found.example}"
    for name, values in found.never.items():
        with_it = "it" if len(values) == 1 else "them"
        yield f"never tried, since nothing goes with {with_it}: {name} {_listed(values, SHOWN)}"


def _listed(values: Sequence[Scalar], most: int) -> str:
    shown = [f"{v:,}" if isinstance(v, int) else f"{v}" for v in values[:most]]
    if len(values) > most:
        return f"{', '.join(shown)} and {len(values) - most:,} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
