"""Who dies takes nobody's work along, and leaves nobody behind: controllers, servers, workers under SIGKILL.

The waits are long, for loaded machines: whoever stays behind here would stay for ever.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rltune.executors.base import Order, ProcessIdentity
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.processes import SERVER_MARK, is_alive, kill_trials, members, read_process
from rltune.executors.records import SegmentFiles, checkpoint_folder, collect, read_identity, read_metrics, write_order
from rltune.executors.recover import kill_leftovers
from rltune.store.manifest import verify
from rltune.testing.faults.base import Fault, Scene
from rltune.testing.faults.flip import Flip
from rltune.testing.faults.truncate import Truncate
from rltune.types import StopKind

from ..orders import TOY, carry_out, finish, server_pid, train_order, wait_until

TESTS = Path(__file__).resolve().parents[2]
GRACE = 2.0


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    made = LocalExecutor(slots=2, trainers=(TOY,), grace_seconds=GRACE)
    made.open()
    yield made
    made.close()


class Controller:
    """A controller in a process of its own."""

    def __init__(self, root: Path, grace: float, slots: int, **settings: object) -> None:
        given = [f"{name}={value}" for name, value in settings.items()]
        self.root = root
        self.process = subprocess.Popen(
            [sys.executable, "-m", "executors.local.controller", str(root), str(grace), str(slots), *given],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
            stdout=subprocess.PIPE,
            text=True,
        )

    def workers(self) -> list[ProcessIdentity]:
        """All workers that have recorded themselves so far."""
        found = [read_identity(folder) for folder in self.root.glob("run*/segments/*")]
        return [identity for identity in found if identity is not None]

    def servers(self) -> list[ProcessIdentity]:
        """Every living process that was made by this controller, workers included: they share the server's mark."""
        mark = f"{SERVER_MARK}={self.process.pid}-".encode()
        rows = [read_process(int(name)) for name in os.listdir("/proc") if name.isdigit()]
        return [
            ProcessIdentity(row.pid, row.started)
            for row in rows
            if row is not None and row.state not in "ZX" and any(e.startswith(mark) for e in _environment(row.pid))
        ]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _some_steps(controller: Controller, steps: int = 3) -> None:
    wait_until(lambda: any(len(read_metrics(f).steps) >= steps for f in controller.root.glob("run*/segments/*")))


# --- controllers -----------------------------------------------------------------------------------------------------
def test_a_killed_controllers_trials_save_a_checkpoint_and_end(tmp_path: Path) -> None:
    controller = Controller(tmp_path, 5.0, 1, step_time=0.05)
    _some_steps(controller)
    controller.kill()
    wait_until(lambda: not controller.servers())
    folder = next(tmp_path.glob("run0/segments/*"))
    outcome = collect(folder, tmp_path / "run0" / "checkpoints")
    assert outcome.stop.kind is StopKind.INTERRUPTED
    assert outcome.checkpoints[-1].step == outcome.stop.step >= 3
    assert verify(outcome.checkpoints[-1].path) is None


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "hang_native", "children"])
def test_a_killed_controllers_hanging_trials_are_ended_after_the_grace(tmp_path: Path, fault: str) -> None:
    controller = Controller(tmp_path, 1.0, 2, step_time=0.05, fault=fault, fault_step=3)
    _some_steps(controller, 2)
    controller.kill()
    wait_until(lambda: not controller.servers())


def test_a_controller_killed_while_its_server_imports_leaves_no_server(tmp_path: Path) -> None:
    controller = Controller(tmp_path, 5.0, 1)
    wait_until(controller.servers)
    controller.kill()
    wait_until(lambda: not controller.servers())


@pytest.mark.slow
def test_controllers_killed_at_random_moments_leave_nobody_and_nothing_torn(tmp_path: Path) -> None:
    choice = random.Random(11)
    for round_ in range(10):
        root = tmp_path / str(round_)
        controller = Controller(root, 2.0, 2, step_time=0.004)
        time.sleep(choice.uniform(0.2, 1.2))
        controller.kill()
        wait_until(lambda c=controller: not c.servers())
        assert not any(is_alive(worker) for worker in controller.workers())
        for folder in root.glob("run*/segments/*"):
            checkpoints = folder.parents[1] / "checkpoints"
            outcome = collect(folder, checkpoints)
            assert [m.step for m in outcome.metrics] == list(range(1, outcome.stop.step + 1))
            assert all(verify(c.path) is None for c in outcome.checkpoints)


@pytest.mark.slow
def test_controller_and_server_killed_at_once(tmp_path: Path) -> None:
    controller = Controller(tmp_path, 1.0, 2, step_time=0.05)
    _some_steps(controller)
    server = _server_of(controller)
    controller.kill()
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not controller.servers())
    outcomes = [collect(f, f.parents[1] / "checkpoints") for f in tmp_path.glob("run*/segments/*")]
    assert {o.stop.kind for o in outcomes} == {StopKind.INTERRUPTED}


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "hang_native"])
def test_controller_and_server_killed_at_once_while_trials_hang(tmp_path: Path, fault: str) -> None:
    controller = Controller(tmp_path, 3.0, 2, fault=fault, fault_step=3)
    _some_steps(controller, 2)
    server = _server_of(controller)
    controller.kill()
    os.kill(server, signal.SIGKILL)
    time.sleep(0.3)
    assert controller.servers(), "within the grace period they are still there"
    wait_until(lambda: not controller.servers())


def _server_of(controller: Controller) -> int:
    row = read_process(controller.workers()[0].pid)
    assert row is not None
    return row.parent


# --- servers ---------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_killed_server_is_replaced_and_its_trials_are_interrupted(executor: LocalExecutor, tmp_path: Path) -> None:
    order = train_order(tmp_path, stop=40, step_time=0.05)
    process = executor.submit(order)
    wait_until(lambda: read_metrics(order.folder).steps)
    _kill_server(executor)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.INTERRUPTED and outcome.checkpoints[-1].step == outcome.stop.step
    assert not is_alive(process)
    assert carry_out(executor, train_order(tmp_path, run="next")).stop.kind is StopKind.REACHED


@pytest.mark.slow
def test_a_killed_servers_hanging_trial_is_lost(executor: LocalExecutor, tmp_path: Path) -> None:
    order = train_order(tmp_path, stop=40, fault="hang_native", fault_step=3, checkpoint_at=(2,))
    process = executor.submit(order)
    wait_until(lambda: len(read_metrics(order.folder).steps) == 2)
    _kill_server(executor)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.LOST and "fork server" in outcome.stop.reason
    assert [c.step for c in outcome.checkpoints] == [2]
    assert not members(process)


def test_a_server_that_died_unnoticed_is_replaced_at_submit(executor: LocalExecutor, tmp_path: Path) -> None:
    carry_out(executor, train_order(tmp_path))
    _kill_server(executor)
    assert carry_out(executor, train_order(tmp_path, run="next")).stop.kind is StopKind.REACHED


def _kill_server(executor: LocalExecutor) -> None:
    os.kill(server_pid(executor), signal.SIGKILL)


# --- workers ---------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_workers_killed_at_random_moments_keep_what_they_had_saved(executor: LocalExecutor, tmp_path: Path) -> None:
    choice = random.Random(5)
    for round_ in range(10):
        # Two seconds' work: on a loaded machine, too, it is killed before its end.
        order = train_order(tmp_path, run=f"r{round_}", stop=40, step_time=0.05, checkpoint_at=tuple(range(1, 40)))
        process = executor.submit(order)
        time.sleep(choice.uniform(0.0, 0.6))
        os.kill(process.pid, signal.SIGKILL)
        outcome = finish(executor, order)[order.id]
        assert outcome.stop.kind is StopKind.LOST and "SIGKILL" in outcome.stop.reason
        saved = [c.step for c in outcome.checkpoints]
        last = saved[-1] if saved else 0
        # The newest two, and a third one if it died before it could delete it.
        assert saved == list(range(max(1, last - len(saved) + 1), last + 1)) and min(last, 2) <= len(saved) <= 3
        assert outcome.stop.step - last in (0, 1)


# --- damage ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [Truncate("metrics"), Flip("metrics"), Truncate("outcome"), Flip("outcome")])
def test_records_that_a_disk_has_damaged_are_not_the_trials_fault(
    executor: LocalExecutor, tmp_path: Path, fault: Fault
) -> None:
    """The trial has reached its end; what it left is damaged before anybody reads it."""
    order = train_order(tmp_path, stop=5, run="runs/run")
    process = executor.submit(order)
    wait_until(lambda: SegmentFiles(order.folder).outcome.exists() and not is_alive(process), 60)
    fault.inject(Scene(tmp_path), random.Random(3))
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.LOST and "damaged" in outcome.stop.reason
    assert [m.step for m in outcome.metrics] == list(range(1, outcome.stop.step + 1))
    assert all(c.step <= outcome.stop.step and verify(c.path) is None for c in outcome.checkpoints)


# --- recovery --------------------------------------------------------------------------------------------------------
def test_kill_leftovers_lets_a_trial_save_and_ends_it(executor: LocalExecutor, tmp_path: Path) -> None:
    order = train_order(tmp_path, stop=40, step_time=0.05)
    process = executor.submit(order)
    wait_until(lambda: read_metrics(order.folder).steps)
    assert read_identity(order.folder) == process
    assert kill_leftovers([process], grace_seconds=3.0) == [process]
    outcome = collect(order.folder, order.checkpoints)
    assert outcome.stop.kind is StopKind.INTERRUPTED
    assert checkpoint_folder(order.checkpoints, outcome.stop.step).is_dir()
    assert kill_leftovers([process]) == []


def test_kill_leftovers_ends_a_hanging_trial_by_force(executor: LocalExecutor, tmp_path: Path) -> None:
    order = train_order(tmp_path, fault="hang_native")
    process = executor.submit(order)
    wait_until(lambda: read_metrics(order.folder).steps)
    kill_leftovers([process], grace_seconds=0.2)
    assert not members(process)
    assert collect(order.folder, order.checkpoints).stop.kind is StopKind.LOST


def test_kill_leftovers_finds_the_children_of_a_worker_that_is_gone(tmp_path: Path) -> None:
    # A fresh worker, without a server that would clean up after it.
    order = train_order(tmp_path, fault="children")
    from_disk = SegmentFiles(order.folder)
    worker = _run_alone(order)
    children = [int(p) for p in from_disk.log.read_text().split("children ")[1].split("\n")[0].split()]
    identities = [row for row in map(read_process, children) if row is not None]
    assert len(identities) == 2 and all(row.state not in "ZX" for row in identities)
    kill_leftovers([worker], grace_seconds=0.0)
    assert not any(is_alive(ProcessIdentity(row.pid, row.started)) for row in identities)


def _run_alone(order: Order) -> ProcessIdentity:
    write_order(order)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-m", "rltune.executors.worker", str(order.folder)], env=environment, check=True)
    identity = read_identity(order.folder)
    assert identity is not None
    return identity


def test_a_recycled_pid_is_never_touched() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as other:
        row = read_process(other.pid)
        assert row is not None
        earlier = ProcessIdentity(other.pid, row.started - 1.0)
        assert kill_leftovers([earlier], grace_seconds=0.0) == []
        assert kill_trials([earlier]) and other.poll() is None
        assert members(ProcessIdentity(other.pid, row.started))
        other.kill()
