"""The real trainer through the real executor: what is continued in another process is what was never stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rltune.errors import ModelError
from rltune.executors.base import Depot, Limits, Order, Outcome
from rltune.executors.local.executor import LocalExecutor
from rltune.models.inspect import describe_model
from rltune.store import storage
from rltune.store.remote import fetch
from rltune.trainers.base import Scoring, TrainJob
from rltune.types import Scalar, StopKind

from ..orders import carry_out, finish, server_pid, wait_until

pytestmark = pytest.mark.slow
WEIGHTS = "model.safetensors"
HORIZON = 12


@pytest.fixture(scope="module")
def model() -> str:
    try:
        return str(describe_model("embedded/xs").path)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    made = LocalExecutor(slots=1, trainers=("trl",), grace_seconds=20.0)
    made.open()
    yield made
    made.close()


def order_of(root: Path, model: str, start: int, stop: int, **hyperparameters: Scalar) -> Order:
    """A segment of the run in `root`."""
    resume = root / "checkpoints" / f"step-{start:06d}"
    job = TrainJob(
        model=model,
        task="arithmetic/easy",
        task_options={"train_size": 20},  # 8 prompts a step: an epoch ends within every third step
        hyperparameters={"learning_rate": 3e-4, "rollouts": 4, "prompts_per_step": 8, **hyperparameters},
        horizon=HORIZON,
        start_step=start,
        resume_from=str(resume) if start else None,
        stop_step=stop,
        seed=3,
        validation=Scoring(8, 2),
        validate_at=(stop,),
        device="cpu",
    )
    folder = root / f"{start}-{stop}"
    return Order(f"{root.name}/{start}-{stop}", folder, root / "checkpoints", "trl", job, limits=Limits(seconds=120.0))


def weights_after(executor: LocalExecutor, root: Path, model: str, stops: tuple[int, ...], **given: Scalar) -> str:
    """The hash of the weights after segments that end at `stops`."""
    start, outcome = 0, None
    for stop in stops:
        outcome = carry_out(executor, order_of(root, model, start, stop, **given))
        assert outcome.stop.kind is StopKind.REACHED, outcome.stop.reason + outcome.log_tail
        assert [m.step for m in outcome.metrics] == list(range(start + 1, stop + 1))
        start = stop
    assert isinstance(outcome, Outcome)
    return hashlib.sha256((outcome.checkpoints[-1].path / WEIGHTS).read_bytes()).hexdigest()


@pytest.mark.parametrize("kl_coef", [0.0, 0.01], ids=["no KL", "KL"])
@pytest.mark.parametrize("lr_scheduler", ["constant", "cosine"])
@pytest.mark.parametrize("updates_per_step", [1, 4])
def test_resuming_in_new_processes_is_exact(
    executor: LocalExecutor, tmp_path: Path, model: str, updates_per_step: int, lr_scheduler: str, kl_coef: float
) -> None:
    given: dict[str, Scalar] = {
        "updates_per_step": updates_per_step,
        "lr_scheduler": lr_scheduler,
        "kl_coef": kl_coef,
    }
    straight = weights_after(executor, tmp_path / "straight", model, (12,), **given)
    assert weights_after(executor, tmp_path / "halves", model, (6, 12), **given) == straight
    assert weights_after(executor, tmp_path / "thirds", model, (5, 6, 12), **given) == straight


def test_resuming_from_object_storage_is_exact(executor: LocalExecutor, tmp_path: Path, model: str) -> None:
    straight = weights_after(executor, tmp_path / "straight", model, (4,))
    storage.mark(f"file://{tmp_path}/bucket", "kept here")
    for start, stop in ((0, 2), (2, 4)):
        depot = Depot(f"file://{tmp_path}/bucket/parts", str(tmp_path / f"disk-{start}"))
        outcome = carry_out(executor, replace(order_of(tmp_path / "parts", model, start, stop), depot=depot))
        assert outcome.stop.kind is StopKind.REACHED, outcome.stop.reason + outcome.log_tail
    fetch(outcome.checkpoints[-1].path, tmp_path / "back")
    assert hashlib.sha256((tmp_path / "back" / WEIGHTS).read_bytes()).hexdigest() == straight


def test_a_stopped_run_goes_on_exactly(executor: LocalExecutor, tmp_path: Path, model: str) -> None:
    straight = weights_after(executor, tmp_path / "straight", model, (12,))
    order = order_of(tmp_path / "stopped", model, 0, 12)
    executor.submit(order)
    wait_until(
        lambda: (order.folder / "metrics.jsonl").exists() and (order.folder / "metrics.jsonl").stat().st_size, 60
    )
    executor.stop(order.id)
    outcome = finish(executor, order)[order.id]
    assert outcome.stop.kind is StopKind.INTERRUPTED and 0 < outcome.stop.step < 12
    rest = carry_out(executor, order_of(tmp_path / "stopped", model, outcome.stop.step, 12))
    assert hashlib.sha256((rest.checkpoints[-1].path / WEIGHTS).read_bytes()).hexdigest() == straight


def test_an_absurd_learning_rate_is_a_divergence_not_a_crash(
    executor: LocalExecutor, tmp_path: Path, model: str
) -> None:
    outcome = carry_out(executor, order_of(tmp_path, model, 0, 12, learning_rate=1e30, grad_clip=1e30))
    assert outcome.stop.kind is StopKind.DIVERGED, outcome.stop.reason


def test_the_server_stays_single_threaded(executor: LocalExecutor, tmp_path: Path, model: str) -> None:
    carry_out(executor, order_of(tmp_path, model, 0, 1))
    server = server_pid(executor)
    assert os.listdir(f"/proc/{server}/task") == [str(server)]
