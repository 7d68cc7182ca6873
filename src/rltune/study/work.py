"""What a study can have done for it: training, scoring, timing. And what its phases see when they choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rltune.store.base import ScoreRecord
from rltune.tasks.base import Split
from rltune.types import FAILURES, Configuration, Evaluation, Fidelity, History, Proposal


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
        running: work in flight. seconds: wall clock spent so far. trials: search trials begun so far.
        tried: (configuration, model, seed) of the runs that were trained in this sitting.
        tested: (configuration, seed, other task) of the final runs that have a test score; the other task is
            empty for the study's own.
        failed: work outside of training that has failed, with the reason.
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

    def evaluation(self, configuration: Configuration, fidelity: Fidelity, seed: int) -> Evaluation | None:
        """The evaluation of a run at a fidelity, if there is one."""
        wanted = (configuration, fidelity, seed)
        return next((e for e in self.evaluations if (e.configuration, e.fidelity, e.seed) == wanted), None)

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
