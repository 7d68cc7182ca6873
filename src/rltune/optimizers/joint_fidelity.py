"""Joint-fidelity Bayesian optimization (after arXiv 2606.03073): configuration, model and steps chosen together.

After an initial design, each proposal maximizes what an evaluation is expected to bring per expected second (see
`rltune.bayes.acquisition`), over new configurations and continuations alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rltune.bayes.cost_model import fit_cost_model
from rltune.bayes.data import (
    NO_RUN,
    FidelityScale,
    TrainingData,
    encode_nearest,
    layout_of,
    training_data,
    with_earlier,
)
from rltune.bayes.prior_means import PriorMeans
from rltune.bayes.score_model import Hyperparameters, ScoreModel, fit_points, fit_to, one_thread, representatives
from rltune.errors import OptimizerError, suggest
from rltune.optimizers.base import Problem
from rltune.optimizers.beliefs import Belief, concordance
from rltune.optimizers.candidates import Candidate, candidates, neighbours, new_configurations
from rltune.optimizers.design import next_of_design
from rltune.optimizers.options import JointFidelityOptions
from rltune.optimizers.runs import Runs, read_runs
from rltune.optimizers.scoring import Scored, Scorer, rows
from rltune.types import Configuration, History, Phase, Proposal

GOOD = 5
"""New configurations are sought around this many of the best."""
CONTINUED = 200
"""At most this many of the known configurations may be run further: those of the highest posterior mean at the goal."""
REFINED = 4
"""This many of the best new candidates are refined by a local search."""
SHORTLIST, THEN_REFINED = 256, 1
"""Where several are asked for at once, those after the first are chosen from this many of its best candidates, of which
fewer new ones are refined."""
MOST_ROWS = 1_000
"""The posterior sees at most this many evaluations and trials in flight, half of it evaluations at least: of more, the
best half of these and a sample of all others. So a choice after ten thousand costs as much as one after a thousand."""
LOWEST_LOG = -700.0
GAIN = {"ei_per_cost": "expected improvement", "kg_per_cost": "expected gain at the goal"}
PROMISING, PROMISING_SCALES, PROMISING_NEIGHBOURS = 6, (0.2, 0.1, 0.05), 24
"""The local search for what may be named best: kept configurations, moves in unit values, tries around each."""


class JointFidelityOptimizer:
    """Proposes configuration, model and steps together.

    `ask` and `rank` are pure functions of the history, in whatever order its evaluations came. The last posterior and
    its hyperparameters are remembered only to save time.
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
        with one_thread():
            self._earlier = earlier_means(self.problem)
        self._fits: dict[bytes, Hyperparameters] = {}
        self._modelled: tuple[tuple[object, object], int, ScoreModel] | None = None

    def ask(self, history: History) -> Proposal | None:
        return next(iter(self.ask_many(history, 1)), None)

    def ask_many(self, history: History, count: int) -> list[Proposal]:
        """See `rltune.optimizers.base.AsksMany`. After the first one, the next is chosen from the candidates that were
        best then, and from what a local search finds around these."""
        design: list[Proposal] = []
        while len(design) < count:
            runs = read_runs(history, self.problem.training_seed)
            proposal = next_of_design(self.problem, runs, self.initial)
            if proposal is None:
                with one_thread():
                    return [*design, *self._best_proposals(history, runs, count - len(design))]
            design.append(proposal)
            history = replace(history, pending=(*history.pending, proposal))
        return design

    def rank(self, history: History, count: int) -> list[Configuration]:
        runs = read_runs(history, self.problem.training_seed)
        with one_thread():
            model = self._score_model(history)
            eligible = self._promising(model, runs)
            return self._best_means(model, eligible, count)

    def beliefs(self, history: History) -> Sequence[Belief]:
        """See `rltune.optimizers.beliefs.Believes`."""
        if self._earlier is None:
            return ()
        with one_thread():
            model = self._model_of(history, MOST_ROWS)
        data, layout = model.data, model.data.layout
        said, fidelities = data.x[:, layout.earlier], data.x[:, layout.steps : layout.run]
        return [
            Belief(
                name,
                float(weight),
                fixed,
                float(abs(weight) * m.std()) if len(m) else 0.0,
                concordance(m, data.y, fidelities),
                len(data),
            )
            for name, weight, fixed, m in zip(
                self._earlier.names, model.trusted(), self._earlier.fixed, said.T, strict=True
            )
        ]

    def _promising(self, model: ScoreModel, runs: Runs) -> list[Configuration]:
        """What may be named best: all that ran and live, and the best new one that a local search finds around them, by
        the posterior mean at the goal. Only one: its neighbours would be confirmed for nothing."""
        survivors = self._in_space(self._seen(runs.survivors, model))
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
        means = self._means_at_goal(model, configurations)
        return _best(configurations, dict(zip(configurations, means, strict=True)), count)

    def _best_proposals(self, history: History, runs: Runs, count: int) -> list[Proposal]:
        problem, scale = self.problem, self._scale
        rng = np.random.default_rng((problem.seed, len(history.evaluations) + len(history.pending)))
        model = self._score_model(history)
        costs = fit_cost_model(history, problem.space, scale, self.options.step_seconds)
        known = self._in_space(self._seen(runs.known, model))
        means = dict(zip(known, self._means_at_goal(model, known), strict=True))
        survivors = [c for c in self._in_space(runs.survivors) if c in means]
        good = _best(survivors, means, GOOD) or [problem.recipe]
        new = new_configurations(problem.space, good, runs, rng)
        considered = candidates(problem, runs, new, _best(known, means, CONTINUED))
        fresh, tried = set(new), {configuration for configuration, _ in runs.attempted} | runs.dead
        found: list[Proposal] = []
        while considered and len(found) < count:
            if found:
                model = model.believing(self._rows_of(found[-1:]))
            scorer = Scorer(
                problem, scale, model, costs, {c: means[c] for c in survivors}, self.options.acquisition, self._earlier
            )
            scored = scorer.score(considered)
            leaders = [s for s in scored if s.candidate.configuration in fresh][: THEN_REFINED if found else REFINED]
            refined = [scorer.refine(leader, tried, rng) for leader in leaders]
            best = max([scored[0], *refined], key=lambda s: s.log_alpha)
            found.append(self._proposal(best, model))
            tried.add(best.candidate.configuration)
            considered = [s.candidate for s in scored if s.candidate.run != best.candidate.run][:SHORTLIST]
        return found

    def _score_model(self, history: History) -> ScoreModel:
        """The posterior after all evaluations, and after imagined results of what is in flight."""
        pending = self._rows_of(history.pending)
        room = max(MOST_ROWS - len(pending), MOST_ROWS // 2)
        return self._model_of(history, room).believing(pending)

    def _rows_of(self, proposals: Sequence[Proposal]) -> np.ndarray:
        """x (q, D) of those that the model can see."""
        found = [
            np.array([*encoding, *self._scale.coordinates(p.fidelity.model, p.fidelity.steps), NO_RUN])
            for p in proposals
            if p.fidelity.model in self._scale.sizes
            and (encoding := encode_nearest(self.problem.space, p.configuration)) is not None
        ]
        x = np.array(found).reshape(len(found), self.problem.space.dimension + 3)
        return with_earlier(x, self._earlier)

    def _model_of(self, history: History, most: int) -> ScoreModel:
        """The posterior after all evaluations, of which it sees at most so many. It is made once for all proposals
        until the next one comes."""
        known, seen = (history.evaluations, history.base_scores), min(most, len(history.evaluations))
        if self._modelled is None or self._modelled[:2] != (known, seen):
            data = training_data(history, self.problem.space, self._scale, self._earlier)
            thinned = representatives(data, most, best=0.5)
            self._modelled = known, seen, ScoreModel(thinned, self._hyperparameters(data))
        return self._modelled[2]

    def _hyperparameters(self, data: TrainingData) -> Hyperparameters:
        points, scale = fit_points(data)
        # above a certain number the scale is that of the points alone
        key = points.x.tobytes() + points.y.tobytes() + np.array([scale.center, scale.spread]).tobytes()
        if key not in self._fits:
            self._fits = {key: fit_to(points, scale)}
        return self._fits[key]

    def _seen(self, configurations: Sequence[Configuration], model: ScoreModel) -> Sequence[Configuration]:
        """Those whose results the posterior sees; with no more than MOST_ROWS runs, all."""
        if len(model.data.runs) <= MOST_ROWS:
            return configurations
        shown = set(model.data.x[:, -1])
        seen = {run[0] for run, number in model.data.runs.items() if number in shown}
        return [c for c in configurations if c in seen]

    def _means_at_goal(self, model: ScoreModel, configurations: Sequence[Configuration]) -> np.ndarray:
        goal = self.problem.goal
        return model.means(
            rows([Candidate(c, goal, 0, 0) for c in configurations], self.problem, self._scale, self._earlier)
        )

    def _in_space(self, configurations: Sequence[Configuration]) -> list[Configuration]:
        """Those that have coordinates: a history may hold runs of another space."""
        return [c for c in configurations if encode_nearest(self.problem.space, c) is not None]

    def _proposal(self, best: Scored, model: ScoreModel) -> Proposal:
        candidate = best.candidate
        at = rows(
            [Candidate(candidate.configuration, self.problem.goal, 0, 0)], self.problem, self._scale, self._earlier
        )
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


def _best(
    configurations: Sequence[Configuration], means: Mapping[Configuration, float], count: int
) -> list[Configuration]:
    """The `count` of the highest mean; of equals, in their order."""
    return sorted(configurations, key=lambda c: -means[c])[:count]


def earlier_means(problem: Problem) -> PriorMeans | None:
    """What the earlier studies of a problem say, once learned; None without any."""
    told = [prior for prior in problem.priors if len(prior)]
    return PriorMeans(told, layout_of(problem.space), problem.target.parameters) if told else None


def with_target(problem: Problem) -> Problem:
    """The problem with the target among the models that may be searched on."""
    if problem.target in problem.search_models:
        return problem
    return replace(problem, search_models=(*problem.search_models, problem.target))
