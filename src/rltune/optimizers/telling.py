"""From few words to an evaluation: what `Session.tell` makes of a proposal and a score, or of one and how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real

from rltune.bayes.data import Run, score_of
from rltune.errors import OptimizerError
from rltune.types import Cost, Evaluation, Fidelity, History, Proposal, StopKind, StopReason

WHERE = "session.tell"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a proposal; exactly one of `score` and `ends` (why it ended without one, by kind).

    Attributes:
        steps: at which the score was measured, or the last one trained; None: as many as were asked for, or unknown.
        seconds: since what was told of this run before. A number is training; a `Cost` says what they bought.
    """

    score: float | None
    ends: Mapping[StopKind, str]
    steps: int | None
    seconds: float | Cost


def evaluation_of(proposal: Proposal, told: Told, history: History) -> Evaluation:
    """The evaluation that says the same in full: its cost is that of the whole run, so what the history has of the run
    is added. A score that isn't finite is a divergence.

    Raises:
        OptimizerError: if what is told is incomplete or contradicts itself, the proposal or the history.
    """
    if (told.score is not None) + len(told.ends) != 1:
        raise OptimizerError(
            "a proposal is told with one of score, stopped, failed and interrupted, "
            f"got {'none of them' if told.score is None and not told.ends else 'several'}",
            where=WHERE,
            hint="tell the score of a passed step first (steps=...), then how the run ended",
        )
    before = [e for e in history.evaluations if run_of(e) == run_of(proposal)]
    steps = _steps(proposal, told, max((e.fidelity.steps for e in before if score_of(e) is not None), default=0))
    cost = max((e.cost for e in before), key=lambda c: c.seconds, default=Cost()) + _cost(told.seconds)
    score, stop = _end(told, steps)
    fidelity = proposal.fidelity if score is None else Fidelity(proposal.fidelity.model, steps)
    return Evaluation(proposal.configuration, fidelity, proposal.seed, proposal.phase, score, cost, stop, steps)


def checked(evaluation: Evaluation) -> Evaluation:
    """The evaluation itself. Raises OptimizerError if its scores aren't numbers (NaN is one: the run died)."""
    for score in (evaluation.score, evaluation.last_score):
        if score is not None:
            checked_score(score)
    return evaluation


def checked_score(score: object) -> float:
    """The score as a float. Raises OptimizerError if it isn't a number."""
    if isinstance(score, bool) or not isinstance(score, Real):
        raise OptimizerError(
            f"a score must be a number, got {score!r}",
            where=WHERE,
            hint="float(...) makes one; NaN says that the run diverged",
        )
    return float(score)


def ends(evaluation: Evaluation, proposal: Proposal) -> bool:
    """Whether an evaluation is the last of what a proposal asked for: of its run, and of the step that was asked for
    or of any end before it. A passed rung isn't."""
    lives = evaluation.stop.kind is StopKind.REACHED and score_of(evaluation) is not None
    there = evaluation.fidelity.steps >= proposal.fidelity.steps
    return run_of(evaluation) == run_of(proposal) and (there or not lives)


def run_of(of: Evaluation | Proposal) -> Run:
    """Configuration, model and seed of what was evaluated or proposed."""
    return of.configuration, of.fidelity.model, of.seed


def _end(told: Told, steps: int) -> tuple[float | None, StopReason]:
    """The score, if it is one, and why it ended."""
    if told.score is None:
        ((kind, reason),) = told.ends.items()
        if not isinstance(reason, str):
            raise OptimizerError(f"why a run ended must be told in words, got {reason!r}", where=WHERE)
        return None, StopReason(kind, steps, reason)
    score = checked_score(told.score)
    if math.isfinite(score):
        return score, StopReason(StopKind.REACHED, steps, "reached")
    return None, StopReason(StopKind.DIVERGED, steps, f"its score was {score}")


def _steps(proposal: Proposal, told: Told, passed: int) -> int:
    """The checked step; 0 where it is unknown, so that no seconds are divided by steps that weren't trained.

    Args:
        passed: the last step of the run that has a score.
    """
    asked = proposal.fidelity.steps
    if passed >= asked:
        raise OptimizerError(
            f"the score of this run at step {passed} was told already, and the proposal asked for {asked}",
            where=WHERE,
            hint="tell each proposal once; a full Evaluation may be told at any time",
        )
    if told.steps is None:
        return asked if told.score is not None else 0
    least = passed + 1 if told.score is not None else passed
    if isinstance(told.steps, bool) or not isinstance(told.steps, Integral) or not least <= told.steps <= asked:
        raise OptimizerError(
            f"steps must be a whole number from {least} (what was told of this run before) to {asked} (what was asked "
            f"for), got {told.steps!r}",
            where=WHERE,
        )
    return int(told.steps)


def _cost(seconds: float | Cost) -> Cost:
    if isinstance(seconds, Cost):
        return seconds
    if isinstance(seconds, bool) or not isinstance(seconds, Real) or not 0 <= seconds < math.inf:
        raise OptimizerError(
            f"seconds must be a finite number >= 0, got {seconds!r}",
            where=WHERE,
            hint="what this run took since the last time that it was told of",
        )
    return Cost(train_seconds=float(seconds))
