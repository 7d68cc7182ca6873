"""Which configuration-fidelity pairs are considered: new configurations, and those already running.

Everything random comes from a generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltune.optimizers.base import Problem
from rltune.optimizers.runs import RunKey, Runs
from rltune.space.parameters import CategoricalParameter
from rltune.space.quasi_random import sobol
from rltune.space.space import Space
from rltune.types import Configuration, Fidelity

SPREAD_POINTS = 128
NEIGHBOURS = 24
SCALES = (0.03, 0.1, 0.25)
"""Standard deviations of moves around good configurations, in unit values."""
SMALL_SPACE = 1_000
"""A space of at most this many configurations is considered whole."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """φ to `fidelity`; `missing` steps of it haven't been trained, and `rungs` of them will be validated."""

    configuration: Configuration
    fidelity: Fidelity
    missing: int
    rungs: int

    @property
    def run(self) -> RunKey:
        return self.configuration, self.fidelity.model


def new_configurations(
    space: Space, good: Sequence[Configuration], runs: Runs, rng: np.random.Generator
) -> list[Configuration]:
    """Configurations without a run: quasi-random ones and neighbours of `good` ones; all in a small space."""
    if space.cardinality <= SMALL_SPACE:
        drawn = space.grid(SMALL_SPACE)
    else:
        spread = sobol(space, SPREAD_POINTS, int(rng.integers(2**31)))
        near = [c for g in good for scale in SCALES for c in neighbours(space, g, scale, NEIGHBOURS // 3, rng)]
        drawn = tuple(space.tidy(c) for c in spread) + tuple(near)
    seen = {configuration for configuration, _ in runs.attempted} | runs.dead
    return [c for c in dict.fromkeys(drawn) if c not in seen]


def neighbours(
    space: Space, configuration: Configuration, scale: float, count: int, rng: np.random.Generator
) -> list[Configuration]:
    """`count` configurations around one: about half of its numbers move by N(0, scale²) in unit values, and one
    choice in five is drawn anew."""
    center = space.units(space.clip(configuration.values))
    p = len(center)
    categorical = np.array([isinstance(q, CategoricalParameter) for q in space.parameters.values()])
    moved = rng.random((count, p)) < np.where(categorical, 0.2, 0.5)
    # one coordinate moves at least
    moved[np.arange(count), rng.integers(p, size=count)] = True
    steps = center + scale * rng.standard_normal((count, p))
    target = np.where(categorical, rng.random((count, p)), np.clip(steps, 0.0, 1.0))
    return [space.tidy(space.from_units(u)) for u in np.where(moved, target, center)]


def candidates(
    problem: Problem, runs: Runs, new: Sequence[Configuration], known: Sequence[Configuration]
) -> list[Candidate]:
    """All pairs worth scoring: `new` configurations on each search model to each rung; `known` ones further on their
    model (only missing steps), or on another search model."""
    fidelities = [Fidelity(m.name, steps) for m in problem.search_models for steps in problem.rungs]
    pairs = [_from(0, c, fidelity, problem) for c in new for fidelity in fidelities]
    for configuration in known:
        for fidelity in fidelities:
            if runs.may_run(configuration, fidelity):
                done = runs.reached.get((configuration, fidelity.model), 0)
                pairs.append(_from(done, configuration, fidelity, problem))
    return pairs


def _from(done: int, configuration: Configuration, fidelity: Fidelity, problem: Problem) -> Candidate:
    """The candidate of a run that has `done` steps."""
    rungs = sum(done < rung <= fidelity.steps for rung in problem.rungs)
    return Candidate(configuration, fidelity, fidelity.steps - done, rungs)
