"""Whole studies under faults that really happen: killed processes, a reward function that raises, a disk that fills."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.errors import StudyError
from rltune.executors.records import read_order
from rltune.store.base import StudyState, StudyStore
from rltune.store.manifest import host_name, verify
from rltune.study.api import Study, create, open_study
from rltune.study.observer import Silent
from rltune.types import StopKind
from study.toy import study_source, toy_study

pytestmark = pytest.mark.slow


def nothing_doubled(store: StudyStore) -> bool:
    return max(Counter((run, e.fidelity.steps) for run, e in store.evaluations()).values()) == 1


class Killer(Silent):
    """Kills the process of a trial (SIGKILL) at a step, so many times."""

    def __init__(self, study: Study, times: int, step: int) -> None:
        self.study, self.left, self.step = study, times, step

    def stepped(self, run, metrics) -> None:  # type: ignore[no-untyped-def]
        if metrics.step != self.step or self.left == 0:
            return
        segment = self.study.store.segments(run.id)[-1]
        if segment.pid is not None and segment.stop is None:
            self.left -= 1
            os.kill(segment.pid, signal.SIGKILL)


def test_killed_trials_go_on_and_count_neither_as_trials_nor_twice(tmp_path: Path) -> None:
    changes = {"fixed": {"step_time": 0.2}, "executor": {"slots": 1, "retry_time": 0.1}}
    with toy_study(tmp_path, budget={"time": 600, "search": 0.9, "trials": 3}, **changes) as study:
        killer = Killer(study, times=2, step=5)
        assert study.run(killer) is StudyState.FINISHED
        assert killer.left == 0
        store = study.store
        lost = [s for s in store.segments() if s.stop is not None and s.stop.kind is StopKind.LOST]
        assert len(lost) == 2 and nothing_doubled(store)
        search = [s for s in store.segments() if s.phase == "search" and s not in lost]
        assert len(search) == 3  # the budget's trials: a lost one isn't one of them
        for segment in lost:
            again = [s for s in store.segments(segment.run_id) if s.started > segment.started]
            assert all(s.from_step >= 3 for s in again)  # from the newest checkpoint, not from the start
            assert again[-1].stop is not None and again[-1].stop.kind is StopKind.REACHED
            assert all(read_order(s.folder).avoid == (host_name(),) for s in again)
            # Its evaluation costs each step once, however often it was trained; each start counts.
            curve = store.curve(segment.run_id)
            (result,) = [e for r, e in store.evaluations() if r == segment.run_id and e.fidelity.steps == 8]
            assert result.cost.train_seconds == pytest.approx(sum(m.values["step_seconds"] for m in curve))
            starts = sum(s.cost.start_seconds for s in store.segments(segment.run_id))
            assert result.cost.start_seconds == pytest.approx(starts)
        told = [d for d in store.decisions() if d.kind == "failure"]
        assert [d.values["fault"] for d in told] == ["infrastructure", "infrastructure"]
        blamed = [f for f in study.summary().failures if f.kind == "lost"]
        assert {(f.fault, f.cause, f.worker) for f in blamed} == {("infrastructure", "killed", host_name())}
        assert "infrastructure" in study.report().read_text()


JUDGE = """
from pathlib import Path

constant = CONSTANT

def score(completion, answer):
    if (Path(__file__).parent / "broken").exists():
        return {"answers": 1}["answer"]
    return constant if constant is not None else float(len(completion) % 3) / 2
"""


def judged_study(folder: Path, constant: float | None = None, **changes: object) -> Study:
    """A real one: GRPO with TRL on the smallest embedded model, rewarded by a function of the user's."""
    (folder / "judge.py").write_text(JUDGE.replace("CONSTANT", repr(constant)))
    for offset, split in enumerate(("train", "validation", "test")):
        sums = ((a + 10 * offset, b) for a in range(8) for b in range(8))
        rows = "".join(f'{{"prompt": "{a}+{b}=", "answer": "{a + b}"}}\n' for a, b in sums)
        (folder / f"{split}.jsonl").write_text(rows)
    files = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation", "test")}
    source = {
        "models": {"target": "embedded/xs"},
        "task": {"name": "file", **files, "reward": f"{folder / 'judge.py'}:score", "max_response_length": 8},
        "trainer": "trl",
        "recipe": "embedded-grpo",
        "space": {"learning_rate": {"type": "float", "low": 1e-5, "high": 1e-3, "log": True}},
        "steps": 4,
        "rungs": [2, 4],
        "budget": {"time": 900, "search": 0.9, "trials": 5},
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": 1},
    }
    return create(study_source(folder, "judged", **{**source, **changes}))


class Break(Silent):
    """Breaks the reward function when the first trial begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def trial_started(self, *anything: object) -> None:
        (self.folder / "broken").touch()


def test_a_reward_function_that_raises_stops_the_study_and_costs_no_configuration(tmp_path: Path) -> None:
    with judged_study(tmp_path) as study:
        with pytest.raises(StudyError, match="the reward function failed: .*KeyError: 'answer'") as raised:
            study.run(Break(tmp_path))
        assert raised.value.hint is not None and "mend the reward function" in raised.value.hint
        assert study.store.study().state is StudyState.FAILED and study.store.evaluations() == []
        (failure,) = study.summary().failures
        assert (failure.fault, failure.cause) == ("study", "reward")
        first = study.store.runs()[0]
    (tmp_path / "broken").unlink()
    with open_study(tmp_path / "judged") as study:
        assert study.run() is StudyState.FINISHED
        assert nothing_doubled(study.store)
        # The configuration that met it is tried again: it was not its fault.
        assert any(run == first.id and e.score is not None for run, e in study.store.evaluations())


def test_one_constant_reward_stops_the_study(tmp_path: Path) -> None:
    trials = {"time": 900, "search": 0.9, "trials": 20}
    with judged_study(tmp_path, constant=0.0, budget=trials, stopping="off") as study:
        with pytest.raises(StudyError, match="had the reward 0 at each of their"):
            study.run()
        assert len(study.store.runs()) <= 6
        assert any(d.kind == "broken" for d in study.store.decisions())


# --- a small disk ----------------------------------------------------------------------------------------------------
@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if mounted:
        command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class Disk(Silent):
    """Fills the disk to the last byte while a trial trains, so that its save fails; frees it when told to wait."""

    def __init__(self, disk: Path, *, in_flight: bool) -> None:
        self.disk, self.fills, self.messages = disk, in_flight, []

    def stepped(self, run, metrics) -> None:  # type: ignore[no-untyped-def]
        if self.fills and metrics.step >= 3:
            self.fill(0)

    def trial_ended(self, *anything: object) -> None:
        self.fills = False

    def fill(self, leaving: int) -> None:
        free = max(shutil.disk_usage(self.disk).free - leaving, 0)
        with contextlib.suppress(OSError), (self.disk / "ballast").open("ab", buffering=0) as stream:
            stream.write(bytes(free))

    def message(self, level: str, text: str) -> None:
        self.messages.append(text)
        if "the disk is nearly full" in text:
            (self.disk / "ballast").unlink()


SAVES = {"save_bytes": 200_000, "step_time": 0.3}


def study_on(disk: Path, folder: Path) -> Study:
    """Its runs lie on the small disk, its records elsewhere."""
    changes = {"checkpoints": {"margin": 100_000}, "executor": {"slots": 1, "retry_time": 0.1, "grace_time": 5}}
    trials = {"time": 600, "search": 0.9, "trials": 2}
    study = toy_study(folder, fixed=SAVES, budget=trials, models={"target": "embedded/xs"}, rungs=[4, 8], **changes)
    (disk / "runs").mkdir()
    (study.folder / "runs").symlink_to(disk / "runs")
    return study


def test_a_nearly_full_disk_pauses_new_trials_and_says_what_is_missing(tmp_path: Path, small_disk: Path) -> None:
    with study_on(small_disk, tmp_path) as study:
        watch = Disk(small_disk, in_flight=False)
        watch.fill(leaving=300_000)
        assert study.run(watch) is StudyState.FINISHED
        full = [m for m in watch.messages if "nearly full" in m]
        again = [m for m in watch.messages if "room on the disk again" in m]
        assert len(full) == len(again) == 1
        assert "0.3 MB are free" in full[0] and "more are free" in full[0] and "rltune clean" in full[0]
        assert study.summary().failures == ()  # it was told before a save failed


def test_a_save_that_meets_a_full_disk_counts_nothing_half_and_loses_nothing(tmp_path: Path, small_disk: Path) -> None:
    with study_on(small_disk, tmp_path) as study:
        watch = Disk(small_disk, in_flight=True)
        assert study.run(watch) is StudyState.FINISHED
        store = study.store
        (failure,) = study.summary().failures
        assert (failure.fault, failure.cause) == ("infrastructure", "disk")
        assert "No space left on device" in failure.reason or "the disk is full" in failure.reason
        lost = [s for s in store.segments() if s.stop is not None and s.stop.kind is StopKind.LOST]
        assert len(lost) == 1 and nothing_doubled(store)
        again = next(s for s in store.segments(lost[0].run_id) if s.started > lost[0].started)
        assert 0 < again.from_step <= 3  # from the newest checkpoint before the disk was full
        assert [m.step for m in store.curve(lost[0].run_id)] == list(range(1, 9))
        assert all(verify(c.path) is None for c in store.checkpoints())
        left = set((small_disk / "runs").glob("*/checkpoints/*"))
        assert left == {Path(os.path.realpath(c.path)) for c in store.checkpoints()}  # no half of one lies about
