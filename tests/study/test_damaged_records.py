"""A study whose records were damaged while nobody ran it: what is lost is said, trained again, and never doubled."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import identify, is_alive, send
from rltune.executors.records import write_identity
from rltune.store.base import RunRecord, StudyState
from rltune.store.engine import DATABASE_FILE
from rltune.store.open import create_study
from rltune.study.api import Study, open_study
from rltune.study.snapshot import Moment, Snapshots
from rltune.types import Configuration, Cost, Evaluation, Fidelity, Phase, Proposal, StopKind, StopReason
from study.toy import StopAfter, toy_study

pytestmark = pytest.mark.slow

REPEATABLE = {
    "optimizer": {"name": "grid", "options": {"parameters": ["learning_rate"], "points": 3, "seeds": 1}},
    "transfer": False,
    "executor": {"slots": 1, "grace_time": 5},
}


def test_a_lost_trial_that_had_trained_all_its_steps_is_a_trial(tmp_path: Path) -> None:
    """Else each damaged outcome would buy one trial more than the budget has."""
    store = create_study(tmp_path, "s", {})
    fidelity, reached = Fidelity("m", 8), StopReason(StopKind.REACHED, 8, "")
    for number, kind in enumerate((StopKind.REACHED, StopKind.LOST, StopKind.LOST)):
        proposal = Proposal(Configuration({"x": number}), fidelity, 0, Phase.SEARCH, "")
        run = store.run(proposal.configuration, "m", 0)
        segment = store.begin_segment(proposal, run.id, 0, tmp_path / run.id)
        found = Evaluation(proposal.configuration, fidelity, 0, Phase.SEARCH, 0.5, Cost(1.0), reached, 8, 0.5)
        ended = [found] if kind is StopKind.REACHED else []
        store.finish_segment(segment.id, StopReason(kind, 8 - 4 * (number == 2), ""), Cost(1.0), [], [], ended)
        if number == 1:
            store.add_evaluation(found, run.id)
    view = Snapshots(store).take(Moment())
    assert [p.configuration.values["x"] for p in view.unfinished] == [2], "only that one is begun again"
    assert view.trials == 3, "and it is one of the budget's while it waits"
    store.close()


class Copying(StopAfter):
    """Copies the store's files when the second trial starts, and asks for a stop when the fourth has."""

    def __init__(self, folder: Path, to: Path) -> None:
        super().__init__(4)
        self.folder, self.to = folder, to

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        super().trial_started(run, proposal, from_step)
        if self.left == 2:
            self.to.mkdir()
            for path in self.folder.glob(f"{DATABASE_FILE}*"):
                shutil.copy(path, self.to)


def scores(study: Study) -> dict[tuple[str, str, int, int], float | None]:
    of = {run.id: (run.configuration.id, run.model, run.seed) for run in study.store.runs()}
    found = [((*of[run], e.fidelity.steps), e.score) for run, e in study.store.evaluations()]
    assert max(Counter(key for key, _ in found).values()) == 1
    return dict(found)


def test_a_store_that_forgot_its_newest_segments_goes_on_and_says_so(tmp_path: Path) -> None:
    with toy_study(tmp_path, "whole", **REPEATABLE) as study:
        study.run()
        undisturbed = scores(study)
    with toy_study(tmp_path, "torn", **REPEATABLE) as study:
        watch = Copying(study.folder, tmp_path / "copy")
        assert study.run(watch, watch) is StudyState.INTERRUPTED
        folder = study.folder
    for path in folder.glob(f"{DATABASE_FILE}*"):
        path.unlink()
    for path in (tmp_path / "copy").iterdir():
        shutil.move(path, folder)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as database, database:
        database.execute("DELETE FROM controller")  # the copy was made while this process had the study

    with open_study(folder) as study:
        assert study.run() is StudyState.FINISHED
        warnings = [event.message for event in study.store.events() if "lost its newest records" in event.message]
        assert len(warnings) == 1 and "/segments/001" in warnings[0]
        assert any(segment.folder.name == "001-2" for segment in study.store.segments())
        assert scores(study) == undisturbed


def forgotten_worker(folder: Path) -> ProcessIdentity:
    """A process that works on a segment which no store knows."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    identity = identify(process.pid)
    assert identity is not None
    folder.mkdir(parents=True)
    write_identity(folder, identity)
    return identity


@pytest.mark.parametrize("place", ["runs/0009-m-s0-c/segments/001", "work/score-1"])
def test_a_process_that_no_record_knows_is_ended_all_the_same(tmp_path: Path, place: str) -> None:
    with toy_study(tmp_path, optimizer="recipe") as study:
        worker = forgotten_worker(study.folder / place)
        try:
            watch = StopAfter(0)
            study.run(watch, watch)
            assert not is_alive(worker)
        finally:
            send(worker, signal.SIGKILL)


HALF_SAVED = """
import sys
from pathlib import Path
from rltune.store.manifest import temporary_folder
folder = temporary_folder(Path(sys.argv[1]) / "step-000004")
(folder / "state.json").write_text("{")
"""


def save_half(checkpoints: Path) -> None:
    """What a process leaves that ended in the midst of a checkpoint."""
    subprocess.run([sys.executable, "-c", HALF_SAVED, str(checkpoints)], check=True)
    assert list(checkpoints.glob(".*.part"))


class Littering(StopAfter):
    """Leaves half a checkpoint beside those of the first trial, and looks for it when the second starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(2)
        self.folder = folder
        self.litter: list[Path] = []

    def trial_started(self, run: RunRecord, proposal: Proposal, from_step: int) -> None:
        super().trial_started(run, proposal, from_step)
        if self.left == 1:
            save_half(next(self.folder.glob("runs/*/checkpoints")))
        else:
            self.litter = list(self.folder.rglob(".*.part"))


def test_half_a_checkpoint_goes_with_the_process_that_left_it(tmp_path: Path) -> None:
    with toy_study(tmp_path, **REPEATABLE, fixed={"step_time": 0.1}) as study:
        watch = Littering(study.folder)
        study.run(watch, watch)
        assert watch.left == 0 and not watch.litter
        # Of a run that has ended long since, a controller may have been killed while it deleted.
        save_half(next(study.folder.glob("runs/*/checkpoints")))
    with open_study(study.folder) as study:
        watch = StopAfter(0)
        study.run(watch, watch)
        assert not list(study.folder.rglob(".*.part"))
