"""Names of groups of examples, and scores group by group."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rltune.errors import TaskError
from rltune.tasks.base import RESERVED_GROUPS, Example


def slug(text: str) -> str:
    """`Counting & Probability` -> `counting_and_probability`: a name that can be part of a metric's.

    Raises TaskError if nothing is left of it, or if it is the name of another score.
    """
    name = re.sub(r"[^a-z0-9]+", "_", text.replace("&", " and ").lower()).strip("_")
    if not name or name in RESERVED_GROUPS:
        raise TaskError(
            f"a group of examples can't be called {text!r}",
            where="task groups",
            hint=f"a name needs letters or digits, and must not be one of {', '.join(sorted(RESERVED_GROUPS))}",
        )
    return name


def breakdown(examples: Sequence[Example], grades: Sequence[float]) -> dict[str, float]:
    """The mean grade of each group that occurs, by group name, sorted; empty if no example has a group.

    Args:
        examples: n examples.
        grades: n grades in [0, 1]; of several samples, their mean.
    """
    found: dict[str, list[float]] = {}
    for example, grade in zip(examples, grades, strict=True):
        for group in example.groups:
            found.setdefault(group, []).append(float(grade))
    return {group: sum(values) / len(values) for group, values in sorted(found.items())}
