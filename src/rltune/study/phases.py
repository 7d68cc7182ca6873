"""The phases of a study, each a pure choice of the next piece of work from what is known.

    prepare   score the base models, time a few steps
    search    the optimizer's proposals, on proxies, within its share of the budget (see `rltune.study.search`)
    confirm   the few most promising configurations, and the recipe, on the target to r_max
    final     the winner and the recipe on the target, with fresh seeds (see `rltune.study.closing`)
    test      the final runs on the test split, which nothing has seen before, and on those of other tasks

A phase keeps no state: asked again after a crash, with the same store, it goes on where it was. The final seeds
differ from the confirmation's, so that the luck that made a configuration win can't count for it twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from rltune.errors import StudyError
from rltune.optimizers.base import Problem
from rltune.study.check import distrusted_models
from rltune.study.guide import Guide
from rltune.study.plan import PlanTerms, relative_cost, timings_of
from rltune.study.spending import Left, TargetRuns, affordable
from rltune.study.work import Note, Score, Timing, Train, View, Work
from rltune.types import Configuration, Phase, Proposal, Scalar
from rltune.words import duration, several

WIDENED = 4
"""After a weak transfer up to so many times as many configurations are confirmed, as far as the budget goes."""


class StudyPhase(Protocol):
    """One part of a study's life."""

    name: str

    def begin(self, view: View) -> Mapping[str, object]:
        """Facts to record before the first piece of work; called once in a study's life, also over crashes."""
        ...

    def next(self, view: View) -> Work | None:
        """The next piece of work to start now; None to wait for what is running."""
        ...

    def done(self, view: View) -> bool: ...


@runtime_checkable
class Noting(Protocol):
    """A phase that also decides something midway."""

    def notes(self, view: View) -> Sequence[Note]:
        """Decisions to write down now, before the next piece of work; none of them a second time."""
        ...


@runtime_checkable
class Foresees(Protocol):
    """A phase of whose work some is certain before it begins."""

    def ahead(self, view: View) -> Work | None:
        """Work that it will need however the phases before it end, for places that these leave empty."""
        ...


@runtime_checkable
class Fitted(Protocol):
    """A phase that wants of work only what ends in time."""

    def still(self, work: Work, view: View) -> Work | None:
        """Work that the phase has wanted, or less of it, if it still ends in time when it begins now; else None."""
        ...


@runtime_checkable
class Budgeted(Protocol):
    """A phase that plans with the budget."""

    def allow(self, terms: PlanTerms) -> None:
        """From now on these terms hold."""
        ...


class Prepare:
    """Scores each base model on the validation split, and times a few steps of the recipe on it."""

    name = "prepare"

    def __init__(self, models: Sequence[str]) -> None:
        self.models = tuple(models)

    def begin(self, view: View) -> Mapping[str, object]:
        return {}

    def _missing(self, view: View) -> Sequence[Work]:
        scored = {s.model for s in view.scores if s.run_id is None and s.split == "validation"}
        timed = view.facts.get("timings") or {}
        assert isinstance(timed, Mapping)
        return [Timing(m) for m in self.models if m not in timed] + [
            Score(m, "validation") for m in self.models if m not in scored
        ]

    def next(self, view: View) -> Work | None:
        for work, reason in view.failed.items():
            raise StudyError(
                f"{work.model} can't be {'timed' if isinstance(work, Timing) else 'scored'}: {reason}",
                where="prepare",
                hint="nothing but this was trained yet; mend it, then `rltune resume`, or start afresh with --fresh",
            )
        return next((w for w in self._missing(view) if w not in view.running and not view.rests(w)), None)

    def done(self, view: View) -> bool:
        return not self._missing(view)


class Confirm:
    """Runs the most promising configurations, and the recipe, on the target for the whole length."""

    name = "confirm"

    def __init__(self, problem: Problem, recipe: Configuration, guide: Guide, terms: PlanTerms) -> None:
        self.problem = problem
        self.recipe = recipe
        self.guide = guide
        self.terms = terms

    def begin(self, view: View) -> Mapping[str, object]:
        """Chooses whom to confirm, and how many seeds the rest of the budget pays for."""
        terms, target = self.terms, timings_of(view.facts)[self.problem.target.name]
        # A proxy that misled has ranked nothing: then the target itself has to choose, among more.
        wanted = terms.confirm * (WIDENED if distrusted_models(view.facts) else 1)
        searched = self._of_search(view)
        ranked = [c for c in self.guide.rank(searched, wanted + 1) if c != self.recipe][:wanted]
        full = target.trial_seconds(0, self.problem.horizon, self.problem.rungs)
        slower = max((relative_cost(c, self.recipe, view.history) for c in ranked), default=1.0)
        runs = TargetRuns(full, slower * full, terms.tests * target.validate_seconds)
        at_once = terms.at_once(self.problem.target.name)
        left = self._left(view)
        spending = affordable(left, runs, max(len(ranked), terms.confirm), terms.seeds, at_once)
        cut = None
        if spending.confirm < terms.confirm or spending.seeds < terms.seeds:
            cut = (
                f"{self._said(left)} are left and a full target run takes up to {duration(runs.candidate)}: confirming "
                f"{several(spending.confirm, 'configuration')} (asked: {terms.confirm}), final training with "
                f"{several(spending.seeds, 'seed')} (asked: {terms.seeds})"
            )
        return {
            "confirm": [dict(c.values) for c in ranked[: spending.confirm]],
            "final_seeds": spending.seeds,
            "cut": cut,
        }

    def allow(self, terms: PlanTerms) -> None:
        """From now on these terms hold."""
        self.terms = terms

    def _of_search(self, view: View) -> View:
        """What the search has seen. Where candidates are chosen anew, those that were confirmed before mustn't come
        first because of that: the new ones would never get there. They stay in the running for the winner."""
        seen = (e for e in view.history.evaluations if e.phase is Phase.SEARCH or e.configuration == self.recipe)
        return replace(view, history=replace(view.history, evaluations=tuple(seen)))

    def _left(self, view: View) -> Left:
        """What the budget has left, by the clock and in GPUs."""
        limits, spent = self.terms.limits, view.spent
        gpus = self.terms.resources.units(self.problem.target.name)
        seconds = max(limits.seconds - spent.seconds, 0.0)
        return Left(seconds, max(limits.gpu_seconds - spent.gpu_seconds, 0.0), gpus)

    def _missing(self, view: View) -> list[Proposal]:
        chosen = [Configuration(scalars(values)) for values in _list(view.facts["confirm"])]
        return [proposal for proposal in self._wanted(chosen) if not settled(proposal, view)]

    def _said(self, left: Left) -> str:
        gpus = f"{left.gpu_seconds / 3600:.3g} {self.terms.resources.unit}-hours"
        said = {duration(left.seconds): left.seconds, gpus: left.gpu_seconds}
        return " and ".join(text for text, limit in said.items() if limit < math.inf)

    def _wanted(self, chosen: Sequence[Configuration]) -> list[Proposal]:
        reasons = [(configuration, "among the best of the search") for configuration in chosen]
        reasons.append((self.recipe, "the recipe, for comparison"))
        goal, seed = self.problem.goal, self.problem.training_seed
        return [Proposal(configuration, goal, seed, Phase.CONFIRM, reason) for configuration, reason in reasons]

    def next(self, view: View) -> Work | None:
        return not_running(self._missing(view), view)

    def ahead(self, view: View) -> Work | None:
        """The recipe: whatever the search finds is compared with it. Not before models are timed, which may fail."""
        if "plan" not in view.facts:
            return None
        return not_running([p for p in self._wanted([]) if not settled(p, view)], view)

    def done(self, view: View) -> bool:
        return not self._missing(view)


def settled(proposal: Proposal, view: View) -> bool:
    """Whether a proposal needs no more training."""
    return view.settled(proposal.configuration, proposal.fidelity, proposal.seed)


def not_running(missing: Sequence[Proposal], view: View) -> Work | None:
    """The first whose run isn't being trained, and doesn't rest until it is tried again."""
    busy = view.training
    for proposal in missing:
        work = Train(proposal)
        if (proposal.configuration, proposal.fidelity.model, proposal.seed) not in busy and not view.rests(work):
            return work
    return None


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def scalars(value: object) -> Mapping[str, Scalar]:
    """A configuration's values, as facts hold them."""
    assert isinstance(value, Mapping)
    return value
