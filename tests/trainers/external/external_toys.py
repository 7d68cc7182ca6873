"""Launches of the fake program, and a reporter that keeps what it is told."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rltune.trainers.external.checkpoints import Layout, Saves
from rltune.trainers.external.follow import Follower, Leg, Manners
from rltune.trainers.external.program import Program, Running
from rltune.trainers.external.rows import JsonRows
from rltune.trainers.external.streams import LineStream, Naming
from rltune.types import StepMetrics, StopReason

FAKE = Path(__file__).parent / "fake_program.py"
PYTHON = (sys.executable, "-S", "-E")  # without site-packages: starts in a few milliseconds


class Recorder:
    """A reporter that publishes into `root` and ends the run where `stop` says so."""

    def __init__(self, root: Path, stop: Callable[[StepMetrics], StopReason | None] = lambda _: None) -> None:
        self.root = root
        self.stop = stop
        self.events: list[str] = []
        self.steps: list[StepMetrics] = []
        self.began_ago: list[float] = []

    def training_starts(self, ago: float = 0.0) -> None:
        self.began_ago.append(ago)
        self.events.append("start")

    def workspace(self) -> Path:
        folder = self.root / "workspace"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def step(self, metrics: StepMetrics) -> StopReason | None:
        assert self.events[0] == "start"
        assert not self.steps or metrics.step == self.steps[-1].step + 1
        self.events.append(f"step {metrics.step}")
        self.steps.append(metrics)
        return self.stop(metrics)

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        assert step == self.steps[-1].step
        folder = self.root / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        save(folder)
        self.events.append(f"checkpoint {step}")
        return folder

    def alive(self) -> None:
        self.events.append("alive")


def fake(folder: Path, *arguments: object) -> Program:
    """The fake program, with its output and checkpoints in `folder`."""
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    return Program([*PYTHON, str(FAKE), "--out", str(out), *map(str, arguments)], folder, folder / "log.txt")


def follow(
    folder: Path,
    recorder: Recorder,
    leg: Leg,
    *arguments: object,
    manners: Manners | None = None,
    marker: bool = False,
    settle_seconds: float = 5.0,
) -> StepMetrics | StopReason:
    """Launches the fake program and follows it; none of its processes is left afterwards."""
    out = folder / "out"
    layout = Layout(path=lambda step: out / f"step-{step}", marker=(lambda step: out / "latest") if marker else None)
    with Running(fake(folder, *arguments)) as running:
        stream = LineStream(
            running.program.output, JsonRows(), Naming({"reward": "mean_reward", "score/mean": "accuracy"})
        )
        follower = Follower(
            running, stream, Saves(layout, settle_seconds), recorder, leg, manners or Manners(grace_seconds=5)
        )
        return follower.follow()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie doesn't)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until something holds; fails if it doesn't."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def children_of(session: int) -> list[int]:
    """Pids of the running processes of a session."""
    return [
        int(name)
        for name in os.listdir("/proc")
        if name.isdigit() and alive(int(name)) and os.getsid(int(name)) == session
    ]
