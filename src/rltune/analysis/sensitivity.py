"""Which hyperparameters matter, at which fidelity, and which may be left at the recipe.

Everything is asked of a model of all evaluations, at configurations that fill the space evenly: where a search happened
to look doesn't decide. The ranges are those of the same model after resampled configurations. They show what the luck
of which were tried can do, not all that other models of the same scores would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltune.analysis.effects import Effect, Grid, Predict, with_value
from rltune.analysis.importance import PedAnova, Share, with_ranges
from rltune.analysis.projection import Projection, project
from rltune.errors import SpaceError
from rltune.space.space import Space
from rltune.types import Configuration, Fidelity, History

LEAST = 20
"""Configurations below which nothing is told, of the whole or of a fidelity. In searches on
`rltune.testing.surfaces.GrpoSurface` (bench/sensitivity.py; its table is in docs/sensitivity.md), the learning rate,
which truly makes nearly all differences, comes first with fewer; what is told of the others isn't steady."""
SAFE_FROM = 30
"""Configurations below which nothing is said to be safe at the recipe: of what would have been, up to a quarter cost
more than 3 points there with 8 to 20 configurations, and a twentieth with 30 and more (docs/sensitivity.md)."""
MATTERS = 0.1
"""A hyperparameter matters if the range of its main effect lies above this share of all differences."""
LITTLE = 0.02
"""It may be left at the recipe if that costs less than this score, at the upper end of its range."""
_RESAMPLED_SETTINGS = 32
"""Settings of the others in the effects of resampled models: their spread is what counts."""


@dataclass(frozen=True, slots=True)
class FidelityImportance:
    """PED-ANOVA at one fidelity.

    Attributes:
        shares: one for each hyperparameter, in the space's order; empty if `refused` says why there are none.
    """

    projection: Projection
    shares: tuple[Share, ...]
    refused: str | None = None

    @property
    def fidelity(self) -> Fidelity:
        """The model and step that the shares are of."""
        return self.projection.fidelity


@dataclass(frozen=True, slots=True)
class Stake:
    """What leaving one hyperparameter at the recipe costs: the best score along it less that with the recipe's value,
    the others as in the winner. >= 0; `low`, `high`: where 90 % of resamples of the configurations lie."""

    name: str
    cost: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ModelView:
    """The model at one fidelity.

    Attributes:
        effects, shares: one for each hyperparameter, in the space's order; shares are the main effects' with ranges.
        stakes: of those hyperparameters that both winner and recipe have; empty without them.
    """

    fidelity: Fidelity
    effects: tuple[Effect, ...]
    shares: tuple[Share, ...]
    stakes: tuple[Stake, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a history says.

    Attributes:
        recipe, winner: moved into the space; None where unknown.
        configurations, evaluations: how many of the space it rests on.
        by_fidelity: smallest model first, then by steps.
        goal: the model at (target, r_max); None if `refused` says why.
        proxy: the model at r_max of the proxy that most configurations were trained on; None without one.
    """

    space: Space
    recipe: Configuration | None
    winner: Configuration | None
    configurations: int
    evaluations: int
    by_fidelity: tuple[FidelityImportance, ...]
    goal: ModelView | None
    proxy: ModelView | None
    refused: str | None = None

    @property
    def matters(self) -> tuple[Share, ...]:
        """The main effects at the goal that are surely more than little, largest first."""
        shares = self.goal.shares if self.goal else ()
        return tuple(sorted((s for s in shares if s.low >= MATTERS), key=lambda s: -s.value))

    @property
    def may_stay(self) -> tuple[Stake, ...]:
        """The hyperparameters that may be left at the recipe, the least costly first; none with too few
        configurations to tell."""
        stakes = self.goal.stakes if self.goal and self.configurations >= SAFE_FROM else ()
        return tuple(sorted((s for s in stakes if s.high <= LITTLE), key=lambda s: s.high))


def sensitivity(
    history: History,
    space: Space,
    goal: Fidelity,
    predict: Predict | None,
    resampled: Sequence[Predict] = (),
    *,
    models: Sequence[str] = (),
    recipe: Configuration | None = None,
    winner: Configuration | None = None,
    least: int = LEAST,
    seed: int = 0,
) -> Sensitivity:
    """A pure function of what it is given.

    Args:
        goal: (target, r_max).
        predict: a model of the history; None if there can't be one. resampled: the same after resampled configurations.
        models: names, smallest first, the target last: the order of fidelities.
        recipe, winner: each may lie outside the space and is then moved into it.
        least: configurations below which nothing is told, of the whole or of a fidelity.
    """
    projections = project(history, space, models)
    known = {c for projection in projections for c in projection.configurations}
    ends = _inside(recipe, space), _inside(winner, space)
    about = (space, *ends, len(known), len(history.evaluations))
    refused = _refusal(len(known), least, projections, predict)
    if predict is None or refused:
        told = tuple(FidelityImportance(p, (), refused) for p in projections)
        return Sensitivity(*about, told, None, None, refused)
    ped = PedAnova(space, seed)
    told = tuple(_at(p, least, ped, predict, resampled) for p in projections)
    viewer = _Viewer(space, *ends, predict, resampled, seed)
    proxies = [p for p in projections if p.fidelity.model != goal.model and p.fidelity.steps == goal.steps]
    largest = max(proxies, key=len, default=None)
    return Sensitivity(*about, told, viewer.view(goal), viewer.view(largest.fidelity) if largest is not None else None)


def _refusal(known: int, least: int, projections: Sequence[Projection], predict: Predict | None) -> str | None:
    if known < least:
        return f"{known} configurations were evaluated; fewer than {least} name the wrong hyperparameters too often"
    if np.ptp(np.concatenate([p.worth for p in projections])) == 0:
        return "all evaluations have the same score"
    return "there is no model of the scores" if predict is None else None


def _at(
    projection: Projection, least: int, ped: PedAnova, predict: Predict, resampled: Sequence[Predict]
) -> FidelityImportance:
    if len(projection) < least:
        return FidelityImportance(projection, (), f"{len(projection)} configurations; it takes {least}")
    return FidelityImportance(projection, ped.shares(predict, resampled, projection.fidelity))


class _Viewer:
    """Asks a model and its resampled kin for everything about one fidelity, on the same grids each time."""

    def __init__(
        self,
        space: Space,
        recipe: Configuration | None,
        winner: Configuration | None,
        predict: Predict,
        resampled: Sequence[Predict],
        seed: int,
    ) -> None:
        self._names = space.names
        self._predict, self._resampled = predict, resampled
        self._grid = Grid(space, winner, seed=seed)
        self._coarse = Grid(space, winner, settings=_RESAMPLED_SETTINGS, seed=seed)
        self._left: dict[str, np.ndarray] = {}
        if recipe is not None and winner is not None:
            both = [n for n in space.names if n in winner.values and n in recipe.values]
            self._left = {n: space.encode(with_value(winner, space, n, recipe.values[n])) for n in both}

    def view(self, fidelity: Fidelity) -> ModelView:
        found = self._grid.effects(self._predict, fidelity)
        drawn = [self._coarse.effects(predict, fidelity) for predict in self._resampled]
        shares = with_ranges(self._names, _indices(found), [_indices(other) for other in drawn])
        if not self._left:
            return ModelView(fidelity, found, shares, ())
        costs = [self._costs(e, p, fidelity) for e, p in zip(drawn, self._resampled, strict=True)]
        spread = with_ranges(tuple(self._left), self._costs(found, self._predict, fidelity), costs)
        return ModelView(fidelity, found, shares, tuple(Stake(s.name, s.value, s.low, s.high) for s in spread))

    def _costs(self, along: Sequence[Effect], predict: Predict, fidelity: Fidelity) -> np.ndarray:
        """What leaving each hyperparameter at the recipe costs, in the order of `_left`."""
        left, _ = predict(np.array(list(self._left.values())), fidelity)
        best = {effect.name: float(effect.near.max()) for effect in along if effect.near is not None}
        return np.array([max(best[n] - float(score), 0.0) for n, score in zip(self._left, left, strict=True)])


def _indices(found: Sequence[Effect]) -> np.ndarray:
    return np.array([effect.share for effect in found])


def _inside(configuration: Configuration | None, space: Space) -> Configuration | None:
    if configuration is None:
        return None
    try:
        return space.clip(configuration.values)
    except SpaceError:
        return None
