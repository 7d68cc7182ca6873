"""Where the stand-in is, and a reporter that keeps what it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from rltune.types import StepMetrics, StopReason

STAND_IN = Path(__file__).with_name("stand_in")
"""The stand-in for verl and its interpreter."""


class Recorder:
    """Publishes checkpoints under `root` and ends the run where `stop` says so."""

    def __init__(self, root: Path, stop: Callable[[StepMetrics], StopReason | None] = lambda _: None) -> None:
        self.root, self.stop = root, stop
        self.began = self.signs = 0
        self.steps: list[StepMetrics] = []
        self.checkpoints: list[int] = []

    def training_starts(self, ago: float = 0.0) -> None:
        self.began += 1

    def workspace(self) -> Path:
        folder = self.root / f"workspace-{len(list(self.root.glob('workspace-*')))}"
        folder.mkdir(parents=True)
        return folder

    def alive(self) -> None:
        self.signs += 1

    def step(self, metrics: StepMetrics) -> StopReason | None:
        assert self.began == 1
        self.steps.append(metrics)
        return self.stop(metrics)

    def checkpoint(self, step: int, save: Callable[[Path], None]) -> Path:
        assert step == self.steps[-1].step
        folder, final = self.root / "writing", self.root / f"step-{step:06d}"
        folder.mkdir(parents=True)
        save(folder)
        shutil.rmtree(final, ignore_errors=True)
        self.checkpoints.append(step)
        return folder.rename(final)

    def values(self, name: str) -> list[float]:
        return [metrics.values[name] for metrics in self.steps]
