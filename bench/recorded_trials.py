"""Trials of recorded runs, for simulated clusters: the curve of the nearest recorded run, at a scaled cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arena import World, stopped_at
from rltune.executors.base import Order, Outcome
from rltune.testing.simulated_cluster import Course
from rltune.trainers.base import ScoreJob, TrainJob
from rltune.types import Configuration, Cost, StepMetrics, StopKind, StopReason

SCORE = "score/mean"


@dataclass
class RecordedTrials:
    """Implements `rltune.testing.simulated_cluster.Trials`.

    A configuration trains as the recorded run of its model whose unit values are nearest, with the seconds that its own
    number of rollouts takes; runs that the default rules end, end at that step.

    Attributes:
        scale: simulated seconds for each recorded one. start: seconds until a trial's first step.
    """

    world: World
    scale: float
    start: float

    def __post_init__(self) -> None:
        self._stops: dict[tuple[str, int], int | None] = {}

    def course(self, order: Order) -> Course:
        return self._train(order.job) if isinstance(order.job, TrainJob) else self._score(order.job)

    def _train(self, job: TrainJob) -> Course:
        size, table = job.model, self.world.tables[job.model]
        values = {name: job.hyperparameters[name] for name in self.world.space.names}
        configuration = Configuration(values)
        unit = self.world.units([configuration], size)
        nearest = int(np.argmin(((table.units - unit) ** 2).sum(1)))
        recorded = table.runs[nearest]
        if (size, nearest) not in self._stops:
            self._stops[size, nearest] = stopped_at(recorded)
        died = self._stops[size, nearest]
        end = job.stop_step if died is None else min(job.stop_step, max(died, job.start_step + 1))
        first = self.world.seconds(configuration, size, 0, 1).train_seconds * self.scale
        validation = self.world.costs[size][2] * self.scale
        when, steps, cost = self.start, [], Cost(start_seconds=self.start)
        for metrics in recorded.curve[job.start_step : end]:
            validated = metrics.step in job.validate_at
            cost += Cost(first, validation if validated else 0.0)
            when += first + (validation if validated else 0.0)
            kept = {k: v for k, v in metrics.values.items() if validated or not k.startswith("score/")}
            kept |= {"step_seconds": first} | ({"validate_seconds": validation} if validated else {})
            steps.append((when, StepMetrics(metrics.step, kept)))
        reached = StopReason(StopKind.REACHED, end, f"step {end} reached")
        ruled = StopReason(StopKind.RULE, end, "as the recorded run", rule="recorded")
        return Course(tuple(steps), when, Outcome(reached if end == job.stop_step else ruled, cost))

    def _score(self, job: ScoreJob) -> Course:
        seconds = self.world.costs[job.model][2] * self.scale
        stop = StopReason(StopKind.REACHED, 0, "scored")
        cost = Cost(0.0, seconds, self.start)
        scores = {"mean": self.world.tables[job.model].base, "greedy": self.world.tables[job.model].base}
        return Course((), self.start + seconds, Outcome(stop, cost, scores=scores))
