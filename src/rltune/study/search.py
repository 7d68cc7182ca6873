"""The search phase: the optimizer's proposals, and the transfer check between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rltune.errors import StudyError
from rltune.study.check import TransferCheck
from rltune.study.guide import Guide
from rltune.study.plan import PlanTerms, make_plan, timings_of
from rltune.study.work import Note, Train, View, Work
from rltune.types import Phase
from rltune.words import duration


class Search:
    """Asks the optimizer until the search's share of the budget, or the number of trials, is used up."""

    name = "search"

    def __init__(self, guide: Guide, terms: PlanTerms, check: TransferCheck | None = None) -> None:
        self.guide = guide
        self.terms = terms
        self.check = check
        self.seconds = terms.search_seconds
        self.trials = terms.trials
        self._exhausted = False

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
        if view.seconds < self.seconds:
            again = [p for p in view.unfinished if p.phase is Phase.SEARCH and Train(p) not in view.running]
            if again:
                return Train(again[0])
        if self._spent(view):
            return None
        paired = self.check.next(view) if self.check is not None else None
        if paired is not None:
            return paired
        proposal = self.guide.ask(view)
        # Nothing to propose while trials are running may change with their results.
        self._exhausted = proposal is None and not view.running
        return Train(proposal) if proposal is not None else None

    def done(self, view: View) -> bool:
        return not view.running and (self._spent(view) or self._exhausted) and not self.notes(view)

    def _spent(self, view: View) -> bool:
        return view.seconds >= self.seconds or (self.trials is not None and view.trials >= self.trials)
