"""What candidates are worth under one posterior, and the search for better ones nearby.

Notation:
    q  candidates; D columns of x: encoding of φ, fidelity, run (see `rltune.bayes.data`)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rltune.bayes.acquisition import knowledge_gradient, score_improvement
from rltune.bayes.cost_model import CostModel
from rltune.bayes.data import NEW_RUN, NO_RUN, FidelityScale, Saying, encode_nearest, layout_of
from rltune.bayes.score_model import ScoreModel, Solved
from rltune.optimizers.base import Problem
from rltune.optimizers.candidates import Candidate, neighbours
from rltune.optimizers.options import Acquisition
from rltune.types import Configuration, Fidelity

REFINE_SCALES = (0.08, 0.03, 0.01)
REFINE_POINTS = 24
LEADERS = 64
"""The knowledge gradient looks at this many of the survivors, those of the highest posterior mean at the goal."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with log α, log expected improvement, expected seconds, and the incumbent's value f*."""

    candidate: Candidate
    log_alpha: float
    log_improvement: float
    seconds: float
    incumbent: float


class Scorer:
    """Scores candidates against the incumbent, the best of `survivors`: configurations and their posterior means at the
    goal."""

    def __init__(
        self,
        problem: Problem,
        scale: FidelityScale,
        model: ScoreModel,
        costs: CostModel,
        survivors: Mapping[Configuration, float],
        acquisition: Acquisition,
        earlier: Saying | None = None,
    ) -> None:
        self._problem = problem
        self._scale = scale
        self._model = model
        self._costs = costs
        self._survivors = survivors
        self._acquisition: Acquisition = acquisition
        self._earlier = earlier
        self._incumbents: dict[str, float] = {}

    def score(self, candidates: Sequence[Candidate]) -> list[Scored]:
        """Candidates by log α, best first."""
        if not candidates:
            return []
        x = rows(candidates, self._problem, self._scale, self._earlier)
        incumbent = np.array([self._incumbent(c.fidelity.model) for c in candidates])
        if self._acquisition == "ei_per_cost":
            improvement = score_improvement(self._model.posterior(x), incumbent)
        else:
            improvement = self._gradient(candidates, x)
        sizes = np.array([self._scale.sizes[c.fidelity.model] for c in candidates])
        missing = np.array([c.missing for c in candidates])
        rungs = np.array([c.rungs for c in candidates])
        seconds = self._costs.seconds(x[:, : self._problem.space.dimension], sizes, missing, rungs)
        alpha = improvement - np.log(seconds)
        return [
            Scored(candidates[i], float(alpha[i]), float(improvement[i]), float(seconds[i]), float(incumbent[i]))
            for i in np.argsort(-alpha, kind="stable")
        ]

    def refine(self, start: Scored, tried: Collection[Configuration], rng: np.random.Generator) -> Scored:
        """The best new configuration that a random search with shrinking steps finds around one, at its fidelity."""
        best = start
        for scale in REFINE_SCALES:
            near = neighbours(self._problem.space, best.candidate.configuration, scale, REFINE_POINTS, rng)
            moved = [replace(start.candidate, configuration=c) for c in dict.fromkeys(near) if c not in tried]
            best = max([best, *self.score(moved)], key=lambda s: s.log_alpha)
        return best

    def _gradient(self, candidates: Sequence[Candidate], x: np.ndarray) -> np.ndarray:
        """log knowledge gradient (q,) of evaluating x (q, D)."""
        runs = self._model.data.runs
        keys = [(c.configuration, c.fidelity.model, self._problem.training_seed) for c in candidates]
        measured, own = x.copy(), x.copy()
        measured[:, -1] = [runs.get(key, NEW_RUN) for key in keys]
        own[:, -3:-1] = self._scale.goal
        return knowledge_gradient(*self._model.shifts(measured, own, self._leaders))

    @cached_property
    def _leaders(self) -> Solved:
        """The m survivors that may come to be best, at the goal, 1 <= m <= LEADERS; else the recipe."""
        goal = self._problem.goal
        leaders = sorted(self._survivors, key=lambda c: -self._survivors[c])[:LEADERS] or [self._problem.recipe]
        return self._model.solve(
            rows([Candidate(c, goal, 0, 0) for c in leaders], self._problem, self._scale, self._earlier)
        )

    def _incumbent(self, model: str) -> float:
        """f*: the largest posterior mean of a survivor at r_max, on the model whose score is to improve.

        For the knowledge gradient that is the target. `ei_per_cost` looks at scores of the evaluated `model`; their
        level is another than the target's, so the incumbent is taken on that model too.
        """
        fidelity = Fidelity(model, self._problem.horizon) if self._acquisition == "ei_per_cost" else self._problem.goal
        if fidelity.model not in self._incumbents:
            means = list(self._survivors.values())
            if fidelity != self._problem.goal:
                at = [Candidate(c, fidelity, 0, 0) for c in self._survivors]
                means = self._model.means(rows(at, self._problem, self._scale, self._earlier))
            # with no survivor, anything above the best score that was imputed is an improvement
            imputed = self._model.scale.standardize(self._model.data.y)
            self._incumbents[fidelity.model] = float(max(means, default=imputed.max(initial=0.0)))
        return self._incumbents[fidelity.model]


def rows(
    candidates: Sequence[Candidate], problem: Problem, scale: FidelityScale, earlier: Saying | None = None
) -> np.ndarray:
    """x (q, D) of candidates' expected scores."""
    space = problem.space
    configurations = dict.fromkeys(candidate.configuration for candidate in candidates)
    encodings = np.array([encode_nearest(space, c) for c in configurations]).reshape(-1, space.dimension)
    said = np.zeros((len(encodings), 0)) if earlier is None else earlier(encodings)
    parts = dict(zip(configurations, np.column_stack([encodings, said]), strict=True))
    fidelities = {candidate.fidelity for candidate in candidates}
    z = {fidelity: scale.coordinates(fidelity.model, fidelity.steps) for fidelity in fidelities}
    x = np.empty((len(candidates), layout_of(space, earlier).width))
    for row, candidate in zip(x, candidates, strict=True):
        row[:-3] = parts[candidate.configuration]
        row[-3:-1] = z[candidate.fidelity]
        row[-1] = NO_RUN
    return x
