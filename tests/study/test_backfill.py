"""What may run while a larger trial waits for room: choices over a phase that wants given pieces of work."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rltune.executors.base import Order
from rltune.study.backfill import MARGIN, PATIENCE, Waiting
from rltune.study.budget import Resources
from rltune.study.choosing import Chooser
from rltune.study.estimates import Estimates
from rltune.study.flight import Fleet, InFlight
from rltune.study.plan import ModelTiming
from rltune.study.usage import Idle
from rltune.study.work import Score, Train, View, Work, model_of
from rltune.testing.surfaces import LARGE, SMALL, GrpoSurface
from rltune.trainers.base import ScoreJob, Scoring
from rltune.types import Configuration, Fidelity, History, Phase, Proposal

PROBLEM = replace(GrpoSurface().problem(0, (SMALL,), LARGE), rungs=(10, 20, 40))
SHARES = {SMALL.name: 1, LARGE.name: 4}
FACTS = {"timings": {name: asdict(ModelTiming(1.0, 0.0, 0.0)) for name in SHARES}}


def train(model: str, steps: int, number: int = 0) -> Train:
    configuration = Configuration({**PROBLEM.recipe.values, "rollouts": 2 + number})
    return Train(Proposal(configuration, Fidelity(model, steps), 0, Phase.SEARCH, "wanted"))


class Wanting:
    """A phase that wants these, one after the other."""

    name = "search"

    def __init__(self, *wanted: Work) -> None:
        self.wanted = list(wanted)
        self.gaps: list[float] = []

    def begin(self, view: View) -> Mapping[str, object]:
        return {}

    def next(self, view: View) -> Work | None:
        self.gaps.append(view.gap)
        return self.wanted.pop(0) if self.wanted else None

    def done(self, view: View) -> bool:
        return not self.wanted


class Fitting(Wanting):
    """A phase that wants, of what has waited, only what `left` says."""

    left: Work | None = None

    def still(self, work: Work, view: View) -> Work | None:
        return self.left


class Cluster:
    """Four GPUs and what is chosen for them."""

    def __init__(self, phase: Wanting) -> None:
        self.phase, self.fleet, self.now = phase, Fleet(), 0.0
        self.resources = Resources(4, 4, SHARES)
        self.history = History()
        self.chooser = Chooser([phase], self.resources, Estimates(PROBLEM, PROBLEM.recipe), self.look)

    def look(self, gap: float) -> View:
        return View(self.history, (), (), (), FACTS, (), 0.0, 0, gap=gap)

    def fly(self, work: Work, expected: float | None) -> None:
        job = ScoreJob("m", None, "t", "validation", Scoring(1, 1), 0)
        order = Order(f"{len(self.fleet)}-{self.now}", Path(), Path(), "none", job)
        gpus = self.resources.units(model_of(work))
        self.fleet.add(InFlight(work, order, "search", gpus, self.now, expected))
        self.history = History()

    def step(self) -> Work | None:
        """One choice, which is started."""
        has_room = lambda work: self.fleet.held + self.resources.units(model_of(work)) <= 4  # noqa: E731
        choice = self.chooser.next(self.phase, self.fleet, has_room, self.now)
        if choice is not None:
            self.fly(choice.work, choice.expected)
        return None if choice is None else choice.work


def waiting_cluster(*then: Work, running: float | None = 30.0) -> Cluster:
    """One GPU is busy for `running` seconds, and a trial waits for all four."""
    cluster = Cluster(Wanting(train(LARGE.name, 40), *then))
    cluster.fly(train(SMALL.name, 40, 9), running)
    assert cluster.step() is None
    assert cluster.chooser.waiting is not None and cluster.chooser.waiting.work == train(LARGE.name, 40)
    return cluster


def test_what_ends_before_there_is_room_may_overtake() -> None:
    short = train(SMALL.name, 20, 1)
    cluster = waiting_cluster(short)
    assert cluster.step() == short
    assert cluster.phase.gaps == [math.inf, pytest.approx(30.0 / MARGIN)]


def test_what_would_take_longer_may_not_and_is_asked_for_once() -> None:
    cluster = waiting_cluster(train(SMALL.name, 40, 1), train(SMALL.name, 10, 2))
    assert cluster.step() is None and cluster.step() is None
    assert cluster.chooser.idle is Idle.ROOM
    assert len(cluster.phase.gaps) == 2
    cluster.history = History()  # something has changed
    assert cluster.step() == train(SMALL.name, 10, 2)


def test_nothing_overtakes_where_nobody_knows_when_there_will_be_room() -> None:
    cluster = waiting_cluster(train(SMALL.name, 10, 1), running=None)
    assert cluster.step() is None


def test_what_needs_as_much_room_itself_does_not_overtake() -> None:
    cluster = waiting_cluster(train(LARGE.name, 10, 1))
    assert cluster.step() is None


def test_the_one_that_waits_goes_first_as_soon_as_there_is_room() -> None:
    cluster = waiting_cluster(train(SMALL.name, 10, 1))
    cluster.fleet.remove(next(iter(cluster.fleet)).order.id)
    cluster.now = 30.0
    assert cluster.step() == train(LARGE.name, 40)
    assert cluster.chooser.waiting is None


def test_the_one_that_waits_begins_only_as_far_as_it_still_ends_in_time() -> None:
    phase = Fitting(train(LARGE.name, 40))
    phase.left = train(LARGE.name, 20)
    cluster = Cluster(phase)
    cluster.fly(train(SMALL.name, 40, 9), 30.0)
    assert cluster.step() is None and cluster.chooser.waiting is not None
    cluster.fleet.remove(next(iter(cluster.fleet)).order.id)
    assert cluster.step() == train(LARGE.name, 20)


def test_the_one_that_has_waited_too_long_makes_way_for_others_at_once() -> None:
    phase = Fitting(train(LARGE.name, 40), train(SMALL.name, 40))
    cluster = Cluster(phase)
    cluster.fly(train(SMALL.name, 40, 9), 30.0)
    assert cluster.step() is None and cluster.chooser.waiting is not None
    assert cluster.step() is None and cluster.chooser.waiting is None
    assert cluster.step() == train(SMALL.name, 40)


def test_a_score_passes_what_waits_for_the_disk_and_no_training_does() -> None:
    score, training = Score(SMALL.name, "validation"), train(SMALL.name, 10)

    class Mixed(Wanting):
        def next(self, view: View) -> Work | None:
            return next((work for work in self.wanted if work not in view.running), None)

    cluster = Cluster(Mixed(training, score))
    passing = cluster.chooser.passing(cluster.phase, lambda _: True, 0.0)
    assert passing is not None and passing.work == score
    assert cluster.chooser.passing(cluster.phase, lambda _: False, 0.0) is None
    cluster = Cluster(Mixed(training))
    assert cluster.chooser.passing(cluster.phase, lambda _: True, 0.0) is None


def test_after_twice_the_foreseen_wait_nothing_overtakes_any_more() -> None:
    fleet = Fleet()
    waiting = Waiting(train(LARGE.name, 40), "search", 4.0, since=0.0, foreseen=30.0)
    cluster = Cluster(Wanting())
    cluster.fly(train(SMALL.name, 40), 100.0)
    assert waiting.gap(cluster.fleet, 3.0, now=PATIENCE * 30.0) > 0
    assert waiting.gap(cluster.fleet, 3.0, now=PATIENCE * 30.0 + 1) == 0
    assert waiting.gap(fleet, 3.0, now=1.0) == 0


def test_a_trial_slower_than_expected_is_taken_at_its_own_pace() -> None:
    cluster = Cluster(Wanting())
    cluster.fly(train(SMALL.name, 40), 40.0)
    (flying,) = cluster.fleet
    assert flying.remaining(10.0) == pytest.approx(30.0)
    assert flying.remaining(1000.0) == pytest.approx(4.0)  # overdue: any moment now
