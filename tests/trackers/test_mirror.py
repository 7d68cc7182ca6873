"""A mirror brings any tracker up to the store, and never fails because of one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from report.factory import CONFIG, RUNGS, TARGET, Filler, begin, fill_finished, fill_half, propose
from rltune.store.base import StudyStore
from rltune.store.open import create_study
from rltune.trackers.base import Point, Status, TrackedRun, TrackedStudy
from rltune.trackers.mirror import FIRST_PAUSE, Mirror
from rltune.trackers.view import curve_of, tracked_runs, tracked_study
from rltune.types import Configuration, Phase, StopKind, StopReason


class Clock:
    """Stands until it is set."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Memory:
    """A tracker that keeps what it is given in a dict that outlives it, and fails when it is told to."""

    name = "memory"
    place = "memory"

    def __init__(self, held: dict[str, tuple[TrackedRun, list[Point]]], broken: list[str]) -> None:
        self.held = held
        self.broken = broken
        self.writes: list[str] = []

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        if "open" in self.broken:
            raise ConnectionError("no route to postgresql://me:secret@host")
        return {key: run.digest for key, (run, _) in self.held.items() if run.status is not Status.RUNNING}

    def write(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        if "write" in self.broken or run.key.endswith(tuple(self.broken)):
            raise ValueError(f"odd value in {run.key[-5:]}")
        self.writes.append(run.key)
        self.held[run.key] = (run, list(curve))

    def close(self) -> None:
        if "close" in self.broken:
            raise OSError("cut")


class World:
    """A mirror with all that it touches."""

    def __init__(self, store: StudyStore) -> None:
        self.held: dict[str, tuple[TrackedRun, list[Point]]] = {}
        self.broken: list[str] = []
        self.told: list[tuple[str, str]] = []
        self.clock = Clock()
        self.store = store
        self.sit()

    def sit(self) -> None:
        """A new sitting: all but what the tracker holds is forgotten."""
        self.tracker = Memory(self.held, self.broken)
        tell = lambda level, text: self.told.append((level, text))  # noqa: E731
        self.mirror = Mirror("memory", lambda: self.tracker, self.store, self.clock, tell)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    store = create_study(tmp_path, "demo", CONFIG)
    yield store
    store.close()


def test_a_finished_study_is_mirrored_once_and_whole(store: StudyStore) -> None:
    study = fill_finished(store)
    world = World(store)
    done = world.mirror.update(alive=False)
    assert done.written == len(store.runs()) and done.missing == 0
    again = world.mirror.update(alive=False)
    world.sit()
    later = world.mirror.update(alive=False)
    assert again.written == later.written == 0 and later.current == done.written and world.told == []
    for run in store.runs():
        tracked, curve = world.held[f"{tracked_study(store.study()).key}-{run.id}"]
        assert [p.step for p in curve] == [m.step for m in store.curve(run.id)]
        assert [p.values for p in curve] == [m.values for m in store.curve(run.id)]
        assert all(a.time <= b.time for a, b in zip(curve, curve[1:], strict=False))
        assert {**run.configuration.values}.items() <= tracked.config.items()
        assert tracked.config["rltune/model"] == run.model and tracked.config["prompts_per_step"] == 32
        assert tracked.status is not Status.RUNNING and tracked.facts["rltune/study"] == "demo"
    finals = [run for run, _ in world.held.values() if run.facts["rltune/finalist"]]
    assert {run.facts["rltune/finalist"] for run in finals} == {"winner", "recipe"}
    winner = next(run for run in finals if "winner" in run.tags and run.config["rltune/seed"] == 1)
    assert winner.config["rltune/configuration"] == study.winner.id and winner.config["rltune/role"] == "target"
    assert winner.numbers["test/mean"] > 0.5 and winner.numbers["rltune/rung"] == RUNGS[-1]


def test_a_stopped_run_says_why_and_what_it_cost(store: StudyStore) -> None:
    begin(store)
    stop = StopReason(StopKind.RULE, 9, "KL grew by 31 % a step", "kl_growth", {"growth": 0.31, "limit": math.inf})
    filler = Filler(store)
    filler.segment(propose(1)[0], "embedded/xs", 15, stop=stop)
    filler.segment(propose(2)[1], "embedded/xs", 15, stop=StopReason(StopKind.DIVERGED, 3, "not finite"))
    filler.segment(propose(3)[2], "embedded/xs", 15, stop=StopReason(StopKind.INTERRUPTED, 3, "asked to"))
    filler.segment(propose(4)[3], "embedded/xs", 15, stop=StopReason(StopKind.OUT_OF_MEMORY, 3, "out of memory"))
    ruled, diverged, interrupted, short = (run for _, run in tracked_runs(store, alive=False))
    assert ruled.status is Status.FINISHED and ruled.facts["rltune/stop_rule"] == "kl_growth"
    assert ruled.facts["rltune/stop_kind"] == "rule" and "31 %" in ruled.facts["rltune/stop_reason"]
    assert ruled.numbers["rltune/stop/growth"] == 0.31 and ruled.numbers["rltune/stop_step"] == 9
    assert ruled.numbers["rltune/seconds"] == pytest.approx(0.15 * 9 + 1.0) and "rltune/score" not in ruled.numbers
    assert (diverged.status, interrupted.status, short.status) == (Status.FAILED, Status.KILLED, Status.FAILED)
    assert "diverged" in diverged.tags and diverged.facts["rltune/rungs_reached"] == ""


def test_a_run_grows_and_a_promotion_stays_the_same_run(store: StudyStore) -> None:
    begin(store)
    filler, configuration = Filler(store), Configuration({"learning_rate": 1e-3})
    world = World(store)
    filler.segment(configuration, "embedded/xs", 15)
    assert world.mirror.update().written == 1
    filler.segment(configuration, "embedded/xs", 30, finish=False)
    for _ in range(2):
        assert world.mirror.update().written == 1  # it may have grown
    ((run, curve),) = world.held.values()
    assert run.status is Status.RUNNING and run.ended is None and len(curve) > 15
    world.sit()
    assert world.mirror.update(alive=False).written == 1
    ((run, _),) = world.held.values()
    assert run.status is Status.KILLED and run.facts["rltune/rungs_reached"] == "15"
    assert run.numbers["rltune/segments"] == 2


def test_the_winner_is_marked_as_soon_as_it_is_known(store: StudyStore) -> None:
    begin(store)
    filler, configuration = Filler(store), Configuration({"learning_rate": 1e-3})
    filler.segment(configuration, TARGET, RUNGS[-1], phase=Phase.CONFIRM)
    world = World(store)
    world.mirror.update()
    store.set_fact("winner", {"configuration": dict(configuration.values), "id": configuration.id, "reason": "best"})
    assert world.mirror.update().written == 1
    ((run, _),) = world.held.values()
    assert "winner" in run.tags and run.facts["rltune/finalist"] == "winner"


def test_a_tracker_that_cannot_be_reached_is_told_once_rests_and_recovers(store: StudyStore) -> None:
    fill_half(store)
    world = World(store)
    world.broken.append("open")
    runs = len(store.runs())
    assert world.mirror.update().missing == runs
    assert world.mirror.update().missing == runs  # rests, without a try
    world.clock.time += FIRST_PAUSE
    assert world.mirror.update().missing == runs
    ((level, text),) = world.told
    assert level == "warning" and "no route" in text and "secret" not in text
    world.broken.clear()
    assert world.mirror.update(now=True).written == runs
    assert [level for level, _ in world.told] == ["warning", "info"]


def test_one_run_that_cannot_be_written_does_not_keep_the_others(store: StudyStore) -> None:
    fill_finished(store)
    world = World(store)
    odd = store.runs()[2].id
    world.broken.append(odd)
    done = world.mirror.update()
    assert done.missing == 1 and done.written == len(store.runs()) - 1
    assert len(world.told) == 1 and "odd value" in world.told[0][1]
    world.broken.append("write")
    world.sit()
    world.held.clear()
    assert world.mirror.update().missing == len(store.runs())
    assert world.tracker.writes == []


def test_a_close_that_fails_is_told(store: StudyStore) -> None:
    fill_half(store)
    world = World(store)
    world.mirror.update()
    world.broken.append("close")
    assert not world.mirror.close() and "cut" in world.told[0][1]
    assert World(store).mirror.close()  # was never opened


def test_studies_of_one_name_and_other_times_have_other_keys(tmp_path: Path) -> None:
    keys = set()
    for folder, time in (("a", 1.0), ("b", 2.0)):
        clock = Clock()
        clock.time = time
        store = create_study(tmp_path / folder, "demo", CONFIG, clock=clock)
        keys.add(tracked_study(store.study()).key)
        store.close()
    assert len(keys) == 2 and all(key.startswith("demo-") for key in keys)


def test_a_step_that_measured_nonsense_still_has_a_time(store: StudyStore) -> None:
    begin(store)
    filler, configuration = Filler(store), Configuration({"learning_rate": 1e-3})
    filler.metrics = lambda c, m, s: type(  # type: ignore[method-assign]
        Filler(store).metrics(c, m, s)
    )(s, {"reward": math.nan, "step_seconds": math.nan if s == 2 else -1.0 if s == 3 else 2.0})
    filler.segment(configuration, "embedded/xs", 15)
    times = [p.time for p in curve_of(store, store.runs()[0].id)]
    assert all(math.isfinite(t) for t in times) and times[-1] - times[0] == pytest.approx(2.0 * 12)


def test_everything_that_is_tracked_is_plain(store: StudyStore) -> None:
    fill_finished(store)
    for _, run in tracked_runs(store, alive=False):
        assert json.loads(json.dumps(dict(run.config))) == dict(run.config)
        assert all(isinstance(v, str) for v in run.facts.values())
        assert all(isinstance(v, float) for v in run.numbers.values())
        assert len(run.key) <= 64 and run.key.replace("-", "").isalnum()
