"""What a study costs in hours of GPUs, by phase and model: pure, from a plan."""

from __future__ import annotations

from collections.abc import Mapping

Hours = dict[str, dict[str, float]]
"""Phase -> model -> hours of one GPU each."""

TIMED_STEPS = 3
"""Steps of a timing run."""


def hours_by_phase(
    *,
    models: Mapping[str, tuple[float, float, float]],
    search: Mapping[str, float],
    target: str,
    full: float,
    confirmed: int,
    trained: int,
    tests: int,
    gpus: Mapping[str, float],
) -> Hours:
    """Hours of GPUs.

    Args:
        models: by model, seconds a step, a validation, a start. search: by model, seconds of all its search trials.
        full: seconds of a full run on the target. confirmed, trained: such runs of confirmation and final training.
        tests: test sets for each of the latter, each as long as a validation.
        gpus: by model, of a trial; one where it isn't named.
    """
    _, validation, start = models[target]
    seconds = {
        # Timed for some steps with a validation, and scored before any training.
        "prepare": {m: 2 * s + TIMED_STEPS * step + 2 * v for m, (step, v, s) in models.items()},
        "search": dict(search),
        "confirm": {target: confirmed * full},
        "final": {target: trained * full},
        "test": {target: trained * tests * (start + validation)},
    }
    return {
        phase: {model: value * gpus.get(model, 1) / 3600 for model, value in spent.items()}
        for phase, spent in seconds.items()
    }


def total(hours: Mapping[str, Mapping[str, float]]) -> float:
    """Hours of GPUs in all."""
    return sum(value for by_model in hours.values() for value in by_model.values())
