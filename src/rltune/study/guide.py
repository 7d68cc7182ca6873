"""Who proposes: the study's optimizer, until a check has found that a proxy misleads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rltune.optimizers.base import Optimizer, Problem
from rltune.study.check import beaten_in_check, blind_models, distrusted_models
from rltune.study.work import View
from rltune.types import Configuration, History, Proposal, StopKind


class Guide:
    """Asks an optimizer that may train on the models that are still trusted.

    Before a verdict, and after a good one, these are the study's search models. After a bad one they are the larger
    proxies and the target. The history stays whole, since a verdict may be wrong: leaving a misleading proxy out of it
    changed little in simulated studies (docs/transfer.md). Only of a proxy on which nothing makes a difference nothing
    is kept: what died there, as all runs may have, would never be tried on the target.

    Args:
        build: makes the study's optimizer for a problem.
    """

    def __init__(self, problem: Problem, build: Callable[[Problem], Optimizer]) -> None:
        self.problem = problem
        self.build = build
        self._built: dict[frozenset[str], Optimizer] = {frozenset(): build(problem)}

    def ask(self, view: View) -> Proposal | None:
        return self._trusting(view).ask(self._telling(view))

    def rank(self, view: View, count: int) -> Sequence[Configuration]:
        """The most promising configurations. One that another of the check's pairs beats on the proxy *and* on the
        target isn't among them: some were paired since they are low, and an optimizer that trusts whatever was seen on
        the largest model would put them first. Nor is one for which the target has too little memory."""
        left_out = beaten_in_check(view.facts) | {
            e.configuration.id
            for e in view.history.evaluations
            if e.stop.kind is StopKind.OUT_OF_MEMORY and e.fidelity.model == self.problem.target.name
        }
        ranked = self._trusting(view).rank(self._telling(view), count + len(left_out))
        return [c for c in ranked if c.id not in left_out][:count]

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
