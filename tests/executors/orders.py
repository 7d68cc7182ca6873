"""Orders for the toy trainer, and small helpers to drive an executor."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

from rltune.executors.base import Ended, Executor, Limits, Order, Outcome, ProcessIdentity, Stepped
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import read_identity
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.types import Scalar, StepMetrics

TOY = "rltune.testing.toy_trainer:ToyTrainer"
HORIZON = 40
_COUNT = itertools.count()


def train_order(
    root: Path,
    *,
    stop: int = 5,
    start: int = 0,
    resume: Path | None = None,
    run: str = "run",
    trainer: str = TOY,
    rules: tuple[dict[str, object], ...] = (),
    limits: Limits | None = None,
    earlier: tuple[StepMetrics, ...] = (),
    checkpoint_at: tuple[int, ...] = (),
    **settings: Scalar,
) -> Order:
    """An order with a new id and segment folder below `root`."""
    number = next(_COUNT)
    job = TrainJob(
        model="none",
        task="none",
        hyperparameters=settings,
        horizon=HORIZON,
        start_step=start,
        resume_from=str(resume) if resume else None,
        stop_step=stop,
        seed=7,
        validation=Scoring(4, 2),
        validate_at=(stop,),
        checkpoint_at=checkpoint_at,
    )
    folder = root / run / "segments" / f"{number:03d}"
    return Order(
        f"order-{number}", folder, root / run / "checkpoints", trainer, job, rules, limits or Limits(), earlier
    )


def score_order(root: Path, checkpoint: Path | None, *, limits: Limits | None = None, **settings: Scalar) -> Order:
    number = next(_COUNT)
    job = ScoreJob(
        "none", str(checkpoint) if checkpoint else None, "none", "test", Scoring(4, 2), 7, hyperparameters=settings
    )
    folder = root / f"score-{number}"
    return Order(f"order-{number}", folder, root / "none", TOY, job, limits=limits or Limits())


def finish(executor: Executor, *orders: Order, seconds: float = 60.0) -> dict[str, Outcome]:
    """Polls until these orders have ended; checks that each does so once, and steps come in order before it."""
    wanted = {order.id for order in orders}
    steps: dict[str, list[StepMetrics]] = {}
    outcomes: dict[str, Outcome] = {}
    deadline = time.monotonic() + seconds
    while wanted - outcomes.keys():
        assert time.monotonic() < deadline, f"no end of {wanted - outcomes.keys()}"
        for event in executor.poll(0.2):
            assert event.order_id not in outcomes, "an event after the end"
            if isinstance(event, Stepped):
                steps.setdefault(event.order_id, []).append(event.metrics)
            elif isinstance(event, Ended):
                outcomes[event.order_id] = event.outcome
                seen = [m.step for m in steps.get(event.order_id, [])]
                assert seen == [m.step for m in event.outcome.metrics], "each step is told once, before the end"
    return outcomes


def carry_out(executor: Executor, order: Order) -> Outcome:
    """Submits an order and waits for its end."""
    executor.submit(order)
    return finish(executor, order)[order.id]


def server_pid(executor: LocalExecutor) -> int:
    """The process of an executor's fork server."""
    assert executor._server is not None
    return executor._server.pid


def started(executor: Executor, order: Order) -> ProcessIdentity:
    """Submits an order and waits until a process works on it."""
    executor.submit(order)
    wait_until(lambda: read_identity(order.folder), 60.0)
    identity = read_identity(order.folder)
    assert identity is not None
    return identity


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Waits for a condition; fails if it doesn't come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
