"""Any Optuna sampler with any Optuna pruner (Akiba et al. 2019, arXiv 1907.10902), as a function of the history."""

from __future__ import annotations

import numpy as np
from optuna.pruners import BasePruner, NopPruner

from rltune.errors import OptimizerError
from rltune.optimizers.base import Problem
from rltune.optimizers.baseline_options import OptunaOptions
from rltune.optimizers.optuna_parts import check_parts, make_pruner, make_sampler, quiet
from rltune.optimizers.optuna_study import Judge, replayed_study, study_of, suggest
from rltune.optimizers.runs import best_scored
from rltune.optimizers.trials import Trial, Trials, new_at_random, read_trials
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

TAKES_NOTES = frozenset({"cmaes", "nsgaii", "nsgaiii", "qmc"})
"""Samplers that keep notes in the study's trials of what they asked."""

REPEATS = 5
"""Suggestions of known configurations after which one is drawn at random."""


class OptunaOptimizer:
    """At each ask an Optuna study is rebuilt from the history; the n-th suggestion depends on the seed, n and that.

    The recipe comes first. With a pruner a run starts at the lowest rung and goes on rung by rung while the pruner lets
    it, longer ones first, then better ones; without one it goes to r_max at once. All on the largest search model.
    Ends when a small space is used up.

    Raises:
        OptimizerError: if an option of the sampler or the pruner is unknown or impossible, or the recipe isn't in
            the space.
    """

    name = "optuna"

    def __init__(self, problem: Problem, options: OptunaOptions) -> None:
        self.problem = problem
        self.options = options
        check_parts(options)
        self.prunes = make_pruner(options.pruner, options.pruner_options, problem.rungs) is not None
        self._try_out()

    def ask(self, history: History) -> Proposal | None:
        problem = self.problem
        trials = read_trials(problem, history)
        first = problem.rungs[0] if self.prunes else problem.horizon
        if problem.recipe not in trials.taken:
            return self._proposal(problem.recipe, first, "the recipe")
        with quiet():
            proposal = self._promotion(trials) if self.prunes else None
            if proposal is not None:
                return proposal
            configuration = self._suggestion(trials)
        return (
            None
            if configuration is None
            else self._proposal(configuration, first, f"suggested by {self.options.sampler}")
        )

    def rank(self, history: History, count: int) -> list[Configuration]:
        return best_scored(history, self.problem.sizes, count)

    def _pruner(self) -> BasePruner:
        """A new one each time: they remember."""
        options = self.options
        return make_pruner(options.pruner, options.pruner_options, self.problem.rungs) or NopPruner()

    def _promotion(self, trials: Trials) -> Proposal | None:
        rungs, judge = self.problem.rungs, None
        for below, steps in reversed(list(zip(rungs, rungs[1:], strict=False))):
            resting = [t for t in trials.resting(steps, below) if max(t.scores) == below]
            if not resting:
                continue
            judge = judge or Judge(self.problem.space, trials.all, rungs, self._pruner())
            if (best := judge.chosen(resting, below)) is not None:
                reason = f"{self.options.pruner} lets it go on from step {below} (score {best.scores[below]:.3g})"
                return self._proposal(best.configuration, steps, reason)
        return None

    def _try_out(self) -> None:
        """Finds what Optuna can't do in this space, or with these options, before anything is spent."""
        problem, options = self.problem, self.options
        rungs = problem.rungs
        trial = Trial(problem.recipe, {rungs[0]: 0.0}, rungs[0], busy=False, dead=False, crashed=False, forecast=None)
        where, name = "optimizer.options", options.sampler
        try:
            with quiet():
                self._suggestion(Trials((trial,), frozenset()))
                name = options.pruner
                Judge(problem.space, (trial,), rungs, self._pruner()).chosen([trial], rungs[0])
        except OptimizerError:
            raise
        except Exception as error:  # whatever a library does with an impossible option
            reason = str(error).strip() or type(error).__name__
            raise OptimizerError(
                f"{name} can't work here: {reason}", where=where, hint="change its options or the space"
            ) from None

    def _suggestion(self, trials: Trials) -> Configuration | None:
        """What the sampler suggests next, or a random draw if that is known again and again."""
        problem, options, number = self.problem, self.options, len(trials.all)
        notes = options.sampler in TAKES_NOTES
        seeds = np.random.SeedSequence((problem.seed,) if notes else (problem.seed, number))
        sampler = make_sampler(options.sampler, options.sampler_options, int(seeds.generate_state(1)[0]))
        rebuild = replayed_study if notes else study_of
        study = rebuild(problem.space, trials.all, problem.horizon, sampler, self._pruner())
        for _ in range(REPEATS):
            configuration = suggest(study.ask(), problem.space)
            if configuration not in trials.taken:
                return configuration
        return new_at_random(problem.space, problem.seed, number, trials.taken)

    def _proposal(self, configuration: Configuration, steps: int, reason: str) -> Proposal:
        problem = self.problem
        fidelity = Fidelity(problem.full_search_run.model, steps)
        return Proposal(configuration, fidelity, problem.training_seed, Phase.SEARCH, reason)
