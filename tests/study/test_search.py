"""What the search starts next, and when it is over: choices from given views."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.optimizers.build import build_optimizer
from rltune.store.open import create_study
from rltune.study.budget import Spent
from rltune.study.check import PAIRING, CheckTerms, TransferCheck
from rltune.study.estimates import EXPECTED, Estimates
from rltune.study.guide import Guide
from rltune.study.plan import ModelTiming, PlanTerms
from rltune.study.retries import LONGEST_WAIT
from rltune.study.search import Search
from rltune.study.snapshot import Moment, Snapshots
from rltune.study.work import Train, View, resting
from rltune.testing.surfaces import LARGE, SMALL, GrpoSurface
from rltune.types import Configuration, Cost, Fidelity, History, Phase, Proposal, StopKind, StopReason

PROBLEM = replace(GrpoSurface().problem(0, (SMALL,), LARGE), rungs=(10, 20, 40))
FACTS: dict[str, object] = {"timings": {m.name: asdict(ModelTiming(1.0, 0.0, 0.0)) for m in (SMALL, LARGE)}}
NOW = 1e9


def terms(budget: float = math.inf, gpu_seconds: float = math.inf, trials: int | None = None) -> PlanTerms:
    models = tuple(m.name for m in PROBLEM.search_models)
    return PlanTerms(budget, 0.5, trials, 2, models, PROBLEM.target.name, PROBLEM.rungs, 1, 1, gpu_seconds=gpu_seconds)


def search_of(plan: PlanTerms) -> Search:
    guide = Guide(PROBLEM, lambda problem: build_optimizer("random", problem))
    return Search(guide, plan, Estimates(PROBLEM, PROBLEM.recipe))


def cut_short(seconds: float = 40.0) -> Proposal:
    goal, values = PROBLEM.full_search_run, {EXPECTED: seconds}
    return Proposal(PROBLEM.recipe, goal, PROBLEM.training_seed, Phase.SEARCH, "the recipe", values)


def view_of(*unfinished: Proposal, until: float = 0.0, **changes: object) -> View:
    waits = {resting(Train(p)): until for p in unfinished}
    view = View(History(), (), unfinished, (), FACTS, (), 0.0, 0, waits=waits, now=NOW)
    return replace(view, **changes)  # type: ignore[arg-type]


def test_a_run_that_rests_is_not_proposed_once_more_meanwhile() -> None:
    search = search_of(terms(budget=1e6))
    lost = cut_short()
    meanwhile = search.next(view_of(lost, until=NOW + 10))
    assert isinstance(meanwhile, Train) and meanwhile.proposal.configuration != lost.configuration
    assert search.next(view_of(lost, until=NOW - 1)) == Train(lost)


def test_a_run_that_waits_for_room_is_not_begun_beside_itself() -> None:
    shorter = replace(cut_short(), fidelity=Fidelity(PROBLEM.full_search_run.model, 20))
    busy = History(pending=(shorter,))
    found = search_of(terms(budget=1e6)).next(view_of(cut_short(), history=busy, running=(Train(shorter),)))
    assert isinstance(found, Train) and found.proposal.configuration != shorter.configuration


def test_a_run_of_the_transfer_check_rests_like_any_other() -> None:
    check = TransferCheck(PROBLEM, PROBLEM.recipe, terms(budget=1e6), CheckTerms())
    pairing = {"proxy": SMALL.name, "step": 10, "configurations": [dict(PROBLEM.recipe.values)], "reason": "x"}
    work = check.next(view_of(facts={**FACTS, PAIRING: pairing}))
    assert work is not None
    waits = {resting(work): NOW + 10}
    assert check.next(view_of(facts={**FACTS, PAIRING: pairing}, waits=waits)) is None


@pytest.mark.parametrize("until", [0.0, NOW + 10])
def test_the_search_ends_though_a_run_was_cut_short_that_can_not_go_on(until: float) -> None:
    """In GPU-hours nothing is used up while nothing runs: it would wait for ever."""
    search = search_of(terms(gpu_seconds=1000.0))
    dear = {SMALL.name: asdict(ModelTiming(1.0, 0.0, 0.0)), LARGE.name: asdict(ModelTiming(100.0, 0.0, 0.0))}
    view = view_of(cut_short(500.0), until=until, spent=Spent(1e4, 497.0), seconds=497.0 / 2, facts={"timings": dear})
    assert search.next(view) is None and search.done(view)
    # One that fits is waited for, also while it rests, and as the last of so many trials.
    assert not search.done(replace(view, unfinished=(cut_short(2.0),)))
    last = search_of(terms(budget=1e6, trials=1))
    assert not last.done(replace(view, unfinished=(cut_short(2.0),), trials=1)) and last.done(view_of(trials=1))


def test_what_waited_for_room_begins_only_as_far_as_it_ends_in_time() -> None:
    search = search_of(terms(budget=100.0, gpu_seconds=200.0))
    work, early = Train(cut_short(40.0)), view_of(seconds=5.0, spent=Spent(5.0))
    assert search.still(work, early) == work
    later = search.still(work, view_of(seconds=75.0, spent=Spent(75.0), tail=20.0))
    assert isinstance(later, Train) and later.proposal.fidelity.steps == 20
    assert search.still(work, view_of(seconds=75.0, spent=Spent(75.0))) is None
    assert search.still(work, view_of(spent=Spent(5.0, 199.0))) is None


def test_a_run_of_the_transfer_check_that_waited_begins_whole_or_not_at_all() -> None:
    plan = terms(budget=100.0)
    guide = Guide(PROBLEM, lambda problem: build_optimizer("random", problem))
    check = TransferCheck(PROBLEM, PROBLEM.recipe, plan, CheckTerms())
    search = Search(guide, plan, Estimates(PROBLEM, PROBLEM.recipe), check)
    pairing = {"proxy": SMALL.name, "step": 40, "configurations": [dict(PROBLEM.recipe.values)], "reason": "x"}
    facts = {**FACTS, PAIRING: pairing}
    work = check.next(view_of(facts=facts))
    assert work is not None
    assert search.still(work, view_of(facts=facts, seconds=45.0, spent=Spent(45.0))) == work
    assert search.still(work, view_of(facts=facts, seconds=75.0, spent=Spent(75.0), tail=20.0)) is None


def test_a_clock_that_jumps_ahead_ends_a_wait_at_once_and_only_that_one() -> None:
    lost = cut_short()
    jumped = replace(view_of(lost, until=NOW + 80), now=NOW + 86_400)
    assert not jumped.rests(Train(lost))
    # The next try ends by the new time, so that it waits as long as without the jump.
    assert replace(view_of(lost, until=NOW + 86_400 + 160), now=NOW + 86_401).rests(Train(lost))


@given(st.floats(0, LONGEST_WAIT), st.floats(-2 * LONGEST_WAIT, 2 * LONGEST_WAIT) | st.floats(-1e7, 1e7))
def test_however_the_clock_jumps_no_wait_is_longer_than_the_longest(wait: float, jump: float) -> None:
    """Nor can jumps make it hammer: how often a run is tried doesn't depend on any clock."""
    lost = cut_short()
    view = view_of(lost, until=NOW + wait)
    jumped, later = replace(view, now=NOW + jump), replace(view, now=NOW + jump + LONGEST_WAIT)
    assert not (jumped.rests(Train(lost)) and later.rests(Train(lost)))
    assert jumped.next_due == math.inf or jumped.next_due <= jumped.now + LONGEST_WAIT


def test_a_wait_ends_when_the_clock_is_set_back() -> None:
    lost = cut_short()
    assert view_of(lost, until=NOW + LONGEST_WAIT).rests(Train(lost))
    back = view_of(lost, until=NOW + LONGEST_WAIT + 1)
    assert not back.rests(Train(lost)) and back.next_due == math.inf


def test_a_trial_that_waits_for_room_is_one_of_the_searches(tmp_path: Path) -> None:
    store = create_study(tmp_path / "s", "s", {})
    begun, waits = (Proposal(Configuration({"rate": i}), Fidelity("m", 4), 0, Phase.SEARCH, "try") for i in range(2))
    run = store.run(begun.configuration, "m", 0)
    store.begin_segment(begun, run.id, 0, tmp_path / "1")
    moment = Moment(running=[Train(begun)], waiting=[Train(waits), Train(replace(waits, phase=Phase.CONFIRM))])
    snapshots = Snapshots(store)
    assert snapshots.take(moment).trials == 2
    # Nor does one that was lost make room for another while it rests.
    (segment,) = store.segments()
    store.finish_segment(segment.id, StopReason(StopKind.LOST, 0, "its process vanished"), Cost(), [], [], [])
    assert snapshots.take(Moment(waiting=moment.waiting)).trials == 2
    store.close()
