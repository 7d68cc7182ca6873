"""W&B: offline, read back from the files that `wandb sync` sends; online, from a stand-in for its server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import pytest

from rltune.trackers.build import build_tracker
from trackers.contract import RUN, STUDY, TrackerContract, points
from trackers.readers import Held, read_wandb, wandb_records
from trackers.wandb_server import WandbServer

pytestmark = [
    pytest.mark.skipif(find_spec("wandb") is None, reason="wandb isn't installed: pip install 'rltune[wandb]'"),
    pytest.mark.slow,
]


class TestWandb(TrackerContract):
    tracker = "wandb"
    options = MappingProxyType({"mode": "offline"})

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


class TestWandbOnline(TrackerContract):
    """Against a stand-in for W&B's server."""

    tracker = "wandb"
    options = MappingProxyType({"mode": "online", "project": "p"})

    @pytest.fixture(autouse=True)
    def with_server(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        with WandbServer() as self.server:
            monkeypatch.setenv("WANDB_BASE_URL", self.server.url)
            monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
            yield

    def read(self, folder: Path) -> dict[str, Held]:
        return self.server.held()

    def test_a_run_that_was_sent_by_another_machine_gets_only_what_it_lacks(self, tmp_path: Path) -> None:
        self.mirror(tmp_path / "here", (replace(RUN, last_step=2), points(2)))
        assert self.mirror(tmp_path / "elsewhere", (RUN, points(4))) == {}
        self.check(self.read(tmp_path)[RUN.key], 4)
