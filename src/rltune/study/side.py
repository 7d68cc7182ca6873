"""Work beside training: timing a model, scoring a base model or a final run. It leaves no run in the registry."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict

from rltune.clock import Clock
from rltune.executors.base import Order, Outcome
from rltune.faults.attribute import attribute
from rltune.faults.base import Fault
from rltune.store.base import ScoreRecord, StudyStore
from rltune.store.registry import newest_intact
from rltune.study.fitting import Fitting
from rltune.study.orders import Workshop
from rltune.study.results import timing_of
from rltune.study.retries import OTHER_TRIES, TRIES, wait_seconds
from rltune.study.work import Resting, Score, Timing
from rltune.tasks.ood import split_of
from rltune.types import SAYS_NOTHING, Configuration, StopKind

SideWork = Score | Timing


class Side:
    """Makes the orders and records how they ended.

    Args:
        recipe: what timing runs train.

    Attributes:
        failed: work that has failed, with the reason. waits: what was lost, and until when it waits.
    """

    def __init__(
        self, store: StudyStore, workshop: Workshop, recipe: Configuration, fitting: Fitting, clock: Clock
    ) -> None:
        self.store = store
        self.workshop = workshop
        self.recipe = recipe
        self.fitting = fitting
        self.clock = clock
        self.failed: dict[SideWork, str] = {}
        self.waits: dict[Resting, float] = {}
        self._losses: dict[SideWork, int] = {}

    def order(self, work: SideWork) -> Order | None:
        """The order for it; None if it needs a checkpoint that isn't intact any more."""
        level = self.fitting.level(work.model)
        if isinstance(work, Timing):
            return self.workshop.timing_order(work, self.recipe, level)
        if work.configuration is None:
            return self.workshop.score_order(work, None, level)
        run = self.store.run(work.configuration, work.model, work.seed)
        checkpoint = newest_intact(self.store, run.id, at_most=self.workshop.horizon, weights=True)
        if checkpoint is None or checkpoint.step != self.workshop.horizon:
            return None
        answers = self.workshop.answers_file(run, work) if work.split == "test" else None
        return self.workshop.score_order(work, checkpoint, level, answers)

    def ended(self, work: SideWork, order: Order, outcome: Outcome) -> None:
        """Records a result or a failure; neither, if a phase has to ask for it again."""
        kind = outcome.stop.kind
        tries = OTHER_TRIES
        if kind is StopKind.LOST:
            lost = self._losses[work] = self._losses.get(work, 0) + 1
            self.waits[work] = self.clock.now() + wait_seconds(lost, self.workshop.retry_seconds)
            found = attribute(outcome.stop, outcome.log_tail)
            if found is not None:
                # Nothing has been spent yet on what a broken study would only repeat.
                tries = 1 if found.fault is Fault.STUDY else TRIES.get(found.cause, OTHER_TRIES)
        if kind is StopKind.OUT_OF_MEMORY:
            again = self.fitting.lower(work.model, order.job.memory_level)
        else:
            again = kind in SAYS_NOTHING and self._losses.get(work, 0) < tries
        if again:
            shutil.rmtree(order.folder, ignore_errors=True)
            return  # a phase still misses it and asks again
        if kind is not StopKind.REACHED:
            self.failed[work] = outcome.stop.reason
            return
        shutil.rmtree(order.folder, ignore_errors=True)
        if isinstance(work, Timing):
            self._keep_timing(work, outcome, order.job.memory_level)
        else:
            self._keep_score(work, outcome)

    def _keep_timing(self, work: Timing, outcome: Outcome, level: int) -> None:
        known = self.store.study().facts.get("timings")
        timings = known if isinstance(known, Mapping) else {}
        self.fitting.got_through(work.model, level)
        self.store.set_fact("timings", {**timings, work.model: asdict(timing_of(outcome))})

    def _keep_score(self, work: Score, outcome: Outcome) -> None:
        run = self.store.run(work.configuration, work.model, work.seed) if work.configuration else None
        step = self.workshop.horizon if run else 0
        split = split_of(work.other) if work.split == "test" else work.split
        run_id, seconds = run.id if run else None, outcome.cost.seconds
        self.store.add_score(ScoreRecord(work.model, run_id, step, split, outcome.scores, seconds))
        if run is not None and (answers := self.workshop.answers_file(run, work)).is_file():
            known = self.store.study().facts.get("answers")
            place = answers.relative_to(self.workshop.folder).as_posix()
            self.store.set_fact("answers", {**(known if isinstance(known, Mapping) else {}), place: [run_id, split]})
