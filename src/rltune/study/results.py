"""From an outcome and a run's curve to evaluations: pure, so that a result read after a crash is the same result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rltune.executors.base import Outcome
from rltune.study.plan import ModelTiming
from rltune.types import SAYS_NOTHING, Cost, Evaluation, Fidelity, Phase, Proposal, StepMetrics, StopKind, StopReason

SCORE = "score/mean"


def cost_up_to(curve: Sequence[StepMetrics], step: int, start_seconds: float) -> Cost:
    """What the run's steps 1 to `step` cost, from the seconds that each of them measured."""
    upto = [m.values for m in curve if m.step <= step]
    return Cost(
        train_seconds=sum(v.get("step_seconds", 0.0) for v in upto),
        validate_seconds=sum(v.get("validate_seconds", 0.0) for v in upto),
        start_seconds=start_seconds,
    )


def evaluations_of(
    proposal: Proposal,
    outcome: Outcome,
    curve: Sequence[StepMetrics],
    start_seconds: float,
    rungs: Sequence[int],
) -> list[Evaluation]:
    """Evaluations that an ended segment gives: one for each validated rung that it passed, and one for its end.

    Args:
        curve: all the run's steps so far, this segment's included, by step.
        start_seconds: seconds that all the run's segments took to start.

    Returns:
        By step; empty rungs left out. Nothing for the end if it says nothing about the configuration.
    """
    goal = proposal.fidelity.steps
    scores = {m.step: m.values[SCORE] for m in curve if SCORE in m.values and math.isfinite(m.values[SCORE])}
    found = []
    for rung in rungs:
        if rung < goal and rung in scores:
            stop = StopReason(StopKind.REACHED, rung, f"passed step {rung} on the way to step {goal}")
            found.append(
                _evaluation(proposal, rung, scores[rung], cost_up_to(curve, rung, start_seconds), stop, rung, None)
            )
    if outcome.stop.kind in SAYS_NOTHING:
        return found
    last = outcome.stop.step
    stop = outcome.stop
    score = scores.get(goal) if stop.kind is StopKind.REACHED else None
    if stop.kind is StopKind.REACHED and score is None:
        stop = replace(
            stop,
            kind=StopKind.FAILED,
            reason=f"step {goal} was reached, but its validation gave no finite score",
        )
    newest = max((s for s in scores if s <= last), default=None)
    cost = cost_up_to(curve, last, start_seconds)
    found.append(_evaluation(proposal, goal, score, cost, stop, last, scores[newest] if newest is not None else None))
    return found


def level_at_end(curve: Sequence[StepMetrics], step: int) -> float | None:
    """Mean training reward over the last tenth of a run's curve up to a step; None if it has none."""
    upto = [m for m in curve if m.step <= step]
    rewards = [m.values["reward"] for m in upto[-max(1, round(0.1 * len(upto))) :] if "reward" in m.values]
    return math.fsum(rewards) / len(rewards) if rewards else None


def gave_up(
    proposal: Proposal, what: str, times: int, curve: Sequence[StepMetrics], start_seconds: float
) -> Evaluation:
    """The evaluation of a proposal that the infrastructure ended again and again; `what` it was, in words."""
    last = max((m.step for m in curve), default=0)
    reason = f"{what} {times} times on the way to step {proposal.fidelity.steps}; not tried again"
    stop = StopReason(StopKind.FAILED, last, reason)
    return _evaluation(
        proposal, proposal.fidelity.steps, None, cost_up_to(curve, last, start_seconds), stop, last, None
    )


def stopped_by_hand(
    proposal: Proposal, end: StopReason, curve: Sequence[StepMetrics], start_seconds: float
) -> Evaluation:
    """The evaluation of a proposal whose run somebody has stopped: no score, unless it was there already, and none to
    be guessed from that."""
    scored = [m for m in curve if m.step <= end.step and math.isfinite(m.values.get(SCORE, math.nan))]
    last = scored[-1].values[SCORE] if scored else None
    score = last if scored and scored[-1].step == proposal.fidelity.steps else None
    cost = cost_up_to(curve, end.step, start_seconds)
    return _evaluation(proposal, proposal.fidelity.steps, score, cost, end, end.step, last)


def too_large(
    proposal: Proposal, tries: int, end: StopReason, curve: Sequence[StepMetrics], start_seconds: float
) -> Evaluation:
    """The evaluation of a proposal for which there isn't enough memory: no score, and none to be guessed from it."""
    again = "; nor with less memory" if tries > 1 else "; nothing more can be saved"
    stop = replace(end, reason=f"{end.reason}{again}, so it is not tried again")
    cost = cost_up_to(curve, end.step, start_seconds)
    return _evaluation(proposal, proposal.fidelity.steps, None, cost, stop, end.step, None)


def timing_of(outcome: Outcome) -> ModelTiming:
    """Seconds a step (the median: the first ones warm up), a validation, a start, and the size of a checkpoint, from
    a timing run."""
    steps = sorted(m.values.get("step_seconds", 0.0) for m in outcome.metrics)
    return ModelTiming(
        step_seconds=steps[len(steps) // 2] if steps else 0.0,
        validate_seconds=outcome.cost.validate_seconds,
        start_seconds=outcome.cost.start_seconds,
        checkpoint_bytes=max((c.bytes for c in outcome.checkpoints), default=None),
    )


def _evaluation(
    proposal: Proposal,
    step: int,
    score: float | None,
    cost: Cost,
    stop: StopReason,
    trained: int,
    last_score: float | None,
) -> Evaluation:
    phase: Phase = proposal.phase
    fidelity = Fidelity(proposal.fidelity.model, step)
    return Evaluation(proposal.configuration, fidelity, proposal.seed, phase, score, cost, stop, trained, last_score)
