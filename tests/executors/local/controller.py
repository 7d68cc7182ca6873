"""A controller to be killed: `python controller.py ROOT GRACE SLOTS SETTING=VALUE...` submits endless toy trials."""

from __future__ import annotations

import sys
from pathlib import Path

from executors.orders import TOY, train_order
from rltune.executors.base import Ended
from rltune.executors.local.executor import LocalExecutor


def main() -> None:
    root, grace, slots = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    settings = dict(part.split("=") for part in sys.argv[4:])
    executor = LocalExecutor(slots=slots, trainers=(TOY,), grace_seconds=grace)
    executor.open()
    count = free = 0
    while True:
        while free < slots:
            values = {k: v if k == "fault" else float(v) for k, v in settings.items()}
            order = train_order(root, run=f"run{count}", stop=30, checkpoint_at=(2, 4, 6), **values)
            process = executor.submit(order)
            print(process.pid, process.started, flush=True)
            count, free = count + 1, free + 1
        free -= sum(isinstance(event, Ended) for event in executor.poll(0.1))


if __name__ == "__main__":
    main()
