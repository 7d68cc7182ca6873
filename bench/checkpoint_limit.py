"""A real study within a tenth of the disk that its checkpoints would take: what is on disk, and what that costs.

    python bench/checkpoint_limit.py [--trials 38] [--limit 5.5MB] [--optimizer bohb] [--folder DIR]

GRPO on the smallest embedded model, with `checkpoints: {limit: ...}`. A thread sums up the bytes of all files below the
study's folders of checkpoints while it runs, 20 times a second. At the end: the most that was seen at a time, what the
registry would keep without a limit, and the steps that were trained again because their checkpoint had been deleted.
The exit status says whether the study ended within its limit, with nothing doubled and its winner's checkpoints there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rltune.cli.plain import PlainLines
from rltune.config.units import parse_size
from rltune.store.base import CheckpointState, CheckpointTier, StudyState
from rltune.store.manifest import verify
from rltune.store.registry import DEAD_ENDS, KEEP_CHECKPOINTS
from rltune.study.api import Study, create
from rltune.study.closing import winner_of
from rltune.study.disk import gigabytes
from rltune.types import Phase

LOOK_SECONDS = 0.05


class DiskWatch(threading.Thread):
    """Sums up the bytes below all folders named `checkpoints`; `most`: at a time. `looks`: how often it has looked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.looks = folder, 0, 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.most, self.looks = max(self.most, bytes_below(self.folder)), self.looks + 1

    def __enter__(self) -> DiskWatch:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self.join()


def bytes_below(folder: Path) -> int:
    """Bytes of all files of checkpoints, half-written ones included; files that vanish meanwhile don't count."""
    total = 0
    for base, _, files in os.walk(folder):
        if "checkpoints" in Path(base).parts:
            for name in files:
                try:
                    total += os.stat(os.path.join(base, name)).st_size
                except FileNotFoundError:
                    continue
    return total


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out of a study."""

    state: StudyState
    limit: int
    most: int
    without: int
    deleted: int
    stripped: int
    trained: int
    retrained: int
    for_room: int
    doubled: int
    winner_intact: bool
    seconds: float

    @property
    def good(self) -> bool:
        ended = self.state is StudyState.FINISHED and self.winner_intact and self.doubled == 0
        return ended and self.most <= self.limit


def without_limit(study: Study) -> int:
    """Bytes that the registry would keep at the end: the newest checkpoints of each run that may go on."""
    store = study.store
    saved = [c for state in CheckpointState for c in store.checkpoints(state=state)]
    size = max(c.bytes for c in saved if c.tier is CheckpointTier.FULL)
    alive = [run for run in store.runs() if run.stop is None or run.stop.kind not in DEAD_ENDS]
    return sum(size * min(KEEP_CHECKPOINTS, sum(c.run_id == run.id for c in saved)) for run in alive)


def figures_of(study: Study, watch: DiskWatch, limit: int, seconds: float) -> Figures:
    store, work = study.store, study.summary().work
    winner = winner_of(store.study().facts)
    finals = {s.run_id for s in store.segments() if s.phase is Phase.FINAL}
    ours = {run.id for run in store.runs() if run.configuration == winner} & finals
    kept = {c.run_id for c in store.checkpoints() if verify(c.path) is None}
    counts = Counter((run, e.fidelity.steps) for run, e in store.evaluations())
    return Figures(
        state=store.study().state,
        limit=limit,
        most=watch.most,
        without=without_limit(study),
        deleted=work.checkpoints_deleted,
        stripped=sum(d.kind == "strip" for d in store.decisions()),
        trained=work.steps_trained,
        retrained=work.steps_retrained,
        for_room=work.steps_retrained_for_room,
        doubled=sum(count > 1 for count in counts.values()),
        winner_intact=bool(ours) and ours <= kept,
        seconds=seconds,
    )


def run_study(folder: Path, limit: int, trials: int, optimizer: str, slots: int = 1) -> Figures:
    """Runs a study in `folder` and measures it."""
    source = {
        "name": "limited",
        "output": str(folder),
        "models": {"target": "embedded/xs"},
        "task": "arithmetic/easy",
        "budget": {"time": "2h", "search": 0.9, "trials": trials},
        "optimizer": optimizer,
        "steps": 8,
        "rungs": [2, 4, 8],
        "validation": {"prompts": 16, "samples": 1},
        "test": {"prompts": 16, "samples": 1},
        "confirm": {"top": 1},
        "final": {"seeds": 1},
        "executor": {"slots": slots},
        "checkpoints": {"limit": limit, "margin": 10_000_000},
    }
    began = time.monotonic()
    with create(source) as study, DiskWatch(folder) as watch:
        study.run(PlainLines(Console(stderr=True), quiet=True))
        return figures_of(study, watch, limit, time.monotonic() - began)


def tell(found: Figures) -> None:
    rows = {
        "state at the end": found.state.value,
        "limit": gigabytes(found.limit),
        "most on disk at a time": f"{gigabytes(found.most)} ({found.most / found.limit:.0%} of the limit)",
        "kept without a limit": f"{gigabytes(found.without)} ({found.without / found.limit:.1f} times the limit)",
        "checkpoints deleted": found.deleted,
        "stripped to their weights": found.stripped,
        "steps trained": found.trained,
        "of them trained again": found.retrained,
        "of these, because the checkpoint was deleted": found.for_room,
        "evaluations doubled": found.doubled,
        "the winner's checkpoints": "intact" if found.winner_intact else "GONE OR DAMAGED",
        "seconds": f"{found.seconds:.0f}",
    }
    for name, value in rows.items():
        print(f"{name:<46} {value}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=38)
    parser.add_argument("--limit", type=parse_size, default=parse_size("5.5MB"))
    parser.add_argument("--optimizer", default="bohb")
    parser.add_argument("--folder", type=Path, help="keep the study here (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rltune-limit-") as scratch:
        folder = arguments.folder or Path(scratch)
        found = run_study(folder, arguments.limit, arguments.trials, arguments.optimizer)
    tell(found)
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
