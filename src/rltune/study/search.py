"""The search phase: the optimizer's proposals, and the transfer check between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rltune.errors import StudyError
from rltune.study.check import TransferCheck
from rltune.study.estimates import Estimates
from rltune.study.guide import Guide
from rltune.study.plan import PlanTerms, make_plan, timings_of
from rltune.study.spending import Left, TargetRuns, affordable
from rltune.study.work import Note, Train, View, Work, resting
from rltune.types import Phase, Proposal
from rltune.words import duration

HOPELESS = 0.5
"""With less than this part of the time of the shortest new run on any model, nothing is asked for: a run that goes on
needs about as long."""


class Search:
    """Asks the optimizer until the search's share of the budget, or the number of trials, is used up."""

    name = "search"

    def __init__(
        self, guide: Guide, terms: PlanTerms, estimates: Estimates, check: TransferCheck | None = None
    ) -> None:
        self.guide = guide
        self.estimates = estimates
        self.check = check
        self.allow(terms)

    def allow(self, terms: PlanTerms) -> None:
        """From now on these terms hold."""
        self.terms = terms
        self.seconds = terms.search_seconds
        self.trials = terms.trials
        self._exhausted = False
        if self.check is not None:
            self.check.plan = terms

    def begin(self, view: View) -> Mapping[str, object]:
        """Plans, now that steps are timed."""
        plan = make_plan(self.terms, timings_of(view.facts), view.seconds)
        if plan.search_trials < 1:
            raise StudyError(
                f"the budget of {duration(plan.budget)} pays for no search trial: preparing took "
                f"{duration(view.seconds)}, and the search's share is {duration(plan.search_seconds)}",
                where="budget",
                hint=f"start a new study with a budget of at least {duration(plan.least_budget(view.seconds))}",
            )
        return {"plan": plan.to_json()}

    def notes(self, view: View) -> Sequence[Note]:
        return self.check.notes(view) if self.check is not None else ()

    def next(self, view: View) -> Work | None:
        """What ends in time: before the budget couldn't pay for the last phases any more, before a trial that waits
        for room could begin, and, once the search's share is used up, before the search's last trial does."""
        cut_short = self._cut_short(view)
        for work in cut_short:
            if not view.rests(work) and (fitting := self._fitted(work.proposal, view)):
                return Train(fitting)
        if self._enough(view):
            return None
        paired = self.check.next(view) if self.check is not None and view.seconds < self.seconds else None
        if paired is not None and (view.gap == math.inf or self._fitted(paired.proposal, view) == paired.proposal):
            return paired
        waiting = tuple(work.proposal for work in cut_short if view.rests(work))
        asked = replace(view, history=replace(view.history, pending=(*view.history.pending, *waiting)))
        fitting = self.guide.ask(asked, lambda p: self._fitted(p, view)) if self._has_time(view) else None
        # Nothing to propose, or nothing that ends in time: while trials are running, their results may change that.
        self._exhausted = fitting is None and not view.searching and view.gap == math.inf
        return Train(fitting) if fitting is not None else None

    def still(self, work: Work, view: View) -> Work | None:
        if not isinstance(work, Train):
            return work
        if self.check is not None and self.check.includes(work.proposal, view):
            return work if view.seconds < self.seconds else None  # a shorter run wouldn't be a pair
        fitting = self._fitted(work.proposal, view)
        return None if fitting is None else Train(fitting)

    def done(self, view: View) -> bool:
        if view.searching or self.notes(view):
            return False
        # What was cut short is waited for if it can still go on: in GPU-hours, waiting itself uses nothing up.
        goes_on = any(self._fitted(work.proposal, view) for work in self._cut_short(view))
        return view.seconds >= self.seconds or ((self._enough(view) or self._exhausted) and not goes_on)

    def _cut_short(self, view: View) -> list[Train]:
        """What is to be tried again and doesn't wait for room already."""
        busy = view.training
        works = [Train(p) for p in view.unfinished if p.phase is Phase.SEARCH]
        return [work for work in works if resting(work) not in busy]

    def _fitted(self, proposal: Proposal, view: View) -> Proposal | None:
        return self.estimates.fitted(proposal, self._longest(proposal.fidelity.model, view), view)

    def _longest(self, model: str, view: View) -> float:
        """Seconds that a trial of a model that begins now may take."""
        limits, gpus = self.terms.limits, self.terms.resources.units(model)
        within_share = limits.longest(view.spent, self.terms.search_share, gpus)
        if view.seconds < self.seconds:
            longest = limits.longest(view.spent, max(self.terms.search_share, self._before_closing(view)), gpus)
        else:
            # Places that would stay empty until the search's last trial ends; GPU-hours aren't spent on that.
            used_up = limits.gpu_share(view.spent) >= self.terms.search_share
            longest = 0.0 if used_up else view.tail
        return min(max(within_share, longest), view.gap)

    def _before_closing(self, view: View) -> float:
        """Share of the budget that leaves enough to confirm one configuration, and to train it and the recipe once."""
        target = self.terms.target
        timing = timings_of(view.facts)[target]
        full = timing.trial_seconds(0, self.terms.rungs[-1], self.terms.rungs)
        runs = TargetRuns(full, full, self.terms.tests * timing.validate_seconds)
        closing = affordable(Left(0.0), runs, 1, 1, self.terms.at_once(target))
        gpu_seconds = 4 * full * self.terms.resources.units(target)
        return 1 - max(closing.seconds / self.terms.budget, gpu_seconds / self.terms.gpu_seconds)

    def _has_time(self, view: View) -> bool:
        """Whether it is worth asking: else each end of a trial, at the end of the search, would cost a choice."""
        shortest = self.estimates.shortest(view)
        return any(self._longest(model, view) >= HOPELESS * seconds for model, seconds in shortest.items())

    def _enough(self, view: View) -> bool:
        return self.trials is not None and view.trials >= self.trials
