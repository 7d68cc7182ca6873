"""How long a piece of work will take, and how far a trial may go in a given time. Pure.

By the optimizer's cost model where it has proposed the work (`expected_seconds`), else by the timed steps of the
recipe, times what the configuration's steps cost against the recipe's where both were measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rltune.optimizers.base import Problem
from rltune.study.plan import ModelTiming, relative_cost, timings_of
from rltune.study.work import Timing, Train, View, Work, model_of
from rltune.types import Configuration, Fidelity, Proposal
from rltune.words import duration

EXPECTED = "expected_seconds"
"""Among a proposal's values: seconds that its missing steps are expected to take, its start included."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """Of one study's work. `recipe`: what steps were timed with."""

    problem: Problem
    recipe: Configuration

    def seconds(self, work: Work, view: View) -> float | None:
        """Seconds from start to end; None if nothing was timed on its model."""
        timing = timings_of(view.facts).get(model_of(work))
        if timing is None or isinstance(work, Timing):
            return None
        if isinstance(work, Train):
            return self._training(work.proposal, view, timing)
        return timing.start_seconds + timing.validate_seconds

    def fitted(self, proposal: Proposal, longest: float, view: View) -> Proposal | None:
        """The proposal, or the same to the highest rung that it can reach in `longest` seconds; None if there is none
        beyond what the run has already."""
        whole = self.seconds(Train(proposal), view)
        if whole is None or whole <= longest:
            return proposal
        model, goal = proposal.fidelity.model, proposal.fidelity.steps
        done = steps_done(proposal, view)
        for rung in reversed([r for r in self.problem.rungs if done < r < goal]):
            timing = timings_of(view.facts)[model]
            rungs = self.problem.rungs
            share = timing.trial_seconds(done, rung, rungs) / timing.trial_seconds(done, goal, rungs)
            if share * whole <= longest:
                values = {**proposal.values, EXPECTED: share * whole}
                why = f"{proposal.reason}; to step {rung} instead of {goal}, since {duration(longest)} are left for it"
                return replace(proposal, fidelity=Fidelity(model, rung), reason=why, values=values)
        return None

    def shortest(self, view: View) -> dict[str, float]:
        """Seconds of the shortest new run on each model that was timed."""
        rungs = self.problem.rungs
        return {model: t.trial_seconds(0, rungs[0], rungs) for model, t in timings_of(view.facts).items()}

    def _training(self, proposal: Proposal, view: View, timing: ModelTiming) -> float:
        if EXPECTED in proposal.values:
            return float(proposal.values[EXPECTED])
        done = min(steps_done(proposal, view), proposal.fidelity.steps)
        relative = relative_cost(proposal.configuration, self.recipe, view.history)
        rest = timing.trial_seconds(done, proposal.fidelity.steps, self.problem.rungs) - timing.start_seconds
        return timing.start_seconds + relative * rest


def steps_done(proposal: Proposal, view: View) -> int:
    """The last step that a result of the proposal's run was measured at."""
    run = (proposal.configuration, proposal.fidelity.model, proposal.seed)
    known = (e for e in view.evaluations if (e.configuration, e.fidelity.model, e.seed) == run)
    return max((e.fidelity.steps for e in known if e.succeeded), default=0)
