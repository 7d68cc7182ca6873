"""A trainer whose trial uses Ray as verl does: a plain `ray.init()`, then a placement group of all that there is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from rltune.testing.toy_trainer import ToyTrainer
from rltune.trainers.base import Reporter, TrainJob
from rltune.types import Scalar, StopReason

PROGRAM = """
import json, os, sys
import ray
from ray.exceptions import GetTimeoutError
from ray.util.placement_group import placement_group

if not ray.is_initialized():  # as in verl.trainer.main_ppo
    ray.init(num_cpus=None if os.environ.get("RAY_ADDRESS") != "local" else 2, include_dashboard=False)
group = placement_group([{"CPU": 2}])
try:
    ray.get(group.ready(), timeout=float(sys.argv[1]))
    placed = True
except GetTimeoutError:
    placed = False
print("told", json.dumps({"placed": placed, "gcs": ray.get_runtime_context().gcs_address}), flush=True)
if len(sys.argv) > 2:
    os.kill(os.getpid(), 9)  # a crash, with its Ray still running
"""


class RayUsingTrainer(ToyTrainer):
    """Trains nothing; `step_time` is the longest wait for the placement group, `fault` a crash after it."""

    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        settings: Mapping[str, Scalar] = job.hyperparameters
        command = [sys.executable, "-c", PROGRAM, str(settings["wait"]), *(["crash"] if "crash" in settings else [])]
        subprocess.run(command, check="crash" not in settings)
        return super().train(job, reporter)


def told(log: str) -> dict[str, object]:
    """What the program printed into the trial's log."""
    return json.loads(next(line for line in log.splitlines() if line.startswith("told "))[len("told ") :])
