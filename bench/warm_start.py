"""Warm start: seconds from giving an order to its first training step, forked worker against fresh interpreter.

    python bench/warm_start.py [--pairs 10] [--model embedded/xs] [--trainer trl]

Both do the same order, with the same trainer, one after the other in turn, so that load on the machine hits both alike.
`to first step` ends when the trainer says that everything is loaded and its first step begins.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rltune.executors.base import Ended, Limits, Order
from rltune.executors.local.executor import LocalExecutor
from rltune.executors.records import collect, read_started, write_order
from rltune.models.inspect import describe_model
from rltune.trainers.base import Scoring, TrainJob
from rltune.types import StopKind

GOAL = 10.0


def make_order(root: Path, name: str, model: str, trainer: str) -> Order:
    """One rollout step of GRPO on the easy arithmetic task."""
    job = TrainJob(
        model=model,
        task="arithmetic/easy",
        hyperparameters={"learning_rate": 1e-4, "rollouts": 4, "prompts_per_step": 8},
        horizon=20,
        stop_step=1,
        seed=1,
        validation=Scoring(8, 1),
        device="cpu",
    )
    return Order(name, root / name, root / f"{name}-checkpoints", trainer, job, limits=Limits(seconds=300.0))


def forked(executor: LocalExecutor, order: Order) -> float:
    """Seconds to the first step in a worker forked from the warm server."""
    given = time.time()
    executor.submit(order)
    while not any(isinstance(event, Ended) for event in executor.poll(1.0)):
        pass
    return _seconds_to_first_step(order, given)


def fresh(order: Order) -> float:
    """Seconds to the first step in a new interpreter."""
    write_order(order)
    given = time.time()
    subprocess.run(
        [sys.executable, "-m", "rltune.executors.worker", str(order.folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        check=True,
    )
    return _seconds_to_first_step(order, given)


def _seconds_to_first_step(order: Order, given: float) -> float:
    outcome = collect(order.folder, order.checkpoints)
    started = read_started(order.folder)
    if outcome.stop.kind is not StopKind.REACHED or started is None:
        sys.exit(f"the trial did not train: {outcome.stop.reason}\n{outcome.log_tail}")
    return started[1] - given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--model", default="embedded/xs")
    parser.add_argument("--trainer", default="trl")
    arguments = parser.parse_args()
    model = str(describe_model(arguments.model).path or arguments.model)
    warm, cold = [], []
    with tempfile.TemporaryDirectory() as folder:
        executor = LocalExecutor(slots=1, trainers=(arguments.trainer,))
        executor.open()
        try:
            # The first one finds disk caches cold and is left out.
            for number in range(-1, arguments.pairs):
                names = (f"forked{number}", f"fresh{number}")
                a = forked(executor, make_order(Path(folder), names[0], model, arguments.trainer))
                b = fresh(make_order(Path(folder), names[1], model, arguments.trainer))
                if number >= 0:
                    warm.append(a)
                    cold.append(b)
                    print(f"pair {number + 1:2d}: forked {a:6.3f} s   fresh {b:6.3f} s", flush=True)
        finally:
            executor.close()
    ratio = statistics.median(cold) / statistics.median(warm)
    print(f"\nseconds from order to first training step, median of {arguments.pairs} pairs ({arguments.model})")
    print(f"forked worker      {statistics.median(warm):7.3f} s   ({min(warm):.3f} to {max(warm):.3f})")
    print(f"fresh interpreter  {statistics.median(cold):7.3f} s   ({min(cold):.3f} to {max(cold):.3f})")
    print(f"ratio              {ratio:7.1f}     (goal: at least {GOAL:g})")


if __name__ == "__main__":
    main()
