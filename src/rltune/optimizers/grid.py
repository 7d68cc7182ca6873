"""Grid search as practitioners do it (open-instruct): a wide coarse sweep with one seed, then a fine one with several.

Whatever isn't swept stays at the recipe. The study then validates the best ones on the target and tests the winner on
data that nothing has seen. A score is the mean over all validation prompts, of all benchmarks that the task is made of,
so the selection is by that average.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from rltune.bayes.data import score_of
from rltune.optimizers.base import Problem
from rltune.optimizers.baseline_options import GridOptions
from rltune.optimizers.runs import read_runs
from rltune.space.parameters import CategoricalParameter
from rltune.space.space import Space
from rltune.types import Configuration, History, Phase, Proposal

SEED_STRIDE = 10_000
"""Apart from each other are the fine sweep's seeds: a study's final seeds lie below, and those runs must be fresh."""


class GridOptimizer:
    """The recipe, the coarse grid (one seed), then the fine grids around its best (several seeds), all with r_max steps
    on the largest search model. Then it ends.

    A grid over all six usual axes is never affordable: `parameters` are swept, by default the learning rate and the KL
    coefficient; if the space lacks one of them, its other numbers in their order, then its choices, until two are
    found. Each sweep goes in an order shuffled by the seed, so that one which the budget cuts short has looked
    everywhere; the fine one takes all configurations with one seed before it takes the next seed.

    Raises:
        OptimizerError: if the recipe isn't in the space.
        SpaceError: if the coarse grid or a fine one would have more than a million points.
    """

    name = "grid"

    def __init__(self, problem: Problem, options: GridOptions) -> None:
        self.problem = problem
        self.options = options
        self.axes = options.axes(problem.space)
        self.coarse = self._sweep(problem.space, problem.recipe, self.axes, options.points)
        self.seeds = tuple(problem.training_seed + SEED_STRIDE * k for k in range(options.seeds))
        # A fine grid that is too large must be told of now, not after the coarse sweep is paid for.
        self._around(problem.recipe)

    def ask(self, history: History) -> Proposal | None:
        recipe = self.problem.recipe
        if (first := self._next(history, (recipe,), self.seeds[0], "the recipe")) is not None:
            return first
        order = self._shuffled(self.coarse)
        proposal = self._next(history, order, self.seeds[0], f"coarse sweep of {len(order)} configurations")
        if proposal is not None or self._waits(history, (recipe, *order)):
            return proposal
        fine = self._fine(history)
        for seed in self.seeds:
            proposal = self._next(history, fine, seed, f"fine sweep of {len(fine)} configurations, seed {seed}")
            if proposal is not None:
                return proposal
        return None

    def rank(self, history: History, count: int) -> list[Configuration]:
        """Those with all seeds first, then by the mean score over seeds."""
        scores = self._scores(history)
        dead = read_runs(history, self.seeds[0]).dead
        key = {
            c: (len(found) >= len(self.seeds), math.fsum(found.values()) / len(found))
            for c, found in scores.items()
            if c not in dead
        }
        return sorted(key, key=lambda c: (*key[c], c.json()), reverse=True)[:count]

    def _fine(self, history: History) -> tuple[Configuration, ...]:
        """The fine grids around the best of the coarse sweep, which its one seed decides for good. An axis of choices
        stays at the best one."""
        swept = {self.problem.recipe, *self.coarse}
        first = {c: s[self.seeds[0]] for c, s in self._scores(history).items() if c in swept and self.seeds[0] in s}
        best = sorted(first, key=lambda c: (-first[c], c.json()))[: self.options.top]
        grids = (self._around(center) for center in best)
        return self._shuffled(tuple(dict.fromkeys(itertools.chain.from_iterable(grids))))

    def _around(self, center: Configuration) -> tuple[Configuration, ...]:
        """One fine grid, its center first."""
        space = self.problem.space
        numbers = [n for n in self.axes if not isinstance(space.parameters[n], CategoricalParameter)]
        present = [name for name in numbers if name in center.values]
        near = space.narrow(center, self.options.narrow)
        return (center, *self._sweep(near, center, present, self.options.fine_points))

    def _sweep(
        self, space: Space, center: Configuration, axes: Sequence[str], points: int
    ) -> tuple[Configuration, ...]:
        """All combinations of the axes' values, the others as in `center` (in the middle if they are absent there), or
        as near to it as constraints allow."""
        if not axes:
            return (center,)
        alone = Space({name: space.parameters[name].model_copy(update={"when": {}}) for name in axes})
        stays = dict(zip(self.problem.space.names, self.problem.space.units(center), strict=True))
        swept = []
        for combination in alone.grid(points):
            parameters = self.problem.space.parameters
            u = {**stays, **{name: parameters[name].to_unit(value) for name, value in combination.values.items()}}
            swept.append(self.problem.space.tidy(self.problem.space.from_units(list(u.values()), hold=axes)))
        return tuple(dict.fromkeys(swept))

    def _shuffled(self, configurations: Sequence[Configuration]) -> tuple[Configuration, ...]:
        ordered = sorted(configurations, key=Configuration.json)
        order = np.random.default_rng(self.problem.seed).permutation(len(ordered))
        return tuple(ordered[i] for i in order)

    def _next(self, history: History, among: Sequence[Configuration], seed: int, reason: str) -> Proposal | None:
        fidelity = self.problem.full_search_run
        runs = read_runs(history, seed)
        free = (c for c in among if runs.may_run(c, fidelity))
        return next((Proposal(c, fidelity, seed, Phase.SEARCH, reason) for c in free), None)

    def _waits(self, history: History, among: Sequence[Configuration]) -> bool:
        busy = read_runs(history, self.seeds[0]).busy
        return any((c, self.problem.full_search_run.model) in busy for c in among)

    def _scores(self, history: History) -> Mapping[Configuration, Mapping[int, float]]:
        """By configuration and seed, at r_max on the search model; the mean where one was measured twice."""
        found: dict[Configuration, dict[int, list[float]]] = {}
        for e in history.evaluations:
            score = score_of(e)
            if score is not None and e.fidelity == self.problem.full_search_run:
                found.setdefault(e.configuration, {}).setdefault(e.seed, []).append(score)
        return {c: {s: math.fsum(v) / len(v) for s, v in by_seed.items()} for c, by_seed in found.items()}
