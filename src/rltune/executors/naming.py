"""Which names a trainer's numbers may have: they end up in tables, files and pages."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.visible import is_plain

LONGEST = 200
"""Characters of a metric's name."""
MOST = 1_000
"""Numbers of one step: a program that names more logs something else than metrics."""


def storable(values: Mapping[str, float]) -> dict[str, float]:
    """The numbers that can be recorded: those whose names are plain text of up to LONGEST characters, the first MOST
    of them. A stranger's log may hold any name (`score/...` is open), also one that no database takes."""
    named = ((name, value) for name, value in values.items() if len(name) <= LONGEST and is_plain(name))
    return dict(pair for pair, _ in zip(named, range(MOST), strict=False))
