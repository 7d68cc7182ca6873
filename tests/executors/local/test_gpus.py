"""GPUs: which there are, how many trials they take, and that a trial sees the one that it was given."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltune.errors import ExecutorError
from rltune.executors.local import gpus as module
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.local.gpus import VISIBLE_DEVICES, free_gpus, gpu_for, listed_gpus, slots_for, visible_gpus
from rltune.executors.records import SegmentFiles

from ..orders import carry_out, finish, train_order

SEEING = """
import os
from rltune.testing.toy_trainer import ToyTrainer
class Seeing(ToyTrainer):
    def train(self, job, reporter):
        print("sees", repr(os.environ.get("CUDA_VISIBLE_DEVICES")), flush=True)
        return super().train(job, reporter)
"""
TRAINER = "seeing_trainer:Seeing"


@pytest.fixture
def seeing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a trainer importable that tells what it sees."""
    (tmp_path / "seeing_trainer.py").write_text(SEEING)
    monkeypatch.syspath_prepend(str(tmp_path))


# --- which there are -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", ()),
        ("0", ("0",)),
        (" 2, 5 ", ("2", "5")),
        ("GPU-8932f937,MIG-GPU-8932f937/1/2", ("GPU-8932f937", "MIG-GPU-8932f937/1/2")),
        ("0,-1,1", ("0",)),
        ("NoDevFiles", ()),
        ("3,3", ("3",)),
    ],
)
def test_listed_gpus(value: str, found: tuple[str, ...]) -> None:
    assert listed_gpus(value) == found
    assert visible_gpus({VISIBLE_DEVICES: value}) == found


def test_unlisted_gpus_are_counted_by_the_drivers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("0000:01:00.0", "0000:41:00.0"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(module, "_DRIVER_FOLDER", tmp_path)
    assert visible_gpus({}) == ("0", "1")


def test_without_that_folder_nvidia_smi_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DRIVER_FOLDER", tmp_path / "none")
    told = "GPU 0: NVIDIA A100 (UUID: GPU-1)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\nGPU 1: NVIDIA A100 (UUID: GPU-2)\n"
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{told}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert visible_gpus({}) == ("0", "1")
    program.write_text("#!/bin/sh\necho 'GPU 0: half a word'\nexit 9\n")
    assert visible_gpus({}) == ()
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus({}) == ()


def test_an_nvidia_smi_that_hangs_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(module, "_DRIVER_FOLDER", tmp_path / "none")
    monkeypatch.setattr("subprocess.run", hang)
    assert visible_gpus({}) == ()


# --- how they are given ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("device", "gpus", "threads", "slots"),
    [
        ("cpu", (), 1, 8),
        ("cpu", (), 3, 2),
        ("cpu", (), 100, 1),
        ("auto", (), 2, 4),
        ("auto", ("0", "1"), 1, 2),
        ("cuda", ("0", "1", "2"), 4, 3),
        ("cuda", (), 1, 1),
    ],
)
def test_slots_by_default(device: str, gpus: tuple[str, ...], threads: int, slots: int) -> None:
    assert slots_for(device, gpus, cores=8, threads=threads) == slots


def test_gpus_are_given_in_order_and_a_free_one_first() -> None:
    gpus = ("0", "1", "2")
    assert gpu_for(gpus, []) == "0"
    assert gpu_for(gpus, ["0", "2"]) == "1"
    assert gpu_for(gpus, ["0", "1", "2"]) == "0"
    assert gpu_for((), []) is None


@given(st.integers(1, 5), st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=60))
def test_a_new_trial_never_joins_a_fuller_gpu(count: int, course: list[int | None]) -> None:
    """None: a trial begins; a number: one of those in flight ends."""
    gpus = tuple(map(str, range(count)))
    busy: list[str] = []
    for event in course:
        if event is None:
            chosen = gpu_for(gpus, busy)
            assert chosen is not None
            load = Counter(busy)
            assert load[chosen] == min(load[gpu] for gpu in gpus)
            busy.append(chosen)
        elif busy:
            busy.pop(event % len(busy))


@pytest.mark.parametrize(("gpus", "share", "slots"), [(8, 8, 1), (8, 3, 2), (8, 1, 8), (1, 8, 1)])
def test_slots_of_a_share(gpus: int, share: int, slots: int) -> None:
    assert slots_for("auto", tuple(map(str, range(gpus))), cores=64, threads=1, share=share) == slots


@given(st.integers(1, 8), st.lists(st.integers(-3, 8), max_size=40))
def test_trials_with_a_share_never_meet(count: int, course: list[int]) -> None:
    """Above 0: a trial that wants so many begins, if they are free; else one of those in flight ends."""
    gpus = tuple(map(str, range(count)))
    taken: list[tuple[str, ...]] = []
    for event in course:
        free = free_gpus(gpus, taken)
        if 0 < event <= len(free):
            taken.append(free[:event])
        elif event <= 0 and taken:
            taken.pop(event % len(taken))
        held = [gpu for own in taken for gpu in own]
        assert len(set(held)) == len(held) and len(held) + len(free_gpus(gpus, taken)) == count


def see(executor: LocalExecutor, root: Path, count: int) -> list[str]:
    """What `count` trials at once see."""
    orders = [train_order(root, trainer=TRAINER, run=f"r{i}", step_time=0.05, stop=3) for i in range(count)]
    for order in orders:
        executor.submit(order)
    finish(executor, *orders)
    return [SegmentFiles(order.folder).log.read_text().splitlines()[0] for order in orders]


def test_each_trial_sees_one_gpu_of_its_own(seeing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE_DEVICES, "4,7")
    executor = LocalExecutor(trainers=(TRAINER,))
    executor.open()
    assert executor.slots == 2
    assert see(executor, tmp_path / "first", 2) == ["sees '4'", "sees '7'"]
    assert see(executor, tmp_path / "again", 1) == ["sees '4'"]
    executor.close()


def test_more_slots_than_gpus_share_them(seeing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE_DEVICES, "4,7")
    executor = LocalExecutor(trainers=(TRAINER,), slots=3, device="cuda")
    executor.open()
    assert see(executor, tmp_path, 3) == ["sees '4'", "sees '7'", "sees '4'"]
    executor.close()


def test_on_the_cpu_a_trial_sees_no_gpu(seeing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE_DEVICES, "4,7")
    executor = LocalExecutor(trainers=(TRAINER,), device="cpu", slots=1)
    executor.open()
    assert see(executor, tmp_path, 1) == ["sees ''"]
    executor.close()


def test_without_gpus_the_environment_stays_as_it_is(
    seeing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VISIBLE_DEVICES, raising=False)
    monkeypatch.setattr("rltune.executors.local.executor.visible_gpus", lambda environment: ())
    executor = LocalExecutor(trainers=(TRAINER,), slots=1)
    executor.open()
    order = train_order(tmp_path, trainer=TRAINER)
    carry_out(executor, order)
    executor.close()
    assert SegmentFiles(order.folder).log.read_text().splitlines()[0] == "sees None"


def test_trials_with_shares_have_gpus_of_their_own_and_wait_for_them(
    seeing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VISIBLE_DEVICES, "2,3,5,7")
    executor = LocalExecutor(trainers=(TRAINER,))
    executor.open()
    assert executor.slots == 4 and executor.has_room(4) and not executor.has_room(5)
    orders = [
        replace(train_order(tmp_path, trainer=TRAINER, run=f"r{n}", step_time=0.05, stop=3), gpus=n) for n in (3, 1, 2)
    ]
    executor.submit(orders[0])
    assert executor.has_room(1) and not executor.has_room(2)
    with pytest.raises(ExecutorError, match="needs 2 of the 4 GPUs, and 1 are free"):
        executor.submit(orders[2])
    executor.submit(orders[1])
    finish(executor, *orders[:2])
    assert executor.has_room(4)
    carry_out(executor, orders[2])
    executor.close()
    seen = [SegmentFiles(order.folder).log.read_text().splitlines()[0] for order in orders]
    assert seen == ["sees '2,3,5'", "sees '7'", "sees '2,3'"]


def test_without_gpus_a_share_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltune.executors.local.executor.visible_gpus", lambda environment: ())
    executor = LocalExecutor(slots=1, trainers=())
    assert executor.has_room(8)
    executor.open()
    carry_out(executor, replace(train_order(tmp_path), gpus=8))
    executor.close()
