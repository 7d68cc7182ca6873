"""The recorded runs of bench/data (see record_curves.py), for the benchmarks."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rltune.trainers.logs.build import read_log
from rltune.types import Scalar, StepMetrics

DATA = Path(__file__).parent / "data"
_SHARED = os.environ.get("RLTUNE_SHARED_DATA")
LOGS = (Path(_SHARED) if _SHARED else Path(__file__).parents[2] / "shared" / "data") / "verl_logs"
"""Published console logs, if they are there: they don't belong to the project."""

SCORE = "score/mean"
CHOSEN_ON = 128
"""Wide configurations below this number were looked at when thresholds were chosen; the others were recorded later."""


@dataclass(frozen=True)
class Recorded:
    """One run: what it was, and its curve. `number` is its configuration's in its group."""

    name: str
    group: str
    size: str
    seed: int
    configuration: dict[str, Scalar]
    base: float
    curve: tuple[StepMetrics, ...]

    @property
    def number(self) -> int:
        return int(self.name.split("-")[1][1:])

    @property
    def held_out(self) -> bool:
        """Whether no threshold was chosen with a look at it."""
        return self.group == "wide" and self.seed == 0 and self.number >= CHOSEN_ON

    @property
    def scores(self) -> dict[int, float]:
        """Validation score by step."""
        return {m.step: m.values[SCORE] for m in self.curve if SCORE in m.values}

    @property
    def rewards(self) -> np.ndarray:
        return np.array([metrics.values["reward"] for metrics in self.curve])


def recorded_tasks() -> list[str]:
    """Tasks with packed runs and measured costs."""
    return sorted(path.parent.name.replace("-", "/", 1) for path in DATA.glob("*/costs.json"))


def recorded_runs(task: str = "arithmetic/easy") -> list[Recorded]:
    """All recorded runs of a task, by name."""
    folder = DATA / task.replace("/", "-")
    curves = {run.run: run.training for run in read_log(folder / "curves.jsonl.gz")}
    heads = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    return [
        Recorded(h["run"], h["group"], h["size"], h["seed"], h["configuration"], h["base"], curves[h["run"]])
        for h in heads
    ]


def published_logs() -> dict[str, tuple[StepMetrics, ...]]:
    """Name -> training steps of each published log that is there."""
    return {path.name: read_log(path)[0].training for path in sorted(LOGS.glob("*.log"))}
