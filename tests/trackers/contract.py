"""What every tracker must do, whatever it is: a contract suite that each variant runs against its real package."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from rltune.trackers.base import Point, Status, TrackedRun, TrackedStudy, Tracker
from rltune.trackers.build import build_tracker
from trackers.readers import Held

STUDY = TrackedStudy("demo", "demo-0123abcd")
RUN = TrackedRun(
    key="demo-0123abcd-r0001",
    name="0001 Qwen/模型-ä s0 abc",
    kind="search",
    config={"learning_rate": 1e-6, "lr_scheduler": "cosine", "flag": True, "rltune/model": "Qwen/模型-ä", "odd@key": 3},
    facts={"rltune/stop_kind": "rule", "rltune/stop_reason": "KL grew by 31 % | µ > 15 %", "rltune/rungs_reached": "2"},
    numbers={"rltune/score": 0.5, "rltune/seconds": 12.5, "test/Number Theory": 0.25},
    tags=("search", "proxy"),
    status=Status.FINISHED,
    started=1_700_000_000.0,
    ended=1_700_000_060.0,
    last_step=4,
)


def points(last: int, first: int = 1) -> list[Point]:
    """Steps `first` to `last`; step 3 has what no chart expects."""
    odd = {"kl": math.nan, "grad_norm": math.inf, "reward": -0.5}
    return [
        Point(s, RUN.started + s, odd if s == 3 else {"reward": s / 8, "kl": 0.01 * s, "score/mean": 0.5})
        for s in range(first, last + 1)
    ]


def growing(last: int) -> TrackedRun:
    """The run while its segment is in training."""
    return replace(RUN, status=Status.RUNNING, ended=None, facts={}, last_step=last)


_DYING = """
import json, os, sys
from pathlib import Path
from rltune.trackers.build import build_tracker
from trackers.contract import STUDY, growing, points
tracker = build_tracker(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
tracker.open(STUDY)
tracker.write(growing(3), points(3))
os._exit(9)
"""


class TrackerContract(ABC):
    """A variant names the tracker with its options, and reads back what it holds."""

    tracker: str
    options: Mapping[str, object] = MappingProxyType({})

    def make(self, folder: Path) -> Tracker:
        return build_tracker(self.tracker, self.options, folder)

    @abstractmethod
    def read(self, folder: Path) -> dict[str, Held]: ...

    def mirror(self, folder: Path, *writes: tuple[TrackedRun, list[Point]]) -> dict[str, str]:
        """One sitting; returns the digests that it found."""
        tracker = self.make(folder)
        known = tracker.open(STUDY)
        for run, curve in writes:
            tracker.write(run, curve)
        tracker.close()
        return dict(known)

    def check(self, held: Held, last: int) -> None:
        """Each step once, with its values."""
        for step in range(1, last + 1):
            if step == 3:
                assert held.points["reward", 3] == [-0.5]
                (kl,), (norm,) = held.points["kl", 3], held.points["grad_norm", 3]
                assert math.isnan(kl) and norm > 1e300
            else:
                assert held.points["reward", step] == [pytest.approx(step / 8)]
                assert held.points["kl", step] == [pytest.approx(0.01 * step)]
                assert held.points["score/mean", step] == [0.5]
        assert not [step for name, step in held.points if name in ("reward", "kl") and step > last]

    def test_a_run_is_there_with_all_that_it_is(self, tmp_path: Path) -> None:
        assert self.mirror(tmp_path, (RUN, points(4))) == {}
        held = self.read(tmp_path)[RUN.key]
        self.check(held, 4)
        assert held.status == "finished" and held.name
        assert float(held.config["learning_rate"]) == 1e-6 and held.config["lr_scheduler"] == "cosine"
        assert held.config["rltune/model"] == "Qwen/模型-ä"
        assert held.facts["rltune/stop_kind"] == "rule" and "µ > 15 %" in held.facts["rltune/stop_reason"]
        assert held.numbers["rltune/score"] == 0.5 and held.numbers["test/Number Theory"] == 0.25
        assert any("proxy" in text for name, text in held.facts.items() if name.endswith("tags"))

    def test_writing_it_again_changes_nothing(self, tmp_path: Path) -> None:
        self.mirror(tmp_path, (RUN, points(4)), (RUN, points(4)))
        known = self.mirror(tmp_path, (RUN, points(4)))
        assert known == {RUN.key: RUN.digest}
        self.check(self.read(tmp_path)[RUN.key], 4)

    def test_a_run_grows_over_its_segments_and_over_sittings(self, tmp_path: Path) -> None:
        first = replace(RUN, last_step=2)
        self.mirror(tmp_path, (growing(1), points(1)), (growing(2), points(2)), (first, points(2)))
        self.check(self.read(tmp_path)[RUN.key], 2)
        later = replace(RUN, facts={**RUN.facts, "rltune/finalist": "winner"}, tags=("final", "winner"), last_step=6)
        self.mirror(tmp_path, (growing(3), points(3)), (growing(5), points(5)), (later, points(6)))
        held = self.read(tmp_path)[RUN.key]
        self.check(held, 6)
        assert held.facts["rltune/finalist"] == "winner"
        assert any("winner" in text for name, text in held.facts.items() if name.endswith("tags"))

    def test_a_mirror_that_was_killed_is_made_up_for(self, tmp_path: Path) -> None:
        paths = [str(Path(__file__).parents[1]), *(path for path in sys.path if path)]
        done = subprocess.run(
            [sys.executable, "-c", _DYING, self.tracker, json.dumps(dict(self.options)), str(tmp_path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 9, done.stderr
        self.mirror(tmp_path, (growing(4), points(4)), (RUN, points(4)))
        self.check(self.read(tmp_path)[RUN.key], 4)

    def test_a_failed_run_is_told_from_a_killed_one(self, tmp_path: Path) -> None:
        others = {status: replace(RUN, key=f"demo-0123abcd-{status}", name=status, status=status) for status in Status}
        del others[Status.RUNNING]
        self.mirror(tmp_path, *((run, points(1)) for run in others.values()))
        found = self.read(tmp_path)
        assert {found[run.key].status for run in others.values()} == {"finished", "failed", "killed"}

    def test_runs_of_another_study_are_left_alone(self, tmp_path: Path) -> None:
        self.mirror(tmp_path, (RUN, points(2)))
        other = self.make(tmp_path)
        known = other.open(TrackedStudy("demo", "demo-ffffffff"))
        other.write(replace(RUN, key="demo-ffffffff-r0001", name="0002 other"), points(3))
        other.close()
        assert known.keys() <= {RUN.key}
        found = self.read(tmp_path)
        self.check(found[RUN.key], 2)
        self.check(found["demo-ffffffff-r0001"], 3)

    def test_a_curve_of_odd_names_and_extreme_values(self, tmp_path: Path) -> None:
        values = {"score/Counting & Probability": 1.0, "a//b": 2.0, "../up": 3.0, "tokens": 1e300, "minus": -math.inf}
        self.mirror(tmp_path, (replace(RUN, last_step=1), [Point(1, 0.0, values), Point(2, -5.0, {})]))
        held = self.read(tmp_path)[RUN.key]
        assert len([name for name, step in held.points if step == 1]) >= len(values)
        assert not list(tmp_path.parent.glob("up*"))
