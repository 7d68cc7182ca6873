"""Who proposes, and when: one at a time for few places, several at once for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from rltune.optimizers.base import Problem
from rltune.optimizers.build import build_optimizer
from rltune.study.check import VERDICT
from rltune.study.guide import PLACES_AHEAD, Guide
from rltune.study.work import View
from rltune.testing.surfaces import LARGE, MIDDLE, SMALL, GrpoSurface
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    History,
    Phase,
    Proposal,
    StopKind,
    StopReason,
)

PROBLEM = GrpoSurface().problem(0, (SMALL, MIDDLE), LARGE)


@dataclass
class Counting:
    """Proposes ever new configurations, and remembers how many were asked for at once."""

    problem: Problem
    asked: list[int] = field(default_factory=list)
    name: str = "counting"

    def ask(self, history: History) -> Proposal | None:
        return self.ask_many(history, 1)[0]

    def ask_many(self, history: History, count: int) -> Sequence[Proposal]:
        self.asked.append(count)
        known = len(history.evaluations) + len(history.pending)
        return [proposal(1e-6 * (1 + known + i)) for i in range(count)]

    def rank(self, history: History, count: int) -> Sequence[Configuration]:
        return []


def proposal(rate: float) -> Proposal:
    configuration = Configuration({**PROBLEM.recipe.values, "learning_rate": rate})
    return Proposal(configuration, Fidelity(SMALL.name, PROBLEM.horizon), PROBLEM.training_seed, Phase.SEARCH, "x")


def ended(of: Proposal, kind: StopKind = StopKind.REACHED) -> Evaluation:
    stop, steps = StopReason(kind, of.fidelity.steps, ""), of.fidelity.steps
    score = 0.5 if kind is StopKind.REACHED else None
    return Evaluation(of.configuration, of.fidelity, of.seed, of.phase, score, Cost(1.0), stop, steps)


def view_of(*evaluations: Evaluation, pending: Sequence[Proposal] = (), facts: dict[str, object] | None = None) -> View:
    history = History(evaluations, tuple(pending))
    return View(history, evaluations, (), (), facts or {}, (), 0.0, 0)


def guide_for(places: int) -> tuple[Guide, list[Counting]]:
    built: list[Counting] = []

    def build(problem: Problem) -> Counting:
        built.append(Counting(problem))
        return built[-1]

    return Guide(PROBLEM, build, places), built


@pytest.mark.parametrize("places", [1, PLACES_AHEAD, 2 * PLACES_AHEAD - 1])
def test_for_few_places_each_proposal_knows_all_results(places: int) -> None:
    guide, built = guide_for(places)
    for _ in range(3):
        guide.ask(view_of())
    assert built[0].asked == [1, 1, 1]


def test_for_many_places_several_are_asked_for_at_once_and_each_is_given_once() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    pending: list[Proposal] = []
    for _ in range(8):
        given = guide.ask(view_of(pending=pending))
        assert given is not None and given == guide.ask(view_of(pending=pending)), "it stays until it is in flight"
        pending.append(given)
    assert len({p.configuration for p in pending}) == 8
    assert built[0].asked == [4, 4]


def test_what_was_begun_with_fewer_steps_is_not_given_again() -> None:
    """A trial may be shortened to what the time allows."""
    guide, _ = guide_for(4 * PLACES_AHEAD)
    first = guide.ask(view_of())
    assert first is not None
    shorter = replace(first, fidelity=Fidelity(SMALL.name, PROBLEM.rungs[0]))
    second = guide.ask(view_of(pending=[shorter]))
    assert second is not None and second.configuration != first.configuration


def test_what_has_ended_with_fewer_steps_is_for_the_optimizer_to_continue() -> None:
    """Not for one who asked before it was known how that would go."""
    guide, _ = guide_for(4 * PLACES_AHEAD)
    first = guide.ask(view_of())
    assert first is not None
    shorter = replace(first, fidelity=Fidelity(SMALL.name, PROBLEM.rungs[0]))
    second = guide.ask(view_of(ended(shorter)))
    assert second is not None and second.configuration != first.configuration


def test_what_there_is_no_time_for_does_not_hold_up_what_was_asked_for_with_it() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    first = guide.ask(view_of())
    given = guide.ask(view_of(), lambda p: None if p == first else p)
    assert given == proposal(2e-6) and guide.ask(view_of()) == first
    assert built[0].asked == [4]


def test_where_there_is_time_for_none_others_are_asked_for_once_there_are_results() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    results = [ended(proposal(1e-3 * (1 + i))) for i in range(4)]
    for known in range(5):
        assert guide.ask(view_of(*results[:known]), lambda _: None) is None
    assert guide.ask(view_of(*results), lambda _: None) is None
    assert built[0].asked == [4, 4], "as often as if all of them had been begun"


def test_what_died_or_was_done_meanwhile_is_not_given() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    guide.ask(view_of())
    dead, done = proposal(1e-6), proposal(2e-6)
    given = guide.ask(view_of(ended(dead, StopKind.DIVERGED), ended(done)))
    assert given == proposal(3e-6)
    assert built[0].asked == [4]


def test_after_many_results_it_is_asked_anew() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    guide.ask(view_of())
    many = [ended(proposal(1e-3 * (1 + i))) for i in range(4 * len(PROBLEM.rungs) + 1)]
    guide.ask(view_of(*many[:-1]))
    assert built[0].asked == [4]
    guide.ask(view_of(*many))
    assert built[0].asked == [4, 4]


def test_once_a_proxy_is_distrusted_nothing_that_was_asked_for_before_is_given() -> None:
    guide, built = guide_for(4 * PLACES_AHEAD)
    guide.ask(view_of())
    verdict: dict[str, object] = {VERDICT: {"distrusted": [SMALL.name]}}
    guide.ask(view_of(facts=verdict))
    assert [b.asked for b in built] == [[4], [4]]
    assert SMALL not in built[1].problem.search_models


def test_an_optimizer_that_asks_one_by_one_is_asked_one_by_one() -> None:
    guide = Guide(PROBLEM, lambda problem: build_optimizer("random", problem), 16 * PLACES_AHEAD)
    first = guide.ask(view_of())
    assert first is not None
    second = guide.ask(view_of(pending=[first]))
    assert second is not None and second != first
