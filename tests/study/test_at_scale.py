"""Whole studies on a simulated cluster: what runs when, and what its time is booked on."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from rltune.analysis.records import read_records
from rltune.analysis.utilization import measure_utilization
from rltune.executors.base import Outcome
from rltune.store.base import RunRecord, StudyState
from rltune.study.disk import RoomTerms
from rltune.study.observer import Silent
from rltune.study.room import Room
from rltune.study.usage import Idle
from rltune.study.work import Train, Work
from rltune.types import Phase, Proposal
from study.simulated import PROXY, TARGET, EvenTrials, Setting, Simulated


def segments(study: Simulated, phase: Phase) -> list[tuple[float, float]]:
    """(begin, end) of a phase's trials by the simulated clock."""
    return [(s.started, s.ended or math.inf) for s in study.store.segments() if s.phase is phase]


def test_every_second_of_every_place_is_on_one_account(tmp_path: Path) -> None:
    study = Setting(EvenTrials({PROXY: 1.0, TARGET: 2.0}, starting=3.0)).build(tmp_path)
    assert study.loop.run() is StudyState.FINISHED
    known = measure_utilization(read_records(study.store))
    assert known is not None and known.unit == "place"
    for use in (known.whole, *known.by_phase.values()):
        assert use.busy + sum(use.lost.values()) == pytest.approx(1.0)
    whole = sum(sum(v for k, v in use.items() if k != "starting") for use in study.usage().values())
    assert whole == pytest.approx(4 * study.clock.monotonic())
    searched = known.by_phase["search"]
    assert searched.lost["starting"] * searched.hours * 3600 >= 3.0 * (len(segments(study, Phase.SEARCH)) - 1)


def test_no_place_stays_empty_while_the_search_lasts(tmp_path: Path) -> None:
    study = Setting().build(tmp_path)
    study.loop.run()
    use = study.usage()["search"]
    assert use["held"] / sum(v for k, v in use.items() if k != "starting") > 0.95


def test_the_recipe_is_confirmed_while_the_last_trials_of_the_search_run(tmp_path: Path) -> None:
    study = Setting(most=9, optimizer="random").build(tmp_path)
    study.loop.run()
    last_of_search = max(end for _, end in segments(study, Phase.SEARCH))
    assert min(begin for begin, _ in segments(study, Phase.CONFIRM)) < last_of_search
    runs = {run.id: run for run in study.store.runs()}
    first = min((s for s in study.store.segments() if s.phase is Phase.CONFIRM), key=lambda s: s.started)
    assert runs[first.run_id].configuration == study.loop.chooser.estimates.recipe
    # And the recipe's final runs while others are still being confirmed, the winner's only afterwards.
    finals = [s for s in study.store.segments() if s.phase is Phase.FINAL]
    confirmed = max(end for _, end in segments(study, Phase.CONFIRM))
    early = {runs[s.run_id].configuration for s in finals if s.started < confirmed}
    assert early <= {study.loop.chooser.estimates.recipe}


def test_gpu_hours_end_a_search_that_has_time_left(tmp_path: Path) -> None:
    shares = {PROXY: 1, TARGET: 4}
    study = Setting(budget=math.inf, gpu_seconds=6000.0, gpus=8, slots=8, shares=shares).build(tmp_path)
    assert study.loop.run() is StudyState.FINISHED
    # A trial of the search takes 40 GPU-seconds, a target run, seven of which come afterwards, 320.
    proxies = 40 * len(segments(study, Phase.SEARCH))
    assert 0.75 * 3000 < proxies <= 3000 + 8 * 40  # what was begun within the share may end after it
    assert sum(use["held"] for use in study.usage().values()) <= 6000


class Interrupting(Silent):
    """Asks for a stop after so many trials."""

    def __init__(self, after: int) -> None:
        self.left = after

    def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
        self.left -= 1

    def __call__(self) -> bool:
        return self.left <= 0


def test_what_was_used_counts_over_all_sittings(tmp_path: Path) -> None:
    stop = Interrupting(6)
    first = Setting(observer=stop, stop_requested=stop).build(tmp_path)
    assert first.loop.run() is StudyState.INTERRUPTED
    before = {phase: dict(use) for phase, use in first.usage().items()}
    spent = first.store.study().seconds
    second = Setting(most=8).build(tmp_path, first.store)
    second.loop.run()
    for phase, use in before.items():
        assert all(second.usage()[phase][name] >= value - 1e-9 for name, value in use.items())
    assert second.store.study().seconds == pytest.approx(spent + second.clock.monotonic())


def test_a_target_run_of_all_gpus_waits_only_for_what_is_in_flight(tmp_path: Path) -> None:
    shares = {PROXY: 1, TARGET: 4}
    study = Setting(gpus=4, slots=4, shares=shares, most=11).build(tmp_path)
    study.loop.run()
    search = segments(study, Phase.SEARCH)
    # Eleven trials leave one GPU free in the third round: the recipe's run waits there for the other three.
    assert min(b for b, _ in segments(study, Phase.CONFIRM)) == pytest.approx(max(e for _, e in search), abs=0.1)
    assert study.idle("search", Idle.ROOM) == pytest.approx(40.0, rel=0.2)


def test_a_trial_that_would_not_end_in_time_is_sent_to_a_lower_rung(tmp_path: Path) -> None:
    # Preparing takes 8 s. The closing phases need four target runs of 40 s at least: they leave 320 - 160 - 8 = 152 s,
    # which are three full trials of 40 s, which `random` asks for, one of 20 s, and one of 10 s.
    study = Setting(EvenTrials({PROXY: 1.0, TARGET: 1.0}), budget=320.0, slots=1, search=0.49).build(tmp_path)
    study.loop.run()
    search = [s for s in study.store.segments() if s.phase is Phase.SEARCH]
    assert [s.to_step for s in search] == [40, 40, 40, 20, 10]
    assert "to step 20 instead of 40" in search[3].reason
    assert study.store.study().seconds <= 320.0 + 1e-6


def test_machines_that_come_in_the_middle_are_counted_from_then_on(tmp_path: Path) -> None:
    class Arrival(Silent):
        at: float | None = None

        def trial_ended(self, run: RunRecord, proposal: Proposal, outcome: Outcome, score: float | None) -> None:
            if self.at is None:
                self.at = study.clock.monotonic()
                study.loop.executor._slots = 6  # type: ignore[attr-defined]

    arrival = Arrival()
    study = Setting(slots=2, observer=arrival).build(tmp_path)
    assert study.loop.run() is StudyState.FINISHED and arrival.at is not None
    whole = sum(sum(v for k, v in use.items() if k != "starting") for use in study.usage().values())
    end = study.clock.monotonic()
    assert whole == pytest.approx(2 * arrival.at + 6 * (end - arrival.at))
    assert study.idle("search", Idle.ASKING) == study.idle("search", Idle.CONTROLLER) == 0.0


def test_scores_pass_what_waits_for_the_disk_and_that_wait_costs_nothing(tmp_path: Path) -> None:
    ends: list[float] = []

    def stop_requested() -> bool:
        if len(study.store.scores()) == 2 and not ends:
            ends.append(study.clock.monotonic())
        return study.clock.monotonic() > 1e6  # it has come to a standstill

    def free(_: Path) -> int:
        return 0 if not ends or study.clock.monotonic() < ends[0] + 50_000 else 10**9

    study = Setting(stop_requested=stop_requested).build(tmp_path)
    study.loop.room.terms = RoomTerms(margin=1, sizes={PROXY: 100, TARGET: 100})
    study.loop.room.free = free
    assert study.loop.run() is StudyState.FINISHED
    assert ends and ends[0] < 10.0, "the base models were scored while the timing runs waited for the disk"
    assert study.clock.monotonic() > 50_000 and study.store.study().seconds < 1_000


def test_what_is_trained_again_waits_behind_what_has_no_room_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, and the checkpoints of all final runs are damaged: none of them takes another's turn."""

    class Damage(Silent):
        done = False

        def phase(self, name: str, what: str) -> None:
            if name == "test":
                self.done = True
                for record in study.store.checkpoints():
                    shutil.rmtree(record.path)

    admits, refused = Room.admits, 0

    def short(room: Room, work: Work) -> bool:
        nonlocal refused
        if not damage.done or not isinstance(work, Train) or refused == 9:
            return admits(room, work)
        refused += 1
        return False

    monkeypatch.setattr(Room, "admits", short)
    monkeypatch.setattr("rltune.study.closing.Test.ahead", lambda *_: None)
    damage = Damage()
    study = Setting(most=4, observer=damage).build(tmp_path)
    assert study.loop.run() is StudyState.FINISHED
    again = [e for e in study.store.events() if "trained again" in e.message]
    finals = [s.run_id for s in study.store.segments() if s.phase is Phase.FINAL]
    assert refused == 9 and len(again) == len(set(finals)) >= 2
    assert len(finals) == 2 * len(set(finals))
