"""Where the winner is better: in each part of the test split, and on other tasks' test splits."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from rltune.analysis.finalists import Finalist


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the test split, or another task's test split.

    Attributes:
        winner, recipe: mean@k accuracy, the mean over `seeds`: those that both have a score of.
    """

    name: str
    winner: float
    recipe: float
    seeds: tuple[int, ...]

    @property
    def gain(self) -> float:
        """The winner's accuracy minus the recipe's (0.01 is one point)."""
        return self.winner - self.recipe


def group_parts(winner: Finalist, recipe: Finalist) -> tuple[Part, ...]:
    """The groups of the test split, by name. A failed run counts as the untrained model where that is known."""
    return _parts(winner.groups, recipe.groups)


def other_parts(winner: Finalist, recipe: Finalist) -> tuple[Part, ...]:
    """Other tasks' tests in the order of the study. Failed runs have no score there."""
    return _parts(winner.others, recipe.others)


def _parts(ours: Mapping[str, Mapping[int, float]], theirs: Mapping[str, Mapping[int, float]]) -> tuple[Part, ...]:
    found = []
    for name, values in ours.items():
        seeds = tuple(sorted(values.keys() & theirs.get(name, {}).keys()))
        if seeds:
            winner = statistics.fmean(values[seed] for seed in seeds)
            recipe = statistics.fmean(theirs[name][seed] for seed in seeds)
            found.append(Part(name, winner, recipe, seeds))
    return tuple(found)
