"""What is admitted: within a limit, and on a disk that others use too."""

from __future__ import annotations

from pathlib import Path

import pytest

from rltune.errors import StudyError
from rltune.executors.base import Limits, Order, SavedCheckpoint
from rltune.executors.fence import grant, read_holder
from rltune.store.base import CheckpointState
from rltune.store.manifest import publish, temporary_folder
from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore
from rltune.study.disk import RoomTerms
from rltune.study.keeping import carry_out, plan_room, remove_damaged
from rltune.study.orders import Workshop
from rltune.study.room import SLACK, Room
from rltune.study.work import Score, Timing, Train
from rltune.trainers.base import Scoring, TrainJob
from rltune.types import Configuration, Cost, Fidelity, Phase, Proposal, StopKind, StopReason

SIZE = 1000
NEED = round(SLACK * SIZE)


def workshop(folder: Path, terms: RoomTerms) -> Workshop:
    toy, scoring = "rltune.testing.toy_trainer:ToyTrainer", Scoring(1, 1)
    return Workshop(folder, toy, {"m": "m"}, "t", {}, {}, {}, (4, 8), scoring, scoring, (), (), 1, 0, 1, room=terms)


def train(number: int, steps: int = 8) -> Train:
    configuration = Configuration({"rate": number})
    return Train(Proposal(configuration, Fidelity("m", steps), 0, Phase.SEARCH, "try"))


def order(folder: Path, name: str = "o") -> Order:
    job = TrainJob("m", "t", {}, 8, 8, 0, Scoring(1, 1))
    return Order(name, folder / name, folder / name / "checkpoints", "toy", job, limits=Limits())


@pytest.fixture
def store(tmp_path: Path) -> SqlStudyStore:
    return create_study(tmp_path / "s", "s", {})


def trained(store: SqlStudyStore, folder: Path, number: int, step: int = 4) -> str:
    """A run of the search with one checkpoint of `SIZE` bytes."""
    proposal = train(number, step).proposal
    run = store.run(proposal.configuration, "m", 0)
    segment = store.begin_segment(proposal, run.id, 0, folder / run.id)
    final = folder / "runs" / run.id / "checkpoints" / f"step-{step:06d}"
    temporary = temporary_folder(final)
    (temporary / "weights").write_bytes(bytes(SIZE))
    size = publish(temporary, final)
    stop = StopReason(StopKind.REACHED, step, "done")
    store.finish_segment(segment.id, stop, Cost(1.0), [], [(step, final, size)], [])
    return run.id


def room_of(store: SqlStudyStore, folder: Path, terms: RoomTerms, free: int | None = None) -> tuple[Room, list[str]]:
    told: list[str] = []
    return Room(store, workshop(folder, terms), lambda _, text: told.append(text), lambda _: free), told


def test_sizes_that_nobody_knows_hold_nothing_up(store: SqlStudyStore, tmp_path: Path) -> None:
    room, told = room_of(store, tmp_path, RoomTerms(limit=1), free=0)
    assert room.admits(train(0)) and room.admits(Timing("m")) and room.admits(Score("m", "test")) and not told


def test_computed_sizes_count_until_one_was_seen(store: SqlStudyStore, tmp_path: Path) -> None:
    room, _ = room_of(store, tmp_path, RoomTerms(limit=5 * SIZE, sizes={"m": 10 * SIZE}))
    with pytest.raises(StudyError, match=r"too small"):
        room.admits(train(0))
    timing = order(tmp_path, "timing")
    room.reserve(timing, Timing("m"))
    room.release("timing", [SavedCheckpoint(3, tmp_path, SIZE)])
    assert room.admits(train(0))


def test_room_is_made_by_what_is_worth_least_and_what_is_in_use_stays(store: SqlStudyStore, tmp_path: Path) -> None:
    runs = [trained(store, tmp_path, number) for number in range(4)]
    store.set_fact("rungs", [4, 8])
    room, _ = room_of(store, tmp_path, RoomTerms(limit=5 * SIZE + 200))
    assert room.admits(train(0))  # it writes two at a time, and goes on from its own
    assert {c.run_id for c in store.checkpoints()} == {runs[0], *runs[2:]}
    assert not (tmp_path / "runs" / runs[1]).joinpath("checkpoints/step-000004").exists()
    (line,) = [d for d in store.decisions() if d.kind == "delete"]
    assert line.subject == runs[1] and line.reason.startswith("room for") and line.values["bytes"] == SIZE


def test_what_is_reserved_is_counted_until_the_trial_ends(store: SqlStudyStore, tmp_path: Path) -> None:
    trained(store, tmp_path, 0)
    room, _ = room_of(store, tmp_path, RoomTerms(limit=4 * SIZE))
    assert room.admits(train(1))
    room.reserve(order(tmp_path), train(1))
    assert not room.admits(train(2)) and not room.admits(train(2))
    room.release("o")
    assert room.admits(train(2))


def test_half_a_save_of_another_machine_goes_with_the_end_of_its_trial(store: SqlStudyStore, tmp_path: Path) -> None:
    room, _ = room_of(store, tmp_path, RoomTerms())
    flying = order(tmp_path)
    flying.checkpoints.mkdir(parents=True)
    grant(flying.checkpoints, flying.id)
    room.reserve(flying, train(1))
    part = flying.checkpoints / ".step-000004.elsewhere.17.4711.0.part"
    part.mkdir()
    (part / "weights").write_bytes(bytes(SIZE))
    room.release(flying.id)
    assert list(flying.checkpoints.iterdir()) == [] and read_holder(flying.checkpoints) == ""


def test_damaged_checkpoints_take_no_room(store: SqlStudyStore, tmp_path: Path) -> None:
    run = trained(store, tmp_path, 0)
    store.set_checkpoint_state(run, 4, CheckpointState.DAMAGED)
    room, _ = room_of(store, tmp_path, RoomTerms(limit=9 * SIZE, sizes={"m": SIZE}))
    assert room.admits(train(1))
    assert store.checkpoints(state=CheckpointState.DAMAGED) == []
    assert not (tmp_path / "runs" / run / "checkpoints/step-000004").exists()


def test_a_full_disk_is_told_once_and_so_is_room_on_it(store: SqlStudyStore, tmp_path: Path) -> None:
    free = [0]
    told: list[str] = []
    trained(store, tmp_path, 0)
    terms = RoomTerms(margin=500)
    room = Room(store, workshop(tmp_path, terms), lambda _, text: told.append(text), lambda _: free[0])
    for free[0], expected in ((0, False), (0, False), (3 * NEED + 499, False), (3 * NEED + 500, True), (10**9, True)):
        assert room.admits(train(1)) is expected and room.short is not expected
    assert [text.split(":")[0].split(" (")[0] for text in told] == [
        "the disk is nearly full",
        "there is room on the disk again",
    ]


def test_what_trials_in_flight_have_written_already_needs_no_room_any_more(
    store: SqlStudyStore, tmp_path: Path
) -> None:
    trained(store, tmp_path, 0)
    room, _ = room_of(store, tmp_path, RoomTerms(), free=6 * NEED - SIZE)
    flying = order(tmp_path)
    room.reserve(flying, train(1))
    assert not room.admits(train(2))
    part = flying.checkpoints / "step-000001"
    part.mkdir(parents=True)
    (part / "weights").write_bytes(bytes(SIZE))
    assert room.admits(train(2))


def test_a_run_that_was_cut_short_keeps_its_checkpoint_longer(store: SqlStudyStore, tmp_path: Path) -> None:
    runs = [trained(store, tmp_path, number) for number in range(2)]
    lost = store.begin_segment(train(0).proposal, runs[0], 4, tmp_path / "lost")
    stop = StopReason(StopKind.LOST, 4, "its process vanished")
    store.finish_segment(lost.id, stop, Cost(1.0), [], [], [])
    assert [r.record.run_id for r in plan_room(store, SIZE).removals] == [runs[1]]


def test_steps_trained_again_for_want_of_room_are_written_down(store: SqlStudyStore, tmp_path: Path) -> None:
    run_id = trained(store, tmp_path, 0)
    room, _ = room_of(store, tmp_path, RoomTerms(limit=9 * SIZE))
    run = store.runs()[0]
    room.note_retraining(run, "s2", 4, 8)
    assert not [d for d in store.decisions() if d.kind == "retrain"]
    plan = plan_room(store, 0, None)
    carry_out(store, plan.removals, None, "room for more")
    room.note_retraining(run, "s2", 0, 8)
    (line,) = [d for d in store.decisions() if d.kind == "retrain"]
    assert line.subject == run_id and line.values["steps"] == 4 and line.values["segment"] == "s2"


def test_steps_trained_again_after_damage_are_not_for_want_of_room(store: SqlStudyStore, tmp_path: Path) -> None:
    run_id = trained(store, tmp_path, 0)
    store.set_checkpoint_state(run_id, 4, CheckpointState.DAMAGED)
    remove_damaged(store)
    room, _ = room_of(store, tmp_path, RoomTerms(limit=9 * SIZE))
    room.note_retraining(store.runs()[0], "s2", 0, 8)
    assert not [d for d in store.decisions() if d.kind == "retrain"]


def test_a_step_that_is_written_anew_where_a_damaged_one_lay_stays(store: SqlStudyStore, tmp_path: Path) -> None:
    run = trained(store, tmp_path, 0)
    store.set_checkpoint_state(run, 4, CheckpointState.DAMAGED)
    again = store.begin_segment(train(0, 4).proposal, run, 0, tmp_path / "again")
    room, _ = room_of(store, tmp_path, RoomTerms(limit=9 * SIZE, sizes={"m": SIZE}))
    assert room.admits(train(1))
    assert (tmp_path / "runs" / run / "checkpoints/step-000004").exists()
    stop = StopReason(StopKind.LOST, 0, "its process vanished")
    store.finish_segment(again.id, stop, Cost(1.0), [], [], [])
    assert room.admits(train(1))
    assert not (tmp_path / "runs" / run / "checkpoints/step-000004").exists()


def test_the_checkpoint_of_a_run_that_is_being_scored_stays(store: SqlStudyStore, tmp_path: Path) -> None:
    first, _ = (trained(store, tmp_path, number, 8) for number in range(2))
    store.set_fact("rungs", [4, 8])
    room, _ = room_of(store, tmp_path, RoomTerms(limit=3 * SIZE + 200))
    room.reserve(order(tmp_path, "score"), Score("m", "test", Configuration({"rate": 0})))
    assert room.admits(train(2))
    assert [c.run_id for c in store.checkpoints()] == [first]
