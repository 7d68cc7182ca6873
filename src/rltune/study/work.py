"""What a study can have done for it: training, scoring, timing. And what its phases see when they choose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rltune.store.base import ScoreRecord
from rltune.study.budget import Spent
from rltune.study.retries import LONGEST_WAIT
from rltune.tasks.base import Split
from rltune.types import FAILURES, Configuration, Evaluation, Fidelity, History, Phase, Proposal


@dataclass(frozen=True, slots=True)
class Train:
    """Train a configuration to a fidelity."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Score:
    """Score a split: of a base model (`configuration` None), or of a configuration's run after all its steps.

    `other`: the other task whose test split it is (see `rltune.tasks.ood`); empty: the study's own.
    """

    model: str
    split: Split
    configuration: Configuration | None = None
    seed: int = 0
    other: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Train the recipe for a few steps on a model, to know what a step costs; the steps are thrown away."""

    model: str


Work = Train | Score | Timing


Resting = tuple[Configuration, str, int] | Score | Timing
"""What may have to wait until it is tried again: a run by (configuration, model, seed), or work beside training."""


def resting(work: Work) -> Resting:
    """What of the work may have to wait."""
    if not isinstance(work, Train):
        return work
    return work.proposal.configuration, work.proposal.fidelity.model, work.proposal.seed


Run = tuple[Configuration, str, int]
"""(configuration, model, seed)."""


def run_of(work: Work) -> Run | None:
    """The run that it trains, or whose checkpoint it scores; None: it has none."""
    if isinstance(work, Train):
        return work.proposal.configuration, work.proposal.fidelity.model, work.proposal.seed
    if isinstance(work, Score) and work.configuration is not None:
        return work.configuration, work.model, work.seed
    return None


def model_of(work: Work) -> str:
    """The model that it is done on."""
    return work.proposal.fidelity.model if isinstance(work, Train) else work.model


@dataclass(frozen=True, slots=True)
class Note:
    """A decision that a phase takes midway: a fact `name` -> `value`, told as `text` (`level`: info or warning)."""

    name: str
    value: Mapping[str, object]
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """What a phase decides from: a snapshot of the store and of the clock.

    Attributes:
        history: evaluations of search and confirmation; proposals in flight.
        evaluations: all of them, whatever their phase.
        unfinished: proposals whose trial vanished or was interrupted before it gave an evaluation.
        scores: base-model and test scores. facts: small results by name.
        running: work in flight, and what waits for room. trials: search trials begun, or that wait.
        seconds: of the whole budget that are gone (see `rltune.study.budget`). spent: of what it limits.
        tried: (configuration, model, seed) of the runs that were trained in this sitting.
        tested: (configuration, seed, other task) of the final runs that have a test score; the other task is
            empty for the study's own.
        failed: work outside of training that has failed, with the reason.
        waits: what was lost and isn't tried again before a time. now: that time's clock. Seconds since the epoch.
        gap: seconds that a trial begun now may take at most, since another one waits for room; infinite if none does.
        tail: seconds until the last trial of the search in flight is expected to end; 0 if there is none.
        asked: training that people have asked for and that isn't done yet, in flight or not.
    """

    history: History
    evaluations: tuple[Evaluation, ...]
    unfinished: tuple[Proposal, ...]
    scores: tuple[ScoreRecord, ...]
    facts: Mapping[str, object]
    running: tuple[Work, ...]
    seconds: float
    trials: int
    tried: frozenset[tuple[Configuration, str, int]] = frozenset()
    tested: frozenset[tuple[Configuration, int, str]] = frozenset()
    failed: Mapping[Score | Timing, str] = field(default_factory=dict)
    waits: Mapping[Resting, float] = field(default_factory=dict)
    now: float = 0.0
    spent: Spent = field(default_factory=Spent)
    gap: float = math.inf
    tail: float = 0.0
    asked: tuple[Proposal, ...] = ()

    def rests(self, work: Work) -> bool:
        """Whether it was lost, and has to wait until it is tried again."""
        return self._is_ahead(self.waits.get(resting(work), 0.0))

    @property
    def next_due(self) -> float:
        """When the first of those that wait now is tried again; infinite if none waits."""
        return min(filter(self._is_ahead, self.waits.values()), default=math.inf)

    def _is_ahead(self, until: float) -> bool:
        """Whether a wait isn't over. One longer than the longest is: the clock was set back since it began."""
        return 0 < until - self.now <= LONGEST_WAIT

    def evaluation(self, configuration: Configuration, fidelity: Fidelity, seed: int) -> Evaluation | None:
        """The evaluation of a run at a fidelity, if there is one."""
        wanted = (configuration, fidelity, seed)
        return next((e for e in self.evaluations if (e.configuration, e.fidelity, e.seed) == wanted), None)

    @property
    def searching(self) -> bool:
        """Whether a trial of the search is in flight."""
        return any(isinstance(work, Train) and work.proposal.phase is Phase.SEARCH for work in self.running)

    @property
    def training(self) -> set[tuple[Configuration, str, int]]:
        """(configuration, model, seed) of the runs that are being trained."""
        proposals = [work.proposal for work in self.running if isinstance(work, Train)]
        return {(p.configuration, p.fidelity.model, p.seed) for p in proposals}

    def settled(self, configuration: Configuration, fidelity: Fidelity, seed: int) -> bool:
        """Whether a run at a fidelity needs no more training: it gave a result, or crashed in this very sitting.

        A crash may be the machine's fault, so that each sitting tries once more.
        """
        found = self.evaluation(configuration, fidelity, seed)
        if found is None:
            return False
        return found.stop.kind not in FAILURES or (configuration, fidelity.model, seed) in self.tried
