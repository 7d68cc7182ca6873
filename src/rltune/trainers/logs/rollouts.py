"""From TRL's optimizer updates to rollout steps.

TRL logs updates. Where several are made from one generation, only the one that generated reports a reward: so the
distance between rewards, if it is the same everywhere, is the number of updates in a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rltune.trainers.logs.base import is_training

Entry = tuple[int, dict[str, float]]
"""(update, canonical values)"""

_SUMMED = frozenset({"tokens", "step_seconds", "validate_seconds"})


def to_rollout_steps(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries by rollout step, in their order, and a note if they were merged.

    Entries that were logged at each update, with a reward at each k-th (k >= 2), are averaged; all others are given
    back as they are.
    """
    updates = updates_per_step(entries)
    if updates == 1:
        return list(entries), ()
    groups: dict[int, list[dict[str, float]]] = {}
    for update, values in entries:
        groups.setdefault((max(update, 1) - 1) // updates + 1, []).append(values)
    merged = [(step, averaged(rows)) for step, rows in groups.items()]
    return merged, (f"{updates} updates are made from each generation: they were averaged to one step",)


def updates_per_step(entries: Sequence[Entry]) -> int:
    """How many updates are made from one generation, as far as the entries tell; else 1."""
    trained = [(update, "reward" in values) for update, values in entries if is_training(values)]
    rewarded = [update for update, has_reward in trained if has_reward]
    if len(rewarded) < 2 or len(rewarded) == len(trained):
        return 1
    first, second = rewarded[:2]
    distance = second - first
    expected = list(range(first, trained[-1][0] + 1, distance)) if distance > 1 else []
    each_update = [update for update, _ in trained] == list(range(trained[0][0], trained[0][0] + len(trained)))
    return distance if each_update and rewarded == expected and (first - 1) % distance == 0 else 1


def averaged(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """One line for several updates of the same step: means by name, but sums of tokens and seconds; NaN stays."""
    names = dict.fromkeys(name for row in rows for name in row)
    merged = {}
    for name in names:
        values = [row[name] for row in rows if name in row]
        total = math.fsum(values) if all(map(math.isfinite, values)) else sum(values)
        merged[name] = total if name in _SUMMED else total / len(values)
    return merged
