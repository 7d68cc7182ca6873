"""Loses a node: a study on a Ray cluster of three nodes, one of which is cut off in the middle of its trial.

    python bench/node_loss.py [--folder DIR] [--toy]

Three Ray nodes of one trial each run as processes on this machine. A real study (GRPO on the embedded family; with
`--toy` a trainer that trains nothing) runs on them. When all three are at work and the run on the last one has a
checkpoint, every process of that node is killed at once, as by a power cut. At the end the figures are printed; the
exit status says whether anything was lost, doubled or left running.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltune.executors.records import read_identity
from rltune.store.base import RunRecord, SegmentRecord, SegmentState, StudyState, StudyStore
from rltune.study.api import Study, create
from rltune.study.observer import Silent
from rltune.testing.ray_cluster import RayCluster
from rltune.types import StepMetrics, StopKind

NODES = 3
STUDY: dict[str, Any] = {
    "name": "node-loss",
    "models": {"target": "embedded/s", "proxies": ["embedded/xs"]},
    "task": "arithmetic/easy",
    "budget": {"time": "20m", "search": 0.9, "trials": 8},
    "steps": 16,
    "rungs": [4, 8, 16],
    "optimizer": "random",
    "validation": {"prompts": 32, "samples": 1},
    "test": {"prompts": 32, "samples": 1},
    "stopping": "off",
    "transfer": False,
    "confirm": {"top": 1},
    "final": {"seeds": 1},
}
TOY: dict[str, Any] = {
    "trainer": "rltune.testing.toy_trainer:ToyTrainer",
    "space": {"learning_rate": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True}},
    "fixed": {"step_time": 0.15},
}


@dataclass
class Saboteur(Silent):
    """Watches the study from within, and cuts the last node off when the moment has come."""

    cluster: RayCluster
    store: StudyStore
    when: float | None = None
    noticed: float | None = None
    victim: str = ""
    killed: int = 0
    ended: list[str] = field(default_factory=list)

    def stepped(self, run: RunRecord, metrics: StepMetrics) -> None:
        if self.when is None:
            self._look()

    def _look(self) -> None:
        last = self.cluster.nodes[-1]
        running = [s for s in self.store.segments() if s.state is SegmentState.RUNNING]
        pids = {process.pid for process in self.cluster.processes(last)} if len(running) == NODES else set()
        for segment in running:
            worker = read_identity(segment.folder)
            saved = any((segment.folder.parents[1] / "checkpoints").glob("step-*"))
            if worker is not None and worker.pid in pids and saved:
                self.killed = self.cluster.cut(last)
                self.when, self.victim = time.monotonic(), segment.id

    def trial_ended(self, run: RunRecord, proposal: object, outcome: Any, score: object) -> None:
        if outcome.stop.kind is StopKind.LOST and self.noticed is None:
            self.noticed = time.monotonic()


def doubts(study: Study, lost: Sequence[SegmentRecord]) -> list[str]:
    """What should not be: evaluations missing or doubled, holes in curves, lost trials that nobody went on with."""
    store, found = study.store, []
    evaluated = Counter((run, e.fidelity.steps) for run, e in store.evaluations())
    found += [f"evaluation {key} is there {count} times" for key, count in evaluated.items() if count > 1]
    for segment in store.segments():
        if segment.state is not SegmentState.ENDED:
            found.append(f"segment {segment.id} has not ended")
        elif _reached(segment) and (segment.run_id, segment.to_step) not in evaluated:
            found.append(f"the evaluation of run {segment.run_id} at step {segment.to_step} is missing")
    for run in store.runs():
        steps = [m.step for m in store.curve(run.id)]
        if steps != list(range(1, len(steps) + 1)):
            found.append(f"the curve of run {run.number} has holes: {steps}")
    for segment in lost:
        if heir_of(store, segment) is None:
            found.append(f"nobody went on with run {segment.run_id} to step {segment.to_step}")
    return found


def heir_of(store: StudyStore, lost: SegmentRecord) -> SegmentRecord | None:
    """The segment that took a lost one's run to where it should have gone."""
    later = [s for s in store.segments(lost.run_id) if s.folder.name > lost.folder.name]
    return next((s for s in later if s.to_step == lost.to_step and _reached(s)), None)


def _reached(segment: SegmentRecord) -> bool:
    return segment.stop is not None and segment.stop.kind is StopKind.REACHED


def tell(study: Study, saboteur: Saboteur, seconds: float) -> list[SegmentRecord]:
    """Prints the figures; returns the lost segments."""
    segments = study.store.segments()
    lost = [s for s in segments if s.stop is not None and s.stop.kind is StopKind.LOST]
    print(f"nodes                      {NODES}, of one trial each; the last one cut off ({saboteur.killed} processes)")
    print(f"study                      {study.store.study().state}, {seconds:.0f} s")
    print(f"runs, segments             {len(study.store.runs())}, {len(segments)}")
    print(f"evaluations                {len(study.store.evaluations())}")
    print(f"trials lost                {len(lost)}")
    if saboteur.when is not None and saboteur.noticed is not None:
        print(f"noticed after              {saboteur.noticed - saboteur.when:.1f} s")
    for segment in lost:
        heir = heir_of(study.store, segment)
        assert segment.stop is not None
        place = "nowhere" if heir is None else f"from its checkpoint of step {heir.from_step} to step {heir.to_step}"
        print(f"  steps {segment.from_step}-{segment.to_step}: {segment.stop.reason}; continued {place}")
        if heir is not None:
            print(f"  steps trained again      {segment.stop.step - heir.from_step}")
    return lost


def sabotaged(folder: Path, toy: bool) -> int:
    """Runs it all; returns the exit status."""
    with RayCluster(*[{"num_cpus": 1}] * NODES) as cluster:
        executor = {"name": "ray", "address": cluster.address, "device": "cpu", "grace_time": "10s"}
        with create({**STUDY, **(TOY if toy else {}), "executor": executor, "output": str(folder)}) as study:
            saboteur = Saboteur(cluster, study.store)
            began = time.monotonic()
            state = study.run(saboteur)
            lost = tell(study, saboteur, time.monotonic() - began)
            found = doubts(study, lost)
    if state is not StudyState.FINISHED or not lost:
        found.append(f"the study is {state}, and {len(lost)} trials were lost")
    time.sleep(1.0)
    found += [f"process {pid} still runs" for pid in cluster.survivors()]
    print(f"lost, doubled, left over   {len(found)}")
    for doubt in found:
        print(f"  {doubt}")
    return 1 if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--toy", action="store_true", help="train nothing: a minute instead of several")
    arguments = parser.parse_args()
    if arguments.folder is not None:
        sys.exit(sabotaged(arguments.folder, arguments.toy))
    with tempfile.TemporaryDirectory(prefix="rltune-node-loss-") as folder:
        sys.exit(sabotaged(Path(folder), arguments.toy))


if __name__ == "__main__":
    main()
