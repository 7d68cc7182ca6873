"""Joint-fidelity Bayesian optimization (after arXiv 2606.03073): configuration, model and steps chosen together.

After an initial design, each proposal maximizes what an evaluation is expected to bring per expected second (see
`rltune.bayes.acquisition`), over new configurations and continuations alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rltune.bayes.cost_model import fit_cost_model
from rltune.bayes.data import NO_RUN, FidelityScale, TrainingData, encode_nearest, training_data
from rltune.bayes.score_model import Hyperparameters, Posterior, ScoreModel, fit_hyperparameters, one_thread
from rltune.errors import OptimizerError, suggest
from rltune.optimizers.base import Problem
from rltune.optimizers.candidates import Candidate, candidates, neighbours, new_configurations
from rltune.optimizers.design import next_of_design
from rltune.optimizers.options import JointFidelityOptions
from rltune.optimizers.runs import Runs, read_runs
from rltune.optimizers.scoring import Scored, Scorer, posterior_at, rows
from rltune.types import Configuration, History, Phase, Proposal

GOOD = 5
"""New configurations are sought around this many of the best."""
CONTINUED = 200
"""At most this many of the known configurations may be run further: those of the highest posterior mean at the goal."""
REFINED = 4
"""This many of the best new candidates are refined by a local search."""
LOWEST_LOG = -700.0
GAIN = {"ei_per_cost": "expected improvement", "kg_per_cost": "expected gain at the goal"}
PROMISING, PROMISING_SCALES, PROMISING_NEIGHBOURS = 6, (0.2, 0.1, 0.05), 24
"""The local search for what may be named best: kept configurations, moves in unit values, tries around each."""


class JointFidelityOptimizer:
    """Proposes configuration, model and steps together.

    `ask` and `rank` are pure functions of the history, in whatever order its evaluations came. Fitted hyperparameters
    are remembered only to save time.
    """

    name = "joint_fidelity"

    def __init__(self, problem: Problem, options: JointFidelityOptions) -> None:
        sizes = problem.sizes
        unknown = sorted(set(options.step_seconds) - set(sizes))
        if unknown:
            raise OptimizerError(
                f"step_seconds names {unknown[0]!r}, which isn't a model of the study",
                where="optimizer.joint_fidelity",
                hint=suggest(unknown[0], sizes),
            )
        self.problem = problem if options.acquisition == "ei_per_cost" else with_target(problem)
        self.options = options
        self.initial = options.initial or max(6, 2 * len(problem.space.names))
        self._scale = FidelityScale(problem.rungs[0], problem.horizon, sizes, problem.target.name)
        self._fits: dict[bytes, Hyperparameters] = {}

    def ask(self, history: History) -> Proposal | None:
        runs = read_runs(history, self.problem.training_seed)
        proposal = next_of_design(self.problem, runs, self.initial)
        if proposal is not None:
            return proposal
        with one_thread():
            return self._best_proposal(history, runs)

    def rank(self, history: History, count: int) -> list[Configuration]:
        runs = read_runs(history, self.problem.training_seed)
        with one_thread():
            model = self._score_model(history)
            eligible = self._promising(model, runs)
            at = self._at_goal(model, eligible)
        return [eligible[i] for i in np.argsort(-at.mean, kind="stable")[:count]]

    def _promising(self, model: ScoreModel, runs: Runs) -> list[Configuration]:
        """What may be named best: all that ran and live, and the best new one that a local search finds around them, by
        the posterior mean at the goal. Only one: its neighbours would be confirmed for nothing."""
        survivors = self._in_space(runs.survivors)
        if not survivors:
            return []
        rng = np.random.default_rng((self.problem.seed, len(survivors)))
        best = self._best_means(model, survivors, PROMISING)
        for scale in PROMISING_SCALES:
            near = [c for b in best for c in neighbours(self.problem.space, b, scale, PROMISING_NEIGHBOURS, rng)]
            alive = (c for c in (*best, *near) if c not in runs.dead)
            best = self._best_means(model, list(dict.fromkeys(alive)), PROMISING)
        ran = set(survivors)
        return [*survivors, *[c for c in best if c not in ran][:1]]

    def _best_means(self, model: ScoreModel, configurations: list[Configuration], count: int) -> list[Configuration]:
        mean = self._at_goal(model, configurations).mean
        return [configurations[i] for i in np.argsort(-mean, kind="stable")[:count]]

    def _best_proposal(self, history: History, runs: Runs) -> Proposal | None:
        problem, scale = self.problem, self._scale
        rng = np.random.default_rng((problem.seed, len(history.evaluations) + len(history.pending)))
        model = self._score_model(history)
        costs = fit_cost_model(history, problem.space, scale, self.options.step_seconds)
        survivors = self._in_space(runs.survivors)
        good = self._best_means(model, survivors, GOOD) or [problem.recipe]
        new = new_configurations(problem.space, good, runs, rng)
        scorer = Scorer(problem, scale, model, costs, survivors, self.options.acquisition)
        known = self._best_means(model, self._in_space(runs.known), CONTINUED)
        scored = scorer.score(candidates(problem, runs, new, known))
        if not scored:
            return None
        fresh = set(new)
        leaders = [s for s in scored if s.candidate.configuration in fresh][:REFINED]
        tried = {configuration for configuration, _ in runs.attempted} | runs.dead
        refined = [scorer.refine(leader, tried, rng) for leader in leaders]
        best = max([scored[0], *refined], key=lambda s: s.log_alpha)
        return self._proposal(best, model)

    def _score_model(self, history: History) -> ScoreModel:
        """The posterior after all evaluations, and after imagined results of what is in flight."""
        data = training_data(history, self.problem.space, self._scale)
        model = ScoreModel(data, self._hyperparameters(data))
        pending = [
            np.array([*encoding, *self._scale.coordinates(p.fidelity.model, p.fidelity.steps), NO_RUN])
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

    def _at_goal(self, model: ScoreModel, configurations: Sequence[Configuration]) -> Posterior:
        return posterior_at(self.problem.goal, configurations, model, self.problem, self._scale)

    def _in_space(self, configurations: Sequence[Configuration]) -> list[Configuration]:
        """Those that have coordinates: a history may hold runs of another space."""
        return [c for c in configurations if encode_nearest(self.problem.space, c) is not None]

    def _proposal(self, best: Scored, model: ScoreModel) -> Proposal:
        candidate = best.candidate
        at = rows([Candidate(candidate.configuration, self.problem.goal, 0, 0)], self.problem, self._scale)
        (mean,), (sd,) = model.scores(at)
        improvement = math.exp(max(best.log_improvement, LOWEST_LOG))
        done = candidate.fidelity.steps - candidate.missing
        what = f"continued from step {done}" if done else "new run"
        return Proposal(
            candidate.configuration,
            candidate.fidelity,
            self.problem.training_seed,
            Phase.SEARCH,
            f"{what}: {GAIN[self.options.acquisition]} {improvement:.2g} for {best.seconds:.3g} s",
            {
                "log_alpha": best.log_alpha,
                "log_improvement": best.log_improvement,
                "expected_seconds": best.seconds,
                "missing_steps": float(candidate.missing),
                "goal_mean": float(mean),
                "goal_sd": float(sd),
                "incumbent": best.incumbent,
            },
        )


def with_target(problem: Problem) -> Problem:
    """The problem with the target among the models that may be searched on."""
    if problem.target in problem.search_models:
        return problem
    return replace(problem, search_models=(*problem.search_models, problem.target))
