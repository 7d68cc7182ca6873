"""Which checkpoints make room, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import CheckpointError
from rltune.store.base import CheckpointRecord, CheckpointState, CheckpointTier
from rltune.store.manifest import publish, temporary_folder, verify
from rltune.store.retention import SPARE_CHANCE, Worth, plan_clearance
from rltune.store.stripping import bytes_without, files_of, strip

FULL, WEIGHTS = CheckpointTier.FULL, CheckpointTier.WEIGHTS


def record(run: str, step: int, size: int = 10, *, pinned: bool = False, tier: CheckpointTier = FULL):
    return CheckpointRecord(run, step, Path(run), size, CheckpointState.COMPLETE, pinned, tier)


def removed(clearance) -> list[tuple[str, int, bool]]:
    return [(r.record.run_id, r.record.step, r.strip) for r in clearance.removals]


def test_with_room_nothing_goes() -> None:
    found = plan_clearance([record("a", 4)], {"a": Worth(0.0, 1.0, "over")}, 10)
    assert removed(found) == [] and found.missing == 0


def test_what_nobody_needs_goes_first_then_the_least_valuable() -> None:
    worths = {"over": Worth(0.0, 9.0, ""), "low": Worth(0.1, 1.0, ""), "high": Worth(0.9, 1.0, "")}
    there = [record("high", 8), record("low", 8), record("over", 8)]
    assert removed(plan_clearance(there, worths, 20)) == [("over", 8, False)]
    assert removed(plan_clearance(there, worths, 10)) == [("over", 8, False), ("low", 8, False)]


def test_value_is_chance_times_cost_over_bytes() -> None:
    worths = {"a": Worth(0.5, 2.0, ""), "b": Worth(0.5, 1.0, "")}
    # a saves 4 steps of 2 s in 10 bytes: 0.4 s a byte; b saves 8 of 1 s in 20 bytes: 0.2 s a byte.
    found = plan_clearance([record("a", 4), record("b", 8, 20)], worths, 25)
    assert removed(found) == [("b", 8, False)]
    (one,) = found.removals
    assert (one.chance, one.seconds, one.value) == (0.5, 8.0, 0.2) and one.inputs()["seconds_a_byte"] == 0.2


def test_spares_go_before_any_newest_one_and_make_it_dearer() -> None:
    worths = {"a": Worth(0.9, 1.0, ""), "b": Worth(0.01, 1.0, "")}
    there = [record("a", 4), record("a", 8), record("b", 8)]
    found = plan_clearance(there, worths, 20)
    assert removed(found) == [("a", 4, False)] and found.removals[0].chance == pytest.approx(0.9 * SPARE_CHANCE)
    # Without its spare, all 8 steps of the run hang on its newest one.
    last = plan_clearance(there, worths, 0).removals[-1]
    assert (last.record.run_id, last.record.step, last.seconds) == ("a", 8, 8.0)


def test_what_must_stay_stays_and_is_missing_room() -> None:
    worths = {"w": Worth(1.0, 1.0, "", protected=True), "busy": Worth(0.0, 1.0, ""), "p": Worth(0.0, 1.0, "")}
    there = [record("w", 8), record("busy", 8), record("p", 8, pinned=True)]
    found = plan_clearance(there, worths, 5, busy={"busy"})
    assert removed(found) == [] and found.missing == 25


def test_what_is_over_keeps_its_weights_only_before_anything_of_value_goes() -> None:
    worths = {"final": Worth(1.0, 1.0, "to be tested", protected=True, weights_only=True), "a": Worth(0.9, 1.0, "")}
    there = [record("final", 8, 30), record("a", 8)]
    weights = {("final", 8): 10}
    assert removed(plan_clearance(there, worths, 20, weights=weights)) == [("final", 8, True)]
    already = [record("final", 8, 10, tier=WEIGHTS), record("a", 8)]
    assert removed(plan_clearance(already, worths, 10, weights=weights)) == [("a", 8, False)]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 9), st.integers(1, 50), st.booleans()), unique_by=lambda r: r[:2]
    ),
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=5, max_size=5),
    st.integers(0, 200),
)
def test_no_plan_takes_what_must_stay_or_more_than_it_has_to(rows, runs, room) -> None:
    there = [record(f"r{run}", step, size, pinned=pinned) for run, step, size, pinned in rows]
    worths = {
        f"r{i}": Worth(chance, 1.0, "", protected=protected, weights_only=over)
        for i, (chance, protected, over) in enumerate(runs)
    }
    found = plan_clearance(there, worths, room, busy={"r0"})
    gone = [r.record for r in found.removals]
    assert len(set(gone)) == len(gone)
    assert not any(r.pinned or r.run_id == "r0" for r in gone)
    newest = {r.run_id: max(o.step for o in there if o.run_id == r.run_id) for r in there}
    assert not any(worths[r.run_id].protected and r.step == newest[r.run_id] for r in gone)
    left = sum(r.bytes for r in there) - sum(r.bytes for r in gone)
    assert left <= room + found.missing and (found.missing == 0 or left == room + found.missing)
    if gone:
        assert left + gone[-1].bytes > room  # without the last removal it wouldn't have been enough


# --- stripping on disk -----------------------------------------------------------------------------------------------
def published(folder: Path) -> Path:
    final = folder / "step-000008"
    temporary = temporary_folder(final)
    (temporary / "deep").mkdir()
    (temporary / "deep/model.safetensors").write_bytes(b"w" * 100)
    (temporary / "optimizer.pt").write_bytes(b"o" * 200)
    publish(temporary, final)
    return final


def test_a_stripped_checkpoint_is_whole_by_its_new_manifest(tmp_path: Path) -> None:
    folder, dropped = published(tmp_path), {Path("optimizer.pt")}
    assert bytes_without(folder, dropped) == 100
    assert strip(folder, dropped) == 100
    assert list(files_of(folder)) == [Path("deep/model.safetensors")] and verify(folder) is None
    assert [p.name for p in tmp_path.iterdir()] == ["step-000008"]


def test_a_strip_that_fails_leaves_the_whole_checkpoint(tmp_path: Path) -> None:
    folder = published(tmp_path)
    with pytest.raises(CheckpointError):
        strip(folder, set(files_of(folder)))
    assert verify(folder) is None and len(list(files_of(folder))) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["step-000008"]
