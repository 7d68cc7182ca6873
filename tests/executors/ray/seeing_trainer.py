"""A trainer that tells which GPUs its trial is shown."""

from __future__ import annotations

import os

from rltune.testing.toy_trainer import ToyTrainer
from rltune.trainers.base import Reporter, TrainJob
from rltune.types import StopReason


class SeeingTrainer(ToyTrainer):
    def train(self, job: TrainJob, reporter: Reporter) -> StopReason:
        print("sees", repr(os.environ.get("CUDA_VISIBLE_DEVICES")), flush=True)
        return super().train(job, reporter)
