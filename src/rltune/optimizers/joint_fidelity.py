"""Joint-fidelity Bayesian optimization (arXiv 2606.03073): which configuration, on which model, for how many steps.

After an initial design, each proposal maximizes α(φ, r), the expected improvement per expected second (see
`rltune.bayes.acquisition`), over new configurations and continuations alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from rltune.bayes.acquisition import goal_improvement, paper_improvement
from rltune.bayes.cost_model import CostModel, fit_cost_model
from rltune.bayes.data import FidelityScale, TrainingData, encode_nearest, training_data
from rltune.bayes.score_model import Hyperparameters, ScoreModel, fit_hyperparameters, one_thread
from rltune.errors import OptimizerError
from rltune.optimizers.base import Problem
from rltune.optimizers.candidates import Candidate, candidates, neighbours, new_configurations
from rltune.optimizers.design import next_of_design
from rltune.optimizers.runs import read_runs
from rltune.types import Configuration, History, Phase, Proposal

GOOD = 5
"""New configurations are sought around this many of the best."""
REFINED = 4
REFINE_SCALES = (0.08, 0.03, 0.01)
REFINE_POINTS = 24
REFIT_GROWTH = 1.15
"""Hyperparameters are fitted anew when the history has grown by this factor."""
CAUTION = 0.5
"""Configurations are ranked by posterior mean minus this many standard deviations: what was seen only briefly must
promise more than what was seen at a higher rung."""


class JointFidelityOptions(BaseModel):
    """Settings of the joint-fidelity optimizer.

    Attributes:
        initial: configurations of the initial design, the recipe among them; default: parameters + 2, at least 6.
        improvement: `paper`: of the score at the fidelity itself over the incumbent at (target, r_max);
            `goal`: of what the evaluation tells about (target, r_max).
        step_seconds: known seconds per step by model name, from timing steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    initial: int | None = Field(default=None, ge=1)
    improvement: Literal["paper", "goal"] = "goal"
    step_seconds: dict[str, PositiveFloat] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with log α, log expected improvement and expected seconds."""

    candidate: Candidate
    log_alpha: float
    log_improvement: float
    seconds: float


class JointFidelityOptimizer:
    """Proposes configuration, model and steps together.

    `ask` and `rank` are pure functions of the history: hyperparameters are always those fitted to the history's
    prefix at the last refit point. They are remembered only to save time.
    """

    name = "joint_fidelity"
    options_type = JointFidelityOptions

    def __init__(self, problem: Problem, options: JointFidelityOptions) -> None:
        sizes = {m.name: m.parameters for m in (problem.target, *problem.proxies, *problem.search_models)}
        unknown = sorted(set(options.step_seconds) - set(sizes))
        if unknown:
            raise OptimizerError(
                f"step_seconds names {unknown[0]!r}, which isn't a model of the study",
                where="optimizer.joint_fidelity",
                hint=f"models: {', '.join(sorted(sizes))}",
            )
        self.problem = problem
        self.options = options
        self.initial = options.initial or max(6, len(problem.space.names) + 2)
        self._scale = FidelityScale(problem.rungs[0], problem.horizon, sizes, problem.target.name)
        self._fits: dict[bytes, Hyperparameters] = {}

    def ask(self, history: History) -> Proposal | None:
        runs = read_runs(history, self.problem.training_seed)
        proposal = next_of_design(self.problem, runs, self.initial)
        if proposal is not None:
            return proposal
        with one_thread():
            return self._best_proposal(history)

    def rank(self, history: History, count: int) -> list[Configuration]:
        survivors = read_runs(history, self.problem.training_seed).survivors
        with one_thread():
            model = self._score_model(history)
            mean, sd = self._at_goal(model, survivors)
        order = np.argsort(-(mean - CAUTION * sd), kind="stable")
        return [survivors[i] for i in order[:count]]

    def _best_proposal(self, history: History) -> Proposal | None:
        problem = self.problem
        runs = read_runs(history, problem.training_seed)
        rng = np.random.default_rng((problem.seed, len(history.evaluations) + len(history.pending)))
        model = self._score_model(history)
        costs = fit_cost_model(history, problem.space, self._scale, self.options.step_seconds)
        survivors = runs.survivors
        mean, _ = self._at_goal(model, survivors)
        incumbent = float(mean.max()) if len(survivors) else float(model.data.y.max(initial=0.0))
        good = [survivors[i] for i in np.argsort(-mean, kind="stable")[:GOOD]] or [problem.recipe]
        new = new_configurations(problem.space, good, runs, rng)
        scored = self._score(candidates(problem, runs, new), model, costs, incumbent)
        if not scored:
            return None
        fresh = set(new)
        leaders = [s for s in scored if s.candidate.configuration in fresh][:REFINED]
        tried = {configuration for configuration, _ in runs.attempted} | runs.dead
        refined = [self._refined(s, model, costs, incumbent, tried, rng) for s in leaders]
        best = max([scored[0], *refined], key=lambda s: s.log_alpha)
        return self._proposal(best, model, incumbent)

    def _score_model(self, history: History) -> ScoreModel:
        """The posterior after all evaluations, and after imagined results of what is in flight."""
        data = training_data(history, self.problem.space, self._scale)
        model = ScoreModel(data, self._hyperparameters(data.first(refit_point(len(data)))))
        pending = [
            np.append(encoding, self._scale.coordinates(p.fidelity.model, p.fidelity.steps))
            for p in history.pending
            if p.fidelity.model in self._scale.sizes
            and (encoding := encode_nearest(self.problem.space, p.configuration)) is not None
        ]
        return model.believing(np.array(pending).reshape(len(pending), data.x.shape[1]))

    def _hyperparameters(self, data: TrainingData) -> Hyperparameters:
        key = data.x.tobytes() + data.y.tobytes()
        if key not in self._fits:
            self._fits = {key: fit_hyperparameters(data)}
        return self._fits[key]

    def _at_goal(
        self, model: ScoreModel, configurations: tuple[Configuration, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation (q,) of configurations at (target, r_max)."""
        x = self._rows([Candidate(c, self.problem.goal, 0) for c in configurations])
        mean, variance = model.posterior(x)
        return mean, np.sqrt(variance)

    def _rows(self, pairs: list[Candidate]) -> np.ndarray:
        """x (q, D) of candidates."""
        space = self.problem.space
        encodings = {c: encode_nearest(space, c) for c in dict.fromkeys(p.configuration for p in pairs)}
        z = {f: self._scale.coordinates(f.model, f.steps) for f in {p.fidelity for p in pairs}}
        rows = np.empty((len(pairs), space.dimension + 2))
        for row, pair in zip(rows, pairs, strict=True):
            row[:-2] = encodings[pair.configuration]
            row[-2:] = z[pair.fidelity]
        return rows

    def _score(
        self, pairs: list[Candidate], model: ScoreModel, costs: CostModel, incumbent: float
    ) -> list[Scored]:
        """Candidates by log α, best first."""
        if not pairs:
            return []
        x = self._rows(pairs)
        if self.options.improvement == "paper":
            log_improvement = paper_improvement(model, x, incumbent)
        else:
            log_improvement = goal_improvement(model, x, self._scale.goal, incumbent)
        sizes = np.array([self._scale.sizes[p.fidelity.model] for p in pairs])
        seconds = costs.seconds(x[:, :-2], sizes, np.array([p.missing for p in pairs]))
        log_alpha = log_improvement - np.log(seconds)
        order = np.argsort(-log_alpha, kind="stable")
        return [
            Scored(pairs[i], float(log_alpha[i]), float(log_improvement[i]), float(seconds[i])) for i in order
        ]

    def _refined(
        self,
        scored: Scored,
        model: ScoreModel,
        costs: CostModel,
        incumbent: float,
        tried: set[Configuration] | frozenset[Configuration],
        rng: np.random.Generator,
    ) -> Scored:
        """The best of a random search with shrinking steps around a candidate, at its fidelity."""
        best = scored
        for scale in REFINE_SCALES:
            near = neighbours(self.problem.space, best.candidate.configuration, scale, REFINE_POINTS, rng)
            pairs = [
                Candidate(c, scored.candidate.fidelity, scored.candidate.missing)
                for c in dict.fromkeys(near)
                if c not in tried
            ]
            best = max([best, *self._score(pairs, model, costs, incumbent)], key=lambda s: s.log_alpha)
        return best

    def _proposal(self, best: Scored, model: ScoreModel, incumbent: float) -> Proposal:
        candidate = best.candidate
        (mean,), (sd,) = self._at_goal(model, (candidate.configuration,))
        improvement = math.exp(max(best.log_improvement, -700.0))
        done = candidate.fidelity.steps - candidate.missing
        what = f"continued from step {done}" if done else "new run"
        return Proposal(
            candidate.configuration,
            candidate.fidelity,
            self.problem.training_seed,
            Phase.SEARCH,
            f"{what}: expected improvement {improvement:.2g} for {best.seconds:.0f} s",
            {
                "log_alpha": best.log_alpha,
                "log_improvement": best.log_improvement,
                "expected_seconds": best.seconds,
                "missing_steps": float(candidate.missing),
                "goal_mean": float(mean),
                "goal_sd": float(sd),
                "incumbent": incumbent,
            },
        )


def refit_point(count: int) -> int:
    """The largest refit point up to `count` evaluations: 0, 1, ... and then each REFIT_GROWTH times the one before."""
    point = 0
    while (following := max(point + 1, math.ceil(point * REFIT_GROWTH))) <= count:
        point = following
    return point
