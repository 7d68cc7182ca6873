"""BOHB: Hyperband's brackets, with configurations from a kernel density model (Falkner et al. 2018, arXiv 1807.01774).

As published, and as in the authors' HpBandSter, but for three things. Promotions choose among all resting runs of a
level (`brackets`, which says why). The first configuration is the recipe. A step budget is the nearest rung, and a
promoted run continues from its checkpoint.
"""

from __future__ import annotations

import math

import numpy as np

from rltune.optimizers.base import Problem
from rltune.optimizers.baseline_options import BohbOptions
from rltune.optimizers.brackets import Counts, Promote, levels_of, moves
from rltune.optimizers.kde import KdeModel, fit_density, impute, split_sizes
from rltune.optimizers.runs import best_scored
from rltune.optimizers.trials import Trial, Trials, new_at_random, read_trials
from rltune.space.parameters import CategoricalParameter
from rltune.types import Configuration, Fidelity, History, Phase, Proposal


class BohbOptimizer:
    """Brackets on the largest search model; the n-th configuration depends on the seed, n and what is known by then.

    When a small space is used up the resting runs go on, best first, and then it ends.

    Raises:
        OptimizerError: if the recipe isn't in the space.
    """

    name = "bohb"

    def __init__(self, problem: Problem, options: BohbOptions) -> None:
        self.problem = problem
        self.options = options
        self.levels = levels_of(problem.rungs, options.eta)
        parameters = problem.space.parameters.values()
        self.choices = np.array([p.cardinality if isinstance(p, CategoricalParameter) else 0 for p in parameters])
        self.min_points = max(options.min_points_in_model or 0, len(self.choices) + 1)

    def ask(self, history: History) -> Proposal | None:
        trials = read_trials(self.problem, history)
        for move in moves(len(self.levels), self.options.eta, self._counts(trials)):
            if isinstance(move, Promote):
                proposal = self._promotion(trials, move.level)
            else:
                proposal = self._start(trials, move.level, move.bracket)
            if proposal is not None:
                return proposal
        leftover = (self._promotion(trials, level) for level in reversed(range(1, len(self.levels))))
        return next((p for p in leftover if p is not None), None)

    def rank(self, history: History, count: int) -> list[Configuration]:
        return best_scored(history, self.problem.sizes, count)

    def model(self, trials: Trials, rng: np.random.Generator) -> KdeModel | None:
        """The model of the largest level with enough runs; None if none has."""
        for steps in reversed(self.levels):
            rated = [(loss, t.configuration) for t in trials.all if (loss := self._loss(t, steps)) is not None]
            rated.sort(key=lambda pair: pair[0])
            good, bad = split_sizes(len(rated), self.min_points, self.options.top_n_percent)
            if min(good, bad) <= len(self.choices):
                continue
            points = np.array([self._coordinates(configuration) for _, configuration in rated])
            densities = [
                fit_density(impute(part, self.choices, rng), self.choices, self.options.min_bandwidth)
                for part in (points[:good], points[good : good + bad])
            ]
            return KdeModel(densities[0], densities[1], steps)
        return None

    def _counts(self, trials: Trials) -> Counts:
        return Counts(
            len(trials.all),
            tuple(sum(t.attempted >= steps for t in trials.all) for steps in self.levels),
            tuple(sum(t.busy and t.attempted == steps for t in trials.all) for steps in self.levels),
        )

    def _promotion(self, trials: Trials, level: int) -> Proposal | None:
        steps, below = self.levels[level], self.levels[level - 1]
        best = next(iter(trials.resting(steps, below)), None)
        if best is None:
            return None
        reason = f"best of those that rest at step {below} (score {best.scores[below]:.3g})"
        return self._proposal(best.configuration, steps, reason)

    def _start(self, trials: Trials, level: int, bracket: int) -> Proposal | None:
        problem, steps = self.problem, self.levels[level]
        if problem.recipe not in trials.taken:
            return self._proposal(problem.recipe, steps, "the recipe")
        number = len(trials.all)
        rng = np.random.default_rng((problem.seed, number))
        configuration = None
        if rng.random() >= self.options.random_fraction and (model := self.model(trials, rng)) is not None:
            configuration = self._draw(model, trials, rng)
            reason = f"bracket {bracket}: likely among the best of {model.steps} steps"
        if configuration is None:
            configuration = new_at_random(problem.space, problem.seed, number, trials.taken)
            reason = f"bracket {bracket}: drawn at random"
        return None if configuration is None else self._proposal(configuration, steps, reason)

    def _draw(self, model: KdeModel, trials: Trials, rng: np.random.Generator) -> Configuration | None:
        """Of some draws from l the one with the highest l / g that is new."""
        space = self.problem.space
        drawn = model.good.draw(rng, self.options.num_samples, self.options.bandwidth_factor)
        for index in np.argsort(-model.log_ratio(drawn), kind="stable"):
            u = np.where(self.choices > 0, (drawn[index] + 0.5) / np.maximum(self.choices, 1), drawn[index])
            configuration = space.tidy(space.from_units(u))
            if configuration not in trials.taken:
                return configuration
        return None

    def _loss(self, trial: Trial, steps: int) -> float | None:
        """Minus the score at a step; infinite for what died before it; None if that isn't known."""
        if steps in trial.scores:
            return -trial.scores[steps]
        if trial.busy or trial.attempted < steps:
            return None
        if trial.forecast is not None and steps == self.problem.horizon:
            return -trial.forecast
        return math.inf if trial.dead else None

    def _coordinates(self, configuration: Configuration) -> np.ndarray:
        """v (p,), NaN where a parameter is absent."""
        space = self.problem.space
        u = space.units(configuration)
        v = np.where(self.choices > 0, np.floor(u * self.choices), u)
        return np.where([name in configuration.values for name in space.names], v, np.nan)

    def _proposal(self, configuration: Configuration, steps: int, reason: str) -> Proposal:
        problem = self.problem
        fidelity = Fidelity(problem.full_search_run.model, steps)
        return Proposal(configuration, fidelity, problem.training_seed, Phase.SEARCH, reason)
