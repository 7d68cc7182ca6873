"""Whole studies within a limit for their checkpoints, and what `rltune clean` takes from them."""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from rltune.cli.commands.status import tell
from rltune.cli.main import app
from rltune.errors import StoreError, StudyError
from rltune.store.base import CheckpointTier, StudyState
from rltune.store.lock import lock_study
from rltune.store.manifest import verify
from rltune.study.api import Study, open_study
from rltune.study.clean import clean
from rltune.study.closing import winner_of
from rltune.types import Phase
from study.toy import toy_study

pytestmark = pytest.mark.slow
SIZE = 100_077
"""Bytes of a checkpoint of the toy with `save_bytes: 100_000`."""


def files_of_checkpoints(folder: Path) -> dict[str, int]:
    """Bytes by path of all files below folders of checkpoints, half-written ones included."""
    found = {}
    for base, _, files in os.walk(folder):
        if "checkpoints" in Path(base).parts:
            for path in (os.path.join(base, name) for name in files):
                try:
                    found[path] = os.stat(path).st_size
                except FileNotFoundError:
                    continue
    return found


def bytes_of_checkpoints(folder: Path) -> int:
    return sum(files_of_checkpoints(folder).values())


class Watch(threading.Thread):
    """Keeps the most bytes that were there at a time: seen twice alike, since what is renamed or deleted while the
    folders are read would count beside what it makes room for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.ended = folder, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.01):
            found = files_of_checkpoints(self.folder)
            if found == files_of_checkpoints(self.folder):
                self.most = max(self.most, sum(found.values()))

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended.set()
        self.join()


def limited_study(folder: Path, limit: int, **changes: object) -> Study:
    source = {
        "fixed": {"save_bytes": 100_000},
        "models": {"target": "embedded/xs"},
        "optimizer": {"name": "bohb", "options": {}},
        "budget": {"time": 900, "search": 0.9, "trials": 24},
        "executor": {"slots": 1},
        "final": {"seeds": 1},
        "checkpoints": {"limit": limit, "margin": 1000},
    }
    return toy_study(folder, **{**source, **changes})


def finals_of_the_winner(study: Study) -> set[str]:
    winner = winner_of(study.store.study().facts)
    finals = {s.run_id for s in study.store.segments() if s.phase is Phase.FINAL}
    return {run.id for run in study.store.runs() if run.configuration == winner} & finals


def test_a_study_stays_within_its_limit_and_says_what_that_cost(tmp_path: Path) -> None:
    limit = 4 * SIZE
    with limited_study(tmp_path, limit) as study, Watch(tmp_path) as watch:
        assert study.run() is StudyState.FINISHED
        assert 2 * SIZE < watch.most <= limit
        store, work = study.store, study.summary().work
        assert len(store.runs()) * 2 * SIZE > 8 * limit  # what two checkpoints a run would take
        assert max(Counter((run, e.fidelity.steps) for run, e in store.evaluations()).values()) == 1
        gone = [d for d in store.decisions() if d.kind == "delete" and d.reason.startswith("room for")]
        assert gone and all({"bytes", "chance", "seconds_to_retrain", "step"} <= d.values.keys() for d in gone)
        assert any("chance" in d.values and float(str(d.values["chance"])) > 0 for d in gone)
        # Promoted runs whose checkpoint had gone were trained again, and exactly those steps are told.
        assert 0 < work.steps_retrained_for_room == work.steps_retrained
        assert f"{work.steps_retrained_for_room} for want of room" in told(study)
        kept = {c.run_id for c in store.checkpoints() if verify(c.path) is None}
        assert finals_of_the_winner(study) <= kept


def told(study: Study) -> str:
    """What `rltune status` says."""
    text = StringIO()
    tell(study.summary(), Console(file=text, width=500))
    return text.getvalue()


def test_a_limit_that_can_never_hold_is_told_with_the_one_that_would(tmp_path: Path) -> None:
    with limited_study(tmp_path, SIZE) as study:
        with pytest.raises(StudyError, match="the limit of 0.1 MB for checkpoints is too small") as raised:
            study.run()
        # A checkpoint's bytes vary with the length of its path.
        said = re.search(r"raise it to (\S+) MB at least", raised.value.hint or "")
        assert said is not None and 2 * SIZE <= float(said[1]) * 1e6 <= 3 * SIZE
        assert study.store.segments() == []


def test_clean_lists_then_deletes_what_is_not_needed_and_never_the_winners(tmp_path: Path) -> None:
    with limited_study(tmp_path, 10**9, budget={"time": 900, "search": 0.9, "trials": 3}) as study:
        assert study.run() is StudyState.FINISHED
        winners = finals_of_the_winner(study)
        pinned = next(c for c in study.store.checkpoints() if c.run_id not in winners)
        study.store.pin_checkpoint(pinned.run_id, pinned.step, True)
        before = bytes_of_checkpoints(tmp_path)
    folder = tmp_path / "toy"
    listed = clean(folder, dry_run=True)
    assert bytes_of_checkpoints(tmp_path) == before and sum(r.frees for r in listed.removals) > 0
    with lock_study(folder, "toy"), pytest.raises(StoreError):
        clean(folder)  # it runs
    with pytest.raises(StudyError, match="needed, winner or a size"):
        clean(folder, "everything")
    ended = CliRunner().invoke(app, ["clean", str(folder)])
    assert ended.exit_code == 0 and "freed" in ended.output
    with open_study(folder, read_only=True) as study:
        left = study.store.checkpoints()
        assert {c.run_id for c in left} == winners | {pinned.run_id}
        assert all(verify(c.path) is None for c in left)
        # Of the winner's last checkpoint the weights are left: enough to score it, not to resume it.
        assert {c.tier for c in left if c.run_id in winners} == {CheckpointTier.WEIGHTS}
        assert bytes_of_checkpoints(tmp_path) < before - sum(r.frees for r in listed.removals) + 2_000
        kinds = Counter(d.kind for d in study.store.decisions() if d.reason.startswith("rltune clean"))
        assert kinds == {"delete": sum(not r.strip for r in listed.removals), "strip": len(winners)}
    assert clean(folder).removals == ()
