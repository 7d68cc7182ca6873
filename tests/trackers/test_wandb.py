"""W&B offline, read back from the files that `wandb sync` sends."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from rltune.trackers.base import Tracker
from rltune.trackers.build import build_tracker
from trackers.contract import RUN, STUDY, TrackerContract, points
from trackers.readers import Held, read_wandb, wandb_records

pytestmark = [
    pytest.mark.skipif(find_spec("wandb") is None, reason="wandb isn't installed: pip install 'rltune[wandb]'"),
    pytest.mark.slow,
]


class TestWandb(TrackerContract):
    live = False

    def make(self, folder: Path) -> Tracker:
        return build_tracker("wandb", {"mode": "offline"}, folder)

    def read(self, folder: Path) -> dict[str, Held]:
        return read_wandb(folder)


def test_the_run_says_where_it_belongs(tmp_path: Path) -> None:
    tracker = build_tracker(
        "wandb", {"mode": "offline", "project": "p", "entity": "team", "tags": ["mine", "search"]}, tmp_path
    )
    tracker.open(STUDY)
    tracker.write(RUN, points(1))
    tracker.close()
    (file,) = tmp_path.rglob("*.wandb")
    run = next(r.run for r in wandb_records(file) if r.WhichOneof("record_type") == "run")
    assert (run.entity, run.project, run.run_group, run.run_id) == ("team", "p", "demo", RUN.key)
    assert run.job_type == "search" and sorted(run.tags) == ["mine", "proxy", "search"]
    assert str(tmp_path) in tracker.place and "wandb sync" in tracker.place


def test_the_machine_that_mirrors_is_not_taken_for_the_one_that_trains(tmp_path: Path) -> None:
    tracker = build_tracker("wandb", {"mode": "offline"}, tmp_path)
    tracker.open(STUDY)
    tracker.write(RUN, points(1))
    tracker.close()
    (file,) = tmp_path.rglob("*.wandb")
    kinds = {r.WhichOneof("record_type") for r in wandb_records(file)}
    assert "stats" not in kinds and "environment" not in kinds
    assert not list(tmp_path.rglob("requirements.txt"))


def test_the_steps_have_the_times_of_the_training(tmp_path: Path) -> None:
    tracker = build_tracker("wandb", {"mode": "offline"}, tmp_path)
    tracker.open(STUDY)
    tracker.write(RUN, points(1))
    tracker.close()
    (file,) = tmp_path.rglob("*.wandb")
    (history,) = (r.history for r in wandb_records(file) if r.WhichOneof("record_type") == "history")
    stamps = [float(i.value_json) for i in history.item if "_timestamp" in (i.key, *i.nested_key)]
    assert stamps == [RUN.started + 1] and stamps[0] < time.time() - 1000
