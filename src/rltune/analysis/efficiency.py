"""What the study's time bought: cost of a trial and of a full target run, tokens a second, the optimizer."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from rltune.store.base import StudyRecord, Totals


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Each value is None as long as nothing was measured for it.

    Attributes:
        trials: ended trials (segments) of the search, interrupted and lost ones left out.
        trial_seconds: seconds a trial: all that search segments cost, over `trials`.
        full_run_seconds: measured mean cost of a target run from 0 to r_max (`full_runs` of them).
        speed_up: full_run_seconds / trial_seconds.
        tokens: prompts and completions of all recorded steps. tokens_per_second: over the study's whole wall clock.
        optimizer_seconds, optimizer_share: time spent asking, and its part of the wall clock.
        train_seconds, validate_seconds, start_seconds: of all segments together.
    """

    trials: int
    trial_seconds: float | None
    full_runs: int
    full_run_seconds: float | None
    speed_up: float | None
    tokens: float | None
    tokens_per_second: float | None
    optimizer_seconds: float | None
    optimizer_share: float | None
    train_seconds: float
    validate_seconds: float
    start_seconds: float


def measure_efficiency(study: StudyRecord, totals: Totals, tokens: float | None) -> Efficiency:
    """Measures what was added up; `tokens` of all recorded steps, None if no run counts them."""
    trial_seconds = totals.search_seconds / totals.trials if totals.trials else None
    full_seconds = statistics.fmean(totals.full_runs) if totals.full_runs else None
    wall, asking = study.seconds, study.number("ask_seconds")
    return Efficiency(
        trials=totals.trials,
        trial_seconds=trial_seconds,
        full_runs=len(totals.full_runs),
        full_run_seconds=full_seconds,
        speed_up=full_seconds / trial_seconds if full_seconds and trial_seconds else None,
        tokens=tokens,
        tokens_per_second=tokens / wall if tokens is not None and wall > 0 else None,
        optimizer_seconds=asking,
        optimizer_share=asking / wall if asking is not None and wall > 0 else None,
        train_seconds=totals.train_seconds,
        validate_seconds=totals.validate_seconds,
        start_seconds=totals.start_seconds,
    )
