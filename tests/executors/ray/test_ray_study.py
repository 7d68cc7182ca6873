"""A whole study on a cluster that loses a node: nothing is lost or doubled, and the lost trial goes on elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rltune.executors.records import read_identity
from rltune.store.base import SegmentState, StudyState
from rltune.store.manifest import host_name
from rltune.store.remote import verify
from rltune.study.api import Study, open_study
from rltune.study.observer import Silent
from rltune.types import StopKind
from study.toy import StopAfter, toy_study

pytestmark = pytest.mark.slow


class CutsOff(Silent):
    """Removes a node, as a power cut would, once a trial on it has a checkpoint."""

    def __init__(self, cluster: Any, node: Any, study: Study) -> None:
        self.cluster, self.node, self.study = cluster, node, study
        self.done = False

    def stepped(self, run: object, metrics: object) -> None:
        running = [s for s in self.study.store.segments() if s.state is SegmentState.RUNNING]
        for segment in running:
            saved = any((segment.folder.parents[1] / "checkpoints").glob("step-*"))
            if not self.done and saved and self._is_there(segment.folder):
                self.done = True
                self.cluster.cut(self.node)

    def _is_there(self, folder: Path) -> bool:
        """Whether the segment's process is one of the node's."""
        worker = read_identity(folder)
        return worker is not None and worker.pid in {process.pid for process in self.cluster.processes(self.node)}


@pytest.fixture
def node(cluster: Any) -> Iterator[Any]:
    yield cluster.add(num_cpus=1)


def test_a_study_outlives_a_node(cluster: Any, node: Any, tmp_path: Path) -> None:
    executor = {"name": "ray", "address": cluster.address, "device": "cpu", "grace_time": 5}
    with toy_study(tmp_path, executor=executor, fixed={"step_time": 0.1}) as study:
        saboteur = CutsOff(cluster, node, study)
        assert study.run(saboteur) is StudyState.FINISHED
        assert saboteur.done
        evaluated = Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())
        assert set(evaluated.values()) == {1}
        segments = study.store.segments()
        places = {s.worker for s in segments}
        assert len(places) == 2 and all(place.startswith(f"{host_name()} (") for place in places)
        lost = [s for s in segments if s.stop is not None and s.stop.kind in (StopKind.LOST, StopKind.INTERRUPTED)]
        assert lost and any("was lost" in s.stop.reason for s in lost if s.stop is not None)
        for segment in lost:
            assert (segment.run_id, segment.to_step) in evaluated, "it was continued, and reached its end"
        for run in study.store.runs():
            steps = [m.step for m in study.store.curve(run.id)]
            assert steps == list(range(1, len(steps) + 1)), "no step is missing, none is there twice"
        assert study.summary().state == "finished"


def test_a_study_that_was_stopped_goes_on_with_the_local_executor(cluster: Any, tmp_path: Path) -> None:
    """The executor may change between two sittings: what it left lies in the same folders."""
    stop = StopAfter(3)
    executor = {"name": "ray", "address": cluster.address, "device": "cpu", "grace_time": 5, "slots": 2}
    with toy_study(tmp_path, executor=executor, fixed={"step_time": 0.05}) as study:
        assert study.run(stop, stop) is StudyState.INTERRUPTED
        path = study.folder / "study.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "executor": {"name": "local", "slots": 2}}))
    with open_study(path.parent) as study:
        assert study.run() is StudyState.FINISHED
        evaluated = Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())
        assert set(evaluated.values()) == {1}


class SeesDisks(Silent):
    """Notes on which machines' disks trials are."""

    def __init__(self, disks: list[Path]) -> None:
        self.disks = disks
        self.seen: set[str] = set()

    def stepped(self, run: object, metrics: object) -> None:
        self.seen |= {disk.name for disk in self.disks if any(disk.glob("rltune-*/.*"))}


def test_checkpoints_on_object_storage_outlive_a_node_and_its_disk(cluster: Any, tmp_path: Path) -> None:
    """Two nodes with disks of their own; one goes, with its disk, in the middle of its trials."""
    disks = [tmp_path / "disk-1", tmp_path / "disk-2"]
    for disk in disks:
        disk.mkdir()
    nodes = [cluster.add(num_cpus=1, resources={"trials": 1}, env_vars={"TMPDIR": str(disk)}) for disk in disks]
    executor = {"name": "ray", "address": cluster.address, "device": "cpu", "grace_time": 5}
    executor["resources"] = {"trials": 1}  # not on the head, whose disk is another one
    kept = {"remote": f"file://{tmp_path}/bucket"}
    with toy_study(tmp_path / "out", executor=executor, checkpoints=kept, fixed={"step_time": 0.1}) as study:
        saboteur, looking = CutsOff(cluster, nodes[1], study), SeesDisks(disks)
        saboteur.stepped = _both(saboteur.stepped, looking.stepped)  # type: ignore[method-assign]
        assert study.run(saboteur) is StudyState.FINISHED
        assert saboteur.done and looking.seen == {"disk-1", "disk-2"}
        evaluated = Counter((run, e.fidelity.steps) for run, e in study.store.evaluations())
        assert set(evaluated.values()) == {1}
        lost = [s for s in study.store.segments() if s.stop is not None and s.stop.kind is StopKind.LOST]
        assert lost and all((s.run_id, s.to_step) in evaluated for s in lost)
        assert any(s.from_step > 0 for s in study.store.segments()), "runs went on from what was uploaded"
        for run in study.store.runs():
            steps = [m.step for m in study.store.curve(run.id)]
            assert steps == list(range(1, len(steps) + 1)), "no step is missing, none is there twice"
        assert all(verify(record.path) is None for record in study.store.checkpoints())
    cluster.remove(nodes[0])
    assert not any(disks[0].glob("rltune-*/.*"))


def _both(*observers: Any) -> Any:
    def stepped(run: object, metrics: object) -> None:
        for observer in observers:
            observer(run, metrics)

    return stepped
