"""How runs ended, or stand: what rules stopped, what failed, what is in flight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rltune.analysis.records import Records
from rltune.curves.forecast import Forecast, forecast
from rltune.store.base import RunRecord, SegmentRecord, SegmentState
from rltune.types import BY_RULE, FAILURES, StopKind, StopReason


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that a stopping rule ended. `saved`: the steps it was asked for and didn't have to train."""

    run: int
    configuration: str
    model: str
    rule: str
    step: int
    asked: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial that diverged (non-finite numbers), ran out of memory or failed (crash, hang, time)."""

    run: int
    configuration: str
    model: str
    step: int
    kind: str
    reason: str
    log_tail: str


@dataclass(frozen=True, slots=True)
class InFlight:
    """A run that is being trained.

    Attributes:
        rewards: its newest mean rewards, oldest first. losses: likewise, if it has none, as in supervised training.
        forecast: (expected, low, high) mean reward at r_max, with an 80 % interval; None while it can't be told.
    """

    run: int
    configuration: str
    model: str
    phase: str
    step: int
    to_step: int
    rewards: tuple[float, ...]
    forecast: tuple[float, float, float] | None
    losses: tuple[float, ...] = ()


def stops(records: Records) -> tuple[Stopped, ...]:
    """Every stop by a rule, in order."""
    return tuple(
        Stopped(
            run.number,
            run.configuration.id,
            run.model,
            stop.rule or "?",
            stop.step,
            segment.to_step,
            stop.reason,
        )
        for run, segment, stop in _ended_by(records, *BY_RULE)
    )


def failures(records: Records) -> tuple[Failure, ...]:
    """Every failed segment, in order."""
    return tuple(
        Failure(
            run.number,
            run.configuration.id,
            run.model,
            stop.step,
            stop.kind.value,
            stop.reason,
            segment.log_tail,
        )
        for run, segment, stop in _ended_by(records, *FAILURES, StopKind.DIVERGED)
    )


def in_flight(records: Records, newest: int = 24) -> tuple[InFlight, ...]:
    """Every run with a RUNNING segment, with its `newest` last rewards."""
    return tuple(
        _standing(records, s, newest)
        for s in records.segments
        if s.state is SegmentState.RUNNING and s.run_id in records.runs
    )


def _ended_by(records: Records, *kinds: StopKind) -> Iterator[tuple[RunRecord, SegmentRecord, StopReason]]:
    """The segments that ended in one of these ways, in order, each with its run and why it ended."""
    for segment in records.segments:
        run, stop = records.runs.get(segment.run_id), segment.stop
        if run is not None and stop is not None and stop.kind in kinds:
            yield run, segment, stop


def _standing(records: Records, segment: SegmentRecord, newest: int) -> InFlight:
    run = records.runs[segment.run_id]
    curve = [m for m in records.curves.get(run.id, ()) if m.step <= segment.to_step]
    rewarded = [m for m in curve if "reward" in m.values]
    rewards = [m.values["reward"] for m in rewarded]
    return InFlight(
        run=run.number,
        configuration=run.configuration.id,
        model=run.model,
        phase=segment.phase.value,
        step=max((m.step for m in curve), default=segment.from_step),
        to_step=segment.to_step,
        rewards=tuple(rewards[-newest:]),
        forecast=_outlook(rewards, [m.step for m in rewarded], records.horizon),
        losses=() if rewards else tuple(m.values["loss"] for m in curve if "loss" in m.values)[-newest:],
    )


def _outlook(rewards: Sequence[float], steps: Sequence[int], horizon: int | None) -> tuple[float, float, float] | None:
    if not rewards or horizon is None or horizon <= steps[-1]:
        return None
    ahead = forecast(rewards, steps, horizon=horizon)
    return (ahead.final, *ahead.interval) if isinstance(ahead, Forecast) else None
