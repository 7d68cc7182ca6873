"""TensorBoard, written for real and read back by its EventAccumulator."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from rltune.trackers.build import build_tracker
from trackers.contract import RUN, STUDY, TrackerContract, points
from trackers.readers import Held, read_tensorboard

pytestmark = [
    pytest.mark.skipif(
        find_spec("tensorboard") is None, reason="tensorboard isn't installed: pip install 'rltune[tensorboard]'"
    ),
]


class TestTensorboard(TrackerContract):
    tracker = "tensorboard"

    def read(self, folder: Path) -> dict[str, Held]:
        return read_tensorboard(folder)


def test_a_shared_folder_keeps_studies_apart(tmp_path: Path) -> None:
    tracker = build_tracker("tensorboard", {"folder": str(tmp_path / "all")}, tmp_path / "study")
    tracker.open(STUDY)
    tracker.write(RUN, points(2))
    tracker.close()
    (held,) = read_tensorboard(tmp_path, tmp_path / "all").values()
    assert held.group == STUDY.key and not (tmp_path / "study").exists()
    assert str(tmp_path / "all") in tracker.place


def test_step_times_are_those_of_the_training(tmp_path: Path) -> None:
    tracker = build_tracker("tensorboard", {}, tmp_path)
    tracker.open(STUDY)
    tracker.write(RUN, points(2))
    tracker.close()
    (file,) = (tmp_path / "tensorboard").rglob("events.*")
    module = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = module.EventAccumulator(str(file.parent))
    events.Reload()
    assert [e.wall_time for e in events.Scalars("reward")] == [RUN.started + 1, RUN.started + 2]
