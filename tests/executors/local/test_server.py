"""The fork server: what it can't load, what it must not disturb, and how fast it gives a worker."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest

from rltune.errors import ExecutorError
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import SegmentFiles, read_started
from rltune.types import StopKind

from ..orders import TOY, carry_out, server_pid, train_order

BROKEN = """
import subprocess
print("a library that prints while it is imported", flush=True)
class Broken:
    def preload(self): raise RuntimeError("its library is broken")
"""
CHATTY = """
import os, sys
from rltune.testing.toy_trainer import ToyTrainer
class Chatty(ToyTrainer):
    def preload(self): print("chatter", flush=True)
    def train(self, job, reporter):
        print("out", os.environ.get("OMP_NUM_THREADS"), os.environ.get("PYTHONPATH"), flush=True)
        os.system("echo from a child; echo to stderr >&2; wc -c")
        return super().train(job, reporter)
"""
CHEAT = """
from rltune.types import StepMetrics, StopKind, StopReason
class Cheat:
    def preload(self): pass
    def train(self, job, reporter):
        how = job.hyperparameters["how"]
        if how != "silent": reporter.training_starts()
        for step in range(1, 4):
            if how == "skips" and step == 2: continue
            reporter.step(StepMetrics(step, {"reward": 0.5}))
        if how == "short": reporter.checkpoint(3, lambda folder: (folder / "w").write_text("w"))
        if how == "early": reporter.checkpoint(2, lambda folder: None)
        return StopReason(StopKind.REACHED, job.stop_step, "done")
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that this process can import from, as a user's script folder is."""
    for name, text in (("broken_trainer", BROKEN), ("chatty_trainer", CHATTY), ("cheating_trainer", CHEAT)):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_trainer_that_cannot_be_loaded_is_an_error_with_its_cause(modules: Path, tmp_path: Path) -> None:
    executor = LocalExecutor(trainers=("broken_trainer:Broken",))
    executor.open()
    with pytest.raises(ExecutorError, match="its library is broken"):
        executor.submit(train_order(tmp_path))
    executor.close()


def test_an_unknown_trainer_is_an_error_with_the_known_names(tmp_path: Path) -> None:
    executor = LocalExecutor(trainers=("trll",))
    executor.open()
    with pytest.raises(ExecutorError, match=r"'trll'.*trl"):
        executor.submit(train_order(tmp_path))
    executor.close()


def test_what_trials_print_goes_to_their_log_alone(
    modules: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/the/users/own")
    executor = LocalExecutor(trainers=("chatty_trainer:Chatty",))
    executor.open()
    order = train_order(tmp_path, trainer="chatty_trainer:Chatty")
    assert carry_out(executor, order).stop.kind is StopKind.REACHED
    executor.close()
    log = SegmentFiles(order.folder).log.read_text().splitlines()
    assert log == ["out 1 /the/users/own", "from a child", "to stderr", "0"], "threads, environment, empty input"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("skips", "expected step 2"),
        ("short", "its last step was 3"),
        ("early", "expected a checkpoint of step 3"),
        ("silent", "before it said that training starts"),
    ],
)
def test_a_trainer_that_breaks_its_contract_is_found_out(modules: Path, tmp_path: Path, how: str, words: str) -> None:
    executor = LocalExecutor(trainers=())
    executor.open()
    outcome = carry_out(executor, train_order(tmp_path, trainer="cheating_trainer:Cheat", how=how))
    executor.close()
    assert outcome.stop.kind is StopKind.FAILED and words in outcome.stop.reason


def test_reached_without_a_checkpoint_is_a_failure(modules: Path, tmp_path: Path) -> None:
    executor = LocalExecutor(trainers=())
    executor.open()
    outcome = carry_out(executor, train_order(tmp_path, trainer="cheating_trainer:Cheat", stop=3, how="no checkpoint"))
    executor.close()
    assert outcome.stop.kind is StopKind.FAILED and "without a checkpoint" in outcome.stop.reason


def test_a_worker_begins_within_milliseconds(tmp_path: Path) -> None:
    executor = LocalExecutor(trainers=(TOY,))
    executor.open()
    carry_out(executor, train_order(tmp_path))
    waits = []
    for _ in range(5):
        order = train_order(tmp_path)
        given = time.time()
        carry_out(executor, order)
        started = read_started(order.folder)
        assert started is not None
        waits.append(started[1] - given)
    executor.close()
    assert statistics.median(waits) < 0.5


@pytest.mark.slow
def test_close_leaves_no_process_and_no_open_pipe(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = descriptors()
    for _ in range(3):
        executor = LocalExecutor(trainers=(TOY,))
        executor.open()
        carry_out(executor, train_order(tmp_path))
        server = server_pid(executor)
        executor.close()
        assert executor._server is None and not Path(f"/proc/{server}").exists()
    assert descriptors() == before
