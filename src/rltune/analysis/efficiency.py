"""What the study's time bought: cost of a trial and of a full target run, tokens a second, the optimizer."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from rltune.analysis.records import Records
from rltune.analysis.work import steps_of
from rltune.store.base import SegmentState
from rltune.types import SAYS_NOTHING, Phase


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


def measure_efficiency(records: Records) -> Efficiency:
    """Measures what the records hold."""
    trials, trial_seconds = _trials(records)
    full = _full_runs(records)
    full_seconds = statistics.fmean(full) if full else None
    tokens, wall = _tokens(records), records.study.seconds
    asking = records.number("ask_seconds")
    return Efficiency(
        trials=trials,
        trial_seconds=trial_seconds,
        full_runs=len(full),
        full_run_seconds=full_seconds,
        speed_up=full_seconds / trial_seconds if full_seconds and trial_seconds else None,
        tokens=tokens,
        tokens_per_second=tokens / wall if tokens is not None and wall > 0 else None,
        optimizer_seconds=asking,
        optimizer_share=asking / wall if asking is not None and wall > 0 else None,
        train_seconds=sum(s.cost.train_seconds for s in records.segments),
        validate_seconds=sum(s.cost.validate_seconds for s in records.segments),
        start_seconds=sum(s.cost.start_seconds for s in records.segments),
    )


def _trials(records: Records) -> tuple[int, float | None]:
    search = [s for s in records.segments if s.phase is Phase.SEARCH and s.state is SegmentState.ENDED]
    ended = sum(1 for s in search if s.stop is not None and s.stop.kind not in SAYS_NOTHING)
    return ended, sum(s.cost.seconds for s in search) / ended if ended else None


def _full_runs(records: Records) -> list[float]:
    """Seconds of each target run that was trained to r_max; what was trained twice is not counted twice."""
    if records.target is None or records.horizon is None:
        return []
    found: list[float] = []
    for run in records.runs.values():
        segments = [s for s in records.segments if s.run_id == run.id and s.stop is not None]
        if run.model != records.target or max((s.to_step for s in segments), default=0) < records.horizon:
            continue
        if not any(s.stop and s.stop.step >= records.horizon for s in segments):
            continue
        trained = sum(steps_of(records, s) for s in segments)
        seconds = sum(s.cost.seconds for s in segments)
        found.append(seconds * min(1.0, records.horizon / trained) if trained else seconds)
    return found


def _tokens(records: Records) -> float | None:
    counts = [m.values["tokens"] for curve in records.curves.values() for m in curve if "tokens" in m.values]
    finite = [c for c in counts if math.isfinite(c)]
    return math.fsum(finite) if finite else None
