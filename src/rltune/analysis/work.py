"""What a study has done so far, counted: evaluations, promotions, and steps trained, repeated and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltune.store.base import Totals, TrialRecord
from rltune.types import StepMetrics


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """Counts over all phases.

    Attributes:
        configurations: distinct configurations that were run.
        evaluations: how many results there are; evaluations_by: the same by model and step.
        promotions: segments that continued a run from a checkpoint because it earned more steps.
        promotions_exact: those of them that trained no step twice.
        recoveries: segments that continued a run after an interruption or a loss.
        moved_up: (configuration, model) pairs where a smaller model was trained with it too.
        steps_trained: rollout steps, repeated ones included. steps_retrained: the repeated ones.
        steps_retrained_for_room: those of them whose checkpoint had been deleted to make room.
        checkpoints_deleted: to make room, or because nobody could need them any more.
        steps_saved: steps that checkpoints saved: where each promotion would have begun anew at 0.
    """

    configurations: int
    evaluations: int
    evaluations_by: dict[str, dict[int, int]]
    promotions: int
    promotions_exact: int
    recoveries: int
    moved_up: int
    steps_trained: int
    steps_retrained: int
    steps_saved: int
    steps_retrained_for_room: int = 0
    checkpoints_deleted: int = 0


def count_work(
    totals: Totals, trials: Sequence[TrialRecord], curves: Mapping[str, Sequence[StepMetrics]]
) -> WorkCounts:
    """Counts what was added up, and the steps that `trials` in flight have trained by now, by the curves of their
    runs."""
    by_model: dict[str, dict[int, int]] = {}
    for (model, steps), count in sorted(totals.evaluations.items()):
        by_model.setdefault(model, {})[steps] = count
    flying = sum(_steps_of(trial, curves.get(trial.run_id, ())) for trial in trials if trial.stop is None)
    return WorkCounts(
        configurations=totals.configurations,
        evaluations=sum(totals.evaluations.values()),
        evaluations_by=by_model,
        promotions=totals.promotions,
        promotions_exact=totals.promotions_exact,
        recoveries=totals.recoveries,
        moved_up=totals.moved_up,
        steps_trained=totals.steps_trained + flying,
        steps_retrained=totals.steps_retrained,
        steps_saved=totals.steps_saved,
        steps_retrained_for_room=totals.steps_retrained_for_room,
        checkpoints_deleted=totals.checkpoints_deleted,
    )


def _steps_of(trial: TrialRecord, curve: Sequence[StepMetrics]) -> int:
    return sum(1 for m in curve if trial.from_step < m.step <= trial.to_step)
