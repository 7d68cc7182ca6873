"""How runs ended, or stand: what rules stopped, what failed, what is in flight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from rltune.faults.attribute import attribute
from rltune.store.base import TrialRecord
from rltune.types import BY_RULE, FAILURES, StepMetrics, StopKind, StopReason

FORECASTS = 4
"""With more runs in flight than this, none has a forecast: each takes some hundredths of a second, and the first
one loads SciPy, for which a status of thousands of runs would wait."""


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
    """A trial that diverged (non-finite numbers), ran out of memory, failed (crash, hang, time) or was lost.

    Attributes:
        fault: whose it was (`rltune.faults`). cause: what went wrong. remedy: what a person can do.
        worker: the machine that it ran on; empty: unknown.
    """

    run: int
    configuration: str
    model: str
    step: int
    kind: str
    reason: str
    log_tail: str
    fault: str = ""
    cause: str = ""
    remedy: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A run that is being trained.

    Attributes:
        rewards: its newest mean rewards, oldest first. losses: likewise, if it has none, as in supervised training.
        forecast: (expected, low, high) mean reward at r_max, with an 80 % interval; None while it can't be told, and
            with more than FORECASTS runs in flight.
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


def stops(trials: Iterable[TrialRecord]) -> tuple[Stopped, ...]:
    """Every stop by a rule, in order."""
    return tuple(
        Stopped(
            trial.run_number,
            trial.configuration,
            trial.model,
            stop.rule or "?",
            stop.step,
            trial.to_step,
            stop.reason,
        )
        for trial, stop in _ended_by(trials, *BY_RULE)
    )


def failures(trials: Iterable[TrialRecord]) -> tuple[Failure, ...]:
    """Every failed or lost segment, in order, with whose fault it was."""
    return tuple(
        Failure(
            trial.run_number,
            trial.configuration,
            trial.model,
            stop.step,
            stop.kind.value,
            stop.reason,
            trial.log_tail,
            blame.fault.value,
            blame.cause.value,
            blame.remedy,
            trial.worker,
        )
        for trial, stop in _ended_by(trials, *FAILURES, StopKind.DIVERGED, StopKind.LOST)
        if (blame := attribute(stop, trial.log_tail)) is not None
    )


def in_flight(
    trials: Iterable[TrialRecord],
    curves: Mapping[str, Sequence[StepMetrics]],
    horizon: int | None,
    newest: int = 24,
) -> tuple[InFlight, ...]:
    """Every trial that runs, with the `newest` last rewards of its run's curve."""
    flying = [trial for trial in trials if trial.stop is None]
    goal = horizon if len(flying) <= FORECASTS else None
    return tuple(_standing(trial, curves.get(trial.run_id, ()), goal, newest) for trial in flying)


def _ended_by(trials: Iterable[TrialRecord], *kinds: StopKind) -> Iterator[tuple[TrialRecord, StopReason]]:
    """The trials that ended in one of these ways, in order, each with why it ended."""
    for trial in trials:
        if trial.stop is not None and trial.stop.kind in kinds:
            yield trial, trial.stop


def _standing(trial: TrialRecord, recorded: Sequence[StepMetrics], goal: int | None, newest: int) -> InFlight:
    """`goal`: the step to forecast; None: nothing is forecast."""
    curve = [m for m in recorded if m.step <= trial.to_step]
    rewarded = [m for m in curve if "reward" in m.values]
    rewards = [m.values["reward"] for m in rewarded]
    return InFlight(
        run=trial.run_number,
        configuration=trial.configuration,
        model=trial.model,
        phase=trial.phase.value,
        step=max((m.step for m in curve), default=trial.from_step),
        to_step=trial.to_step,
        rewards=tuple(rewards[-newest:]),
        forecast=_outlook(rewards, [m.step for m in rewarded], goal),
        losses=() if rewards else tuple(m.values["loss"] for m in curve if "loss" in m.values)[-newest:],
    )


def _outlook(rewards: Sequence[float], steps: Sequence[int], goal: int | None) -> tuple[float, float, float] | None:
    if not rewards or goal is None or goal <= steps[-1]:
        return None
    # Loaded here, where a run is in flight: SciPy takes longer than all else that a status of thousands of runs does.
    curves = import_module("rltune.curves.forecast")
    ahead = curves.forecast(rewards, steps, horizon=goal)
    return (ahead.final, *ahead.interval) if isinstance(ahead, curves.Forecast) else None
