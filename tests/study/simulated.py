"""Small whole studies on a simulated cluster: the real loop and store, simulated trials and time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rltune.executors.base import Order, Outcome
from rltune.optimizers.build import build_optimizer
from rltune.store.open import create_study
from rltune.store.sql import SqlStudyStore
from rltune.study.closing import Final, Test
from rltune.study.estimates import Estimates
from rltune.study.guide import Guide
from rltune.study.loop import StudyLoop
from rltune.study.observer import Observer, Silent
from rltune.study.orders import Workshop
from rltune.study.phases import Confirm, Prepare
from rltune.study.plan import PlanTerms
from rltune.study.search import Search
from rltune.study.usage import Idle
from rltune.testing.simulated_cluster import Course, SimulatedClock, SimulatedExecutor
from rltune.testing.surfaces import LARGE, SMALL, GrpoSurface
from rltune.trainers.base import Scoring, TrainJob
from rltune.types import Cost, StepMetrics, StopKind, StopReason

PROXY, TARGET = SMALL.name, LARGE.name


@dataclass(frozen=True)
class EvenTrials:
    """Trials whose steps take the same on a model; `starting` seconds before the first, none for validations."""

    step_seconds: Mapping[str, float]
    starting: float = 0.0

    def course(self, order: Order) -> Course:
        cost = Cost(start_seconds=self.starting)
        if not isinstance(order.job, TrainJob):
            stop = StopReason(StopKind.REACHED, 0, "scored")
            return Course((), self.starting + 1.0, Outcome(stop, cost, scores={"mean": 0.1}))
        each, steps = self.step_seconds[order.job.model], []
        for step in range(order.job.start_step + 1, order.job.stop_step + 1):
            values = {"reward": 0.5 - 0.1 / step, "step_seconds": each}
            if step in order.job.validate_at:
                rate = math.log10(float(order.job.hyperparameters["learning_rate"]))
                values["score/mean"] = max(0.0, 0.8 - 0.1 * abs(rate + 5.0))
            steps.append((self.starting + (step - order.job.start_step) * each, StepMetrics(step, values)))
        cost += Cost(train_seconds=len(steps) * each)
        stop = StopReason(StopKind.REACHED, order.job.stop_step, "reached")
        return Course(tuple(steps), steps[-1][0], Outcome(stop, cost))


@dataclass
class Simulated:
    """A study and what it runs on."""

    store: SqlStudyStore
    loop: StudyLoop
    terms: PlanTerms
    clock: SimulatedClock

    def usage(self) -> dict[str, dict[str, float]]:
        found = self.store.study().facts["usage"]
        assert isinstance(found, dict)
        return found

    def idle(self, phase: str, cause: Idle) -> float:
        return self.usage()[phase].get(cause.value, 0.0)


@dataclass(frozen=True)
class Setting:
    """What is simulated. Nothing takes the controller any time."""

    trials: EvenTrials = field(default_factory=lambda: EvenTrials({PROXY: 1.0, TARGET: 2.0}))
    budget: float = 600.0
    gpu_seconds: float = math.inf
    search: float = 0.5
    most: int | None = None
    slots: int = 4
    gpus: int | None = None
    shares: Mapping[str, int] = field(default_factory=dict)
    optimizer: str = "random"
    stop_requested: Callable[[], bool] = lambda: False
    observer: Observer = field(default_factory=Silent)

    def build(self, folder: Path, store: SqlStudyStore | None = None) -> Simulated:
        clock = SimulatedClock(work=lambda: 0.0)
        problem = replace(GrpoSurface().problem(0, (SMALL,), LARGE), rungs=(10, 20, 40))
        models = [m.name for m in problem.models]
        terms = PlanTerms(
            self.budget, self.search, self.most, self.slots, (PROXY,), TARGET, problem.rungs, confirm=2, seeds=2,
            gpus=self.shares, there=self.gpus or 0, gpu_seconds=self.gpu_seconds,
        )  # fmt: skip
        guide, estimates = (
            Guide(problem, lambda p: build_optimizer(self.optimizer, p, {})),
            Estimates(problem, problem.recipe),
        )
        scoring = Scoring(16, 1)
        workshop = Workshop(
            folder, "trl", {name: name for name in models}, "arithmetic/easy", {}, {}, {}, problem.rungs,
            scoring, scoring, (), (), 40, 0, 1, target=TARGET, gpus=self.shares,
        )  # fmt: skip
        store = store or create_study(folder, "simulated", {"budget": {"time": self.budget}}, clock=clock)
        loop = StudyLoop(
            store=store,
            executor=SimulatedExecutor(self.trials, clock, self.slots, self.gpus),
            workshop=workshop,
            phases=(
                Prepare(models),
                Search(guide, terms, estimates),
                Confirm(problem, problem.recipe, guide, terms),
                Final(problem, problem.recipe),
                Test(problem, problem.recipe),
            ),
            estimates=estimates,
            budget=terms.limits,
            resources=terms.resources,
            clock=clock,
            observer=self.observer,
            stop_requested=self.stop_requested,
            poll_seconds=1e5,
        )
        return Simulated(store, loop, terms, clock)
