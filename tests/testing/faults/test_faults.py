"""Each fault strikes what it says, only that, and ends when it is undone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from rltune.errors import ConfigError
from rltune.executors.base import ProcessIdentity
from rltune.executors.processes import identify, read_process, send
from rltune.executors.records import SegmentFiles, write_identity
from rltune.store.engine import DATABASE_FILE
from rltune.store.lock import lock_study
from rltune.store.open import create_study
from rltune.study.looking import STUDY_FILE
from rltune.testing.faults.base import Moment, NothingToHit, Scene
from rltune.testing.faults.build import FAULTS, find_fault
from rltune.testing.faults.clock import ClockJump, set_shift, shifted_environment
from rltune.testing.faults.disk import FillDisk, small_disk
from rltune.testing.faults.files import FILES
from rltune.testing.faults.flip import Flip
from rltune.testing.faults.freeze import Freeze
from rltune.testing.faults.kill import Kill
from rltune.testing.faults.truncate import Truncate

CHECKPOINT = "runs/0001-m-s0-c/checkpoints/step-000002"
SEGMENT = "runs/0001-m-s0-c/segments/001"
CONTENTS = {
    f"{CHECKPOINT}/model.safetensors": 900,
    f"{CHECKPOINT}/optimizer.pt": 1800,
    f"{CHECKPOINT}/scheduler.pt": 20,
    f"{CHECKPOINT}/manifest.json": 300,
    f"{SEGMENT}/metrics.jsonl": 200,
    f"{SEGMENT}/order.json": 100,
    "runs/0002-m-s0-d/segments/001/outcome.json": 50,
    f"{DATABASE_FILE}-wal": 4096,
    f"{DATABASE_FILE}-shm": 4096,
}
EXPECTED = {
    "weights": f"{CHECKPOINT}/model.safetensors",
    "optimizer": f"{CHECKPOINT}/optimizer.pt",
    "manifest": f"{CHECKPOINT}/manifest.json",
    "metrics": f"{SEGMENT}/metrics.jsonl",
    "order": f"{SEGMENT}/order.json",
    "outcome": "runs/0002-m-s0-d/segments/001/outcome.json",
    "wal": f"{DATABASE_FILE}-wal",
    "shm": f"{DATABASE_FILE}-shm",
}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """The files of a study, with random content."""
    for name, size in CONTENTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(Random(name).randbytes(size))
    return Scene(tmp_path)


def contents(scene: Scene) -> dict[str, bytes]:
    return {name: (scene.folder / name).read_bytes() for name in CONTENTS}


@pytest.fixture
def sleeper(scene: Scene) -> Iterator[ProcessIdentity]:
    """A process that counts as the worker of the scene's segment."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    identity = identify(process.pid)
    assert identity is not None
    write_identity(scene.folder / SEGMENT, identity)
    yield identity
    process.kill()
    process.wait()


def state_of(identity: ProcessIdentity) -> str:
    row = read_process(identity.pid)
    return row.state if row is not None else "gone"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize("kind", FILES)
def test_truncation_and_flips_hit_the_file_that_they_name(scene: Scene, kind: str) -> None:
    before = contents(scene)
    assert EXPECTED[kind] in Flip(kind).inject(scene, Random(1)).what
    flipped = contents(scene)
    assert {name for name in before if before[name] != flipped[name]} == {EXPECTED[kind]}
    assert len(flipped[EXPECTED[kind]]) == len(before[EXPECTED[kind]])

    Truncate(kind).inject(scene, Random(2))
    cut = contents(scene)
    assert {name for name in before if cut[name] != flipped[name]} == {EXPECTED[kind]}
    assert flipped[EXPECTED[kind]].startswith(cut[EXPECTED[kind]])


@pytest.mark.parametrize("fault", [fault for fault in FAULTS.values() if not isinstance(fault, FillDisk)])
def test_nothing_is_hit_where_nothing_is(tmp_path: Path, fault) -> None:
    (tmp_path / "study.yaml").write_text("name: a\nmodels: {target: embedded/s}\ntask: arithmetic/easy\nbudget: 1h\n")
    with pytest.raises(NothingToHit):
        fault.inject(Scene(tmp_path), Random(0))


def test_a_kill_hits_the_worker(scene: Scene, sleeper: ProcessIdentity) -> None:
    Kill("worker").inject(scene, Random(0))
    wait_for(lambda: state_of(sleeper) in ("Z", "gone"))
    with pytest.raises(NothingToHit):
        Kill("worker").inject(scene, Random(0))


def test_a_frozen_worker_thaws(scene: Scene, sleeper: ProcessIdentity) -> None:
    done = Freeze("worker").inject(scene, Random(0))
    wait_for(lambda: state_of(sleeper) == "T")
    done.undo()
    wait_for(lambda: state_of(sleeper) in "SR")
    os.kill(sleeper.pid, signal.SIGKILL)
    wait_for(lambda: state_of(sleeper) in ("Z", "gone"))
    done.undo()


NODE = """
import subprocess, sys, time
child = subprocess.Popen([sys.argv[1], "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("head", [False, True])
def test_a_ray_node_goes_down_with_its_trial_but_never_the_head(scene: Scene, tmp_path: Path, head: bool) -> None:
    """The node is a stand-in: a process by the name of Ray's own, whose child is the trial's worker."""
    (tmp_path / "raylet").symlink_to(sys.executable)
    command = [str(tmp_path / "raylet"), "-S", "-c", NODE, sys.executable, *(["--head"] if head else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        worker = identify(int(node.stdout.readline()))
        assert worker is not None
        write_identity(scene.folder / SEGMENT, worker)
        try:
            if head:
                with pytest.raises(NothingToHit):
                    find_fault("ray_node").inject(scene, Random(0))
                assert node.poll() is None and state_of(worker) in "SR"
            else:
                find_fault("ray_node").inject(scene, Random(0))
                assert node.wait(timeout=30) == -signal.SIGKILL
                wait_for(lambda: state_of(worker) in ("Z", "gone"))
        finally:
            send(worker, signal.SIGKILL)
            node.kill()


def test_a_second_controller_waits_until_the_first_holds_the_study(tmp_path: Path) -> None:
    me = identify(os.getpid())
    assert me is not None
    refusal = f"study 's' is being run by process {me.pid}"
    asked: list[Sequence[str]] = []
    scene = Scene(tmp_path, me, rltune=lambda arguments: asked.append(arguments) or (2, refusal))
    fault = find_fault("second_controller")

    def is_too_early() -> bool:
        with pytest.raises(NothingToHit, match="no controller holds"):
            fault.inject(scene, Random(0))
        return not asked

    assert is_too_early()
    (tmp_path / STUDY_FILE).write_text("name: s\nmodels: {target: embedded/s}\ntask: arithmetic/easy\nbudget: 1h\n")
    create_study(tmp_path, "s", {}).close()
    assert is_too_early()
    with lock_study(tmp_path, "s"):
        assert fault.inject(scene, Random(0)).complaint is None
    assert asked == [["resume", str(tmp_path), "--quiet"]]


def test_a_worker_that_left_its_outcome_is_nobody_to_hit(scene: Scene, sleeper: ProcessIdentity) -> None:
    SegmentFiles(scene.folder / SEGMENT).outcome.write_text("{}")
    with pytest.raises(NothingToHit):
        Kill("worker").inject(scene, Random(0))
    assert state_of(sleeper) in "SR"


def test_a_full_disk_is_full_until_it_is_freed(tmp_path: Path) -> None:
    try:
        disk = small_disk(tmp_path / "disk", 2)
        with disk as place:
            (place / "study").mkdir()
            done = FillDisk().inject(Scene(place / "study"), Random(0))
            with pytest.raises(OSError, match="No space left"):
                (place / "study" / "file").write_bytes(bytes(8192))
            done.undo()
            (place / "study" / "file").write_bytes(bytes(8192))
    except NothingToHit as reason:
        pytest.skip(str(reason))
    assert not (tmp_path / "disk").is_mount()


def test_the_disk_of_others_is_never_filled(tmp_path: Path) -> None:
    with pytest.raises(NothingToHit, match="of its own"):
        FillDisk().inject(Scene(tmp_path), Random(0))


def test_a_clock_jumps_for_the_study_and_for_nobody_else(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    try:
        environment = shifted_environment(tmp_path, clock)
    except NothingToHit as reason:
        pytest.skip(str(reason))

    def ahead() -> float:
        """By how many seconds a process of the study is ahead of the machine."""
        code = "import time, datetime; print(time.time(), datetime.datetime.now().timestamp(), time.monotonic())"
        command = [sys.executable, "-S", "-c", code]
        said = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
        wall, date, monotonic = map(float, said.stdout.split())
        assert abs(wall - date) < 5 and abs(monotonic - time.monotonic()) < 60
        return wall - time.time()

    assert abs(ahead()) < 60
    set_shift(clock, -7200.0)
    assert abs(ahead() + 7200) < 60
    what = ClockJump().inject(Scene(tmp_path, clock=clock), Random(3)).what
    assert abs(ahead() + 7200) > 60 and "wall clock set to" in what


def test_an_unknown_fault_lists_the_known_ones() -> None:
    assert find_fault("kill_worker") is FAULTS["kill_worker"]
    with pytest.raises(ConfigError, match="kill_worker"):
        find_fault("kill_wroker")


def test_only_damage_to_the_log_of_a_store_at_rest_may_cost_transactions() -> None:
    losing = {name: fault.moment for name, fault in FAULTS.items() if fault.loses_tail}
    assert losing == {"truncate_wal": Moment.DOWN, "flip_wal": Moment.DOWN}
