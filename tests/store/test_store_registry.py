"""From which checkpoint a run goes on, and which ones are deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_values import configuration, proposal, stopped, train

from rltune.store import registry
from rltune.store.base import CheckpointRecord, CheckpointState, RunRecord
from rltune.store.manifest import publish, temporary_folder
from rltune.store.open import create_study
from rltune.store.registry import apply_retention, newest_intact, plan_retention
from rltune.store.sql import SqlStudyStore
from rltune.types import StopKind, StopReason


@pytest.fixture
def local(tmp_path: Path) -> SqlStudyStore:
    return create_study(tmp_path, "s", {})


def save(folder: Path, step: int) -> tuple[int, Path, int]:
    final = folder / f"step-{step:06d}"
    temporary = temporary_folder(final)
    (temporary / "weights").write_bytes(bytes(step))
    return step, final, publish(temporary, final)


def run_with(store: SqlStudyStore, folder: Path, steps: tuple[int, ...], stop: StopReason | None = None) -> str:
    number = len(store.runs())
    saved = tuple(save(folder / f"run{number}", step) for step in steps)
    return train(store, proposal(steps[-1] + 1, number=number), checkpoints=saved, stop=stop)


def test_a_run_goes_on_from_the_newest_checkpoint_that_isnt_too_far(local: SqlStudyStore, tmp_path: Path) -> None:
    run_id = run_with(local, tmp_path, (10, 20, 40))
    found = [newest_intact(local, run_id, at_most) for at_most in (100, 40, 39, 10, 9)]
    assert [record.step if record else None for record in found] == [40, 40, 20, 10, None]
    assert local.events() == []


def test_damaged_checkpoints_are_marked_told_and_stepped_over(local: SqlStudyStore, tmp_path: Path) -> None:
    run_id = run_with(local, tmp_path, (10, 20, 40))
    os.truncate(tmp_path / "run0/step-000040/weights", 3)
    (tmp_path / "run0/step-000020/weights").unlink()

    found = newest_intact(local, run_id, 100)

    assert found is not None and found.step == 10
    assert local.runs()[0].last_step == 10
    assert [c.step for c in local.checkpoints(run_id, state=CheckpointState.DAMAGED)] == [20, 40]
    messages = [event.message for event in local.events()]
    assert {event.level for event in local.events()} == {"warning"}
    assert messages == [
        "run r0001: the checkpoint of step 40 is damaged (weights has 3 bytes instead of 40); "
        "the run goes on from the checkpoint of step 10",
        "run r0001: the checkpoint of step 20 is damaged (weights is missing); "
        "the run goes on from the checkpoint of step 10",
    ]
    assert newest_intact(local, run_id, 100) == found
    assert len(local.events()) == 2


def test_without_an_intact_checkpoint_a_run_starts_anew_and_says_so(local: SqlStudyStore, tmp_path: Path) -> None:
    run_id = run_with(local, tmp_path, (10,))
    (tmp_path / "run0/step-000010/manifest.json").write_text("{")
    assert newest_intact(local, run_id, 100) is None
    assert local.events()[0].message.endswith("the run goes on from the start")


def test_retention_keeps_two_of_living_runs_none_of_dead_ones_and_what_is_pinned(
    local: SqlStudyStore, tmp_path: Path
) -> None:
    living = run_with(local, tmp_path, (10, 20, 30, 40))
    stopped_run = run_with(local, tmp_path, (10, 20), stopped(StopKind.RULE, 15, "kl"))
    failed = run_with(local, tmp_path, (10, 20), stopped(StopKind.FAILED, 15))
    local.pin_checkpoint(living, 10, True)
    local.pin_checkpoint(stopped_run, 10, True)

    freed = apply_retention(local)

    left = {(c.run_id, c.step) for c in local.checkpoints()}
    assert left == {(living, 10), (living, 30), (living, 40), (stopped_run, 10), (failed, 10), (failed, 20)}
    assert freed == 20 + 20
    on_disk = {(p.parent.name, int(p.name[5:])) for p in tmp_path.glob("run*/*")}
    assert on_disk == {("run0", 10), ("run0", 30), ("run0", 40), ("run1", 10), ("run2", 10), ("run2", 20)}
    assert apply_retention(local) == 0


def test_retention_doesnt_touch_runs_in_training(local: SqlStudyStore, tmp_path: Path) -> None:
    run_id = run_with(local, tmp_path, (10, 20, 30, 40))
    local.begin_segment(proposal(80), run_id, 40, tmp_path)
    assert apply_retention(local) == 0
    assert len(local.checkpoints()) == 4


def test_a_damaged_checkpoint_isnt_counted_as_kept(local: SqlStudyStore, tmp_path: Path) -> None:
    run_with(local, tmp_path, (10, 20, 30, 40))
    os.truncate(tmp_path / "run0/step-000040/weights", 0)
    apply_retention(local)
    assert newest_intact(local, "r0001", 39).step == 30  # type: ignore[union-attr]
    assert newest_intact(local, "r0001", 29).step == 20  # type: ignore[union-attr]


@pytest.mark.parametrize("killed", ["before the folder goes", "after the folder went"])
def test_retention_that_was_killed_is_finished_by_the_next_one(
    local: SqlStudyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    run_with(local, tmp_path, (10, 20, 30))
    remove = registry.remove

    def dies(folder: Path) -> None:
        if killed.startswith("after"):
            remove(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "remove", dies)
    with pytest.raises(KeyboardInterrupt):
        apply_retention(local)
    monkeypatch.undo()
    assert [c.step for c in local.checkpoints()] == [20, 30]
    found = newest_intact(local, "r0001", 10)
    assert found is None and local.events() == []  # deleted isn't damaged

    apply_retention(local)

    assert sorted(p.name for p in (tmp_path / "run0").iterdir()) == ["step-000020", "step-000030"]


def test_retention_leaves_a_checkpoint_that_was_made_again(local: SqlStudyStore, tmp_path: Path) -> None:
    run_id = run_with(local, tmp_path, (10, 20, 30))
    apply_retention(local)
    train(local, proposal(40), from_step=0, checkpoints=(save(tmp_path / "run0", 10),))
    local.set_checkpoint_state(run_id, 20, CheckpointState.DAMAGED)
    apply_retention(local)
    assert [c.step for c in local.checkpoints()] == [10, 30]
    assert (tmp_path / "run0/step-000010").is_dir()


def test_keeping_none_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        plan_retention([], [], keep_last_per_run=0)


checkpoints = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans(), st.booleans()), unique_by=lambda c: c[:2]
)


@given(checkpoints, st.lists(st.sampled_from([None, *StopKind]), min_size=4, max_size=4), st.integers(1, 3))
def test_a_plan_never_dooms_what_a_run_may_need(
    rows: list[tuple[int, int, bool, bool]], ends: list[StopKind | None], keep: int
) -> None:
    runs = [
        RunRecord(f"r{i}", i, configuration(i), "tiny", 0, 0, stopped(end, 1) if end else None)
        for i, end in enumerate(ends)
    ]
    whole = {(f"r{run}", step): intact for run, step, _, intact in rows}
    records = [
        CheckpointRecord(f"r{run}", step, Path("x"), 1, CheckpointState.COMPLETE, pinned)
        for run, step, pinned, _ in rows
    ]

    doomed = plan_retention(
        runs, records, busy={"r0"}, keep_last_per_run=keep, intact=lambda c: whole[c.run_id, c.step]
    )

    assert not any(c.pinned or c.run_id == "r0" for c in doomed)
    for run in runs[1:]:
        own = [c for c in records if c.run_id == run.id]
        left = [c for c in own if c not in doomed]
        if run.stop is not None and run.stop.kind in registry.DEAD_ENDS:
            assert all(c.pinned for c in left)
            continue
        newest = sorted((c for c in own if whole[c.run_id, c.step]), key=lambda c: -c.step)[:keep]
        assert set(newest) <= set(left)
        kept_from = newest[-1].step if len(newest) == keep else 0
        assert all(c.pinned or c.step >= kept_from for c in left)
