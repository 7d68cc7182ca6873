"""A study's own history as prior knowledge of another."""

from __future__ import annotations

from collections.abc import Mapping

from rltune.priors.evaluation import Prior, PriorEvaluation
from rltune.types import SAYS_NOTHING, History, Scalar, StopKind


def prior_of_history(
    history: History,
    sizes: Mapping[str, float],
    *,
    source: str,
    horizon: int | None = None,
    task: str | None = None,
    fixed: Mapping[str, Scalar] | None = None,
    width: int | None = None,
) -> Prior:
    """All that says something of a configuration; of a run and step with several results the last.

    Args:
        sizes: number of parameters by model, as far as known. The others: see `Prior`.
    """
    found: dict[tuple[object, ...], PriorEvaluation] = {}
    for evaluation in history.evaluations:
        score = evaluation.score
        if score is None:
            score = _worth(evaluation.stop.kind, evaluation.stop.values)
            if score is None and evaluation.stop.kind in SAYS_NOTHING:
                continue
        model = evaluation.fidelity.model
        one = PriorEvaluation(
            evaluation.configuration.values,
            model,
            sizes.get(model),
            evaluation.fidelity.steps,
            score if score is not None and abs(score) < float("inf") else None,
            evaluation.seed,
        )
        found[one.key] = one
    base = {model: score for model, score in history.base_scores.items() if abs(score) < float("inf")}
    return Prior(source, tuple(found.values()), "score", horizon, task, dict(fixed or {}), width, base)


def _worth(kind: StopKind, values: Mapping[str, float]) -> float | None:
    """A run that a forecast ended is worth its forecast, as it was to the study itself."""
    forecast = values.get("forecast")
    return (
        forecast
        if kind in (StopKind.FUTILE, StopKind.PLATEAU) and forecast is not None and 0 <= forecast <= 1
        else None
    )
