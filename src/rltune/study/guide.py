"""Who proposes: the study's optimizer, until a check has found that a proxy misleads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rltune.optimizers.base import AsksMany, Optimizer, Problem
from rltune.optimizers.beliefs import Belief, Believes
from rltune.optimizers.runs import CLOSED, read_runs
from rltune.study.check import beaten_in_check, blind_models, distrusted_models
from rltune.study.work import View
from rltune.types import Configuration, History, Proposal

PLACES_AHEAD = 32
"""One proposal is asked for at once for so many places: with 512, sixteen. The last of them doesn't know the results of
the fifteen trials that ended meanwhile, and none of 500 that are in flight yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for at once: of whom, and how many evaluations there were."""

    optimizer: Optimizer
    evaluations: int
    proposals: tuple[Proposal, ...] = ()


def as_it_is(proposal: Proposal) -> Proposal:
    """There is time for all of it."""
    return proposal


class Guide:
    """Asks an optimizer that may train on the models that are still trusted.

    Before a verdict, and after a good one, these are the study's search models. After a bad one they are the larger
    proxies and the target. The history stays whole, since a verdict may be wrong: leaving a misleading proxy out of it
    changed little in simulated studies (docs/transfer.md). Only of a proxy on which nothing makes a difference nothing
    is kept: what died there, as all runs may have, would never be tried on the target.

    Args:
        build: makes the study's optimizer for a problem.
        places: trials in flight at once. With many, several proposals are asked for at once, if the optimizer can do
            that (`AsksMany`).
    """

    def __init__(self, problem: Problem, build: Callable[[Problem], Optimizer], places: int = 1) -> None:
        self.problem = problem
        self.build = build
        self.at_once = max(1, places // PLACES_AHEAD)
        self._built: dict[frozenset[str], Optimizer] = {frozenset(): build(problem)}
        self._asked = Asked(self._built[frozenset()], 0)

    def ask(self, view: View, fitted: Callable[[Proposal], Proposal | None] = as_it_is) -> Proposal | None:
        """The next proposal. The same one until its trial is in flight, or much else has ended.

        Args:
            fitted: as much of a proposal as there is time for; None: it can't be done now. Of what was asked for at
                once, the first that can be is given, since what can't be now may keep its place for long.
        """
        optimizer, history = self._trusting(view), self._telling(view)
        if self.at_once == 1 or not isinstance(optimizer, AsksMany):
            proposal = optimizer.ask(history)
            return None if proposal is None else fitted(proposal)
        found = self._still_wanted(optimizer, history)
        fitting = _first(found, fitted)
        if fitting is None and (not found or len(history.evaluations) >= self._asked.evaluations + self.at_once):
            found = tuple(optimizer.ask_many(history, self.at_once))
            self._asked = Asked(optimizer, len(history.evaluations), found)
            fitting = _first(found, fitted)
        return fitting

    def _still_wanted(self, optimizer: Optimizer, history: History) -> tuple[Proposal, ...]:
        """Of what was asked for, what isn't in flight, nor answered by what came since; nothing once that is a lot."""
        asked = self._asked
        since = history.evaluations[asked.evaluations :]
        if asked.optimizer is not optimizer or len(since) > self.at_once * len(self.problem.rungs):
            return ()
        runs = read_runs(replace(history, evaluations=since), self.problem.training_seed)
        # One that was begun with fewer steps than it asked for has an answer, too: whether it goes on is for the
        # optimizer to say, who knows it.
        return tuple(
            p
            for p in asked.proposals
            if p.configuration not in runs.dead and (p.configuration, p.fidelity.model) not in runs.attempted
        )

    def rank(self, view: View, count: int) -> Sequence[Configuration]:
        """The most promising configurations. One that another of the check's pairs beats on the proxy *and* on the
        target isn't among them: some were paired since they are low, and an optimizer that trusts whatever was seen on
        the largest model would put them first. Nor is one for which the target has too little memory, or whose run
        there somebody has stopped."""
        left_out = beaten_in_check(view.facts) | {
            e.configuration.id
            for e in view.history.evaluations
            if e.stop.kind in CLOSED and e.fidelity.model == self.problem.target.name
        }
        ranked = self._trusting(view).rank(self._telling(view), count + len(left_out))
        return [c for c in ranked if c.id not in left_out][:count]

    def beliefs(self, view: View) -> Sequence[Belief]:
        """How far earlier studies are believed by now; none without them."""
        optimizer = self._trusting(view)
        return optimizer.beliefs(self._telling(view)) if isinstance(optimizer, Believes) else ()

    def _telling(self, view: View) -> History:
        """The history without the models that tell nothing."""
        blind = blind_models(view.facts)
        if not blind:
            return view.history
        kept = tuple(e for e in view.history.evaluations if e.fidelity.model not in blind)
        pending = tuple(p for p in view.history.pending if p.fidelity.model not in blind)
        return replace(view.history, evaluations=kept, pending=pending)

    def _trusting(self, view: View) -> Optimizer:
        distrusted = distrusted_models(view.facts)
        if distrusted not in self._built:
            larger = tuple(m for m in self.problem.proxies if m.name not in distrusted)
            self._built[distrusted] = self.build(replace(self.problem, search_models=(*larger, self.problem.target)))
        return self._built[distrusted]


def _first(proposals: Sequence[Proposal], fitted: Callable[[Proposal], Proposal | None]) -> Proposal | None:
    return next((fitting for p in proposals if (fitting := fitted(p)) is not None), None)
