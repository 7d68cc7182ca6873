"""Makers of the values that the store's tests write."""

from __future__ import annotations

from pathlib import Path

from rltune.store.sql import SqlStudyStore
from rltune.types import (
    Configuration,
    Cost,
    Evaluation,
    Fidelity,
    Phase,
    Proposal,
    StepMetrics,
    StopKind,
    StopReason,
)

MODEL = "tiny"


def configuration(number: int = 0) -> Configuration:
    return Configuration({"learning_rate": 1e-6 * (number + 1), "rollouts": 5, "lr_scheduler": "constant"})


def proposal(
    steps: int, *, number: int = 0, seed: int = 0, phase: Phase = Phase.SEARCH, model: str = MODEL
) -> Proposal:
    return Proposal(configuration(number), Fidelity(model, steps), seed, phase, "looks good", {"ei": 0.25})


def stopped(kind: StopKind, step: int, rule: str | None = None) -> StopReason:
    return StopReason(kind, step, f"it is {kind.value}", rule, {"seen": 0.5} if rule else {})


def evaluation(
    of: Proposal, score: float | None = 0.5, stop: StopReason | None = None, cost: Cost | None = None
) -> Evaluation:
    steps = of.fidelity.steps
    return Evaluation(
        configuration=of.configuration,
        fidelity=of.fidelity,
        seed=of.seed,
        phase=of.phase,
        score=score,
        cost=cost or Cost(3.0, 1.0, 0.5),
        stop=stop or stopped(StopKind.REACHED, steps),
        steps_trained=stop.step if stop else steps,
    )


def metrics(first: int, last: int, reward: float = 0.5) -> list[StepMetrics]:
    return [StepMetrics(step, {"reward": reward, "kl": 0.01 * step}) for step in range(first, last + 1)]


def train(
    store: SqlStudyStore,
    of: Proposal,
    *,
    from_step: int = 0,
    score: float | None = 0.5,
    stop: StopReason | None = None,
    checkpoints: tuple[tuple[int, Path, int], ...] = (),
    silent: bool = False,
) -> str:
    """A whole segment as the loop records it; returns the run's id. `silent`: without an evaluation."""
    run = store.run(of.configuration, of.fidelity.model, of.seed)
    segment = store.begin_segment(of, run.id, from_step, Path("segments") / run.id)
    stop = stop or stopped(StopKind.REACHED, of.fidelity.steps)
    results = [] if silent else [evaluation(of, score, stop)]
    steps = metrics(from_step + 1, stop.step)
    assert store.finish_segment(segment.id, stop, Cost(1.0, 0.0, 0.0), steps, checkpoints, results)
    return run.id
