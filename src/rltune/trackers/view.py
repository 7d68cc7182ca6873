"""From a study's records to tracked runs: pure, so that a mirror made later is the same mirror."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from rltune.analysis.records import ReadableStore
from rltune.store.base import RunRecord, ScoreRecord, SegmentRecord, SegmentState, StudyRecord
from rltune.trackers.base import PREFIX, Point, Status, TrackedRun, TrackedStudy
from rltune.types import FAILURES, SAYS_NOTHING, Evaluation, Scalar, StepMetrics, StopKind, StopReason

T = TypeVar("T")


def tracked_study(study: StudyRecord) -> TrackedStudy:
    """The study, with a key that a later study of the same name doesn't have."""
    digest = hashlib.sha256(f"{study.name} {study.created!r}".encode()).hexdigest()
    return TrackedStudy(study.name, f"{_slug(study.name)}-{digest[:8]}")


def tracked_runs(store: ReadableStore, *, alive: bool) -> list[tuple[str, TrackedRun]]:
    """(run id, tracked run) of every run that was begun, by number.

    Args:
        alive: whether a controller is at work. If not, segments that are still marked as running were killed.

    Raises:
        StoreError: if the store can't be read.
    """
    study = store.study()
    # Read before the runs: what is added meanwhile belongs to runs that the next pass sees as changed.
    scores = _by_run((s.run_id, s) for s in store.scores() if s.run_id is not None)
    evaluations = _by_run(store.evaluations())
    segments = _by_run((s.run_id, s) for s in store.segments())
    return [
        (run.id, _tracked(study, run, segments[run.id], evaluations.get(run.id, []), scores.get(run.id, []), alive))
        for run in store.runs()
        if run.id in segments
    ]


def curve_of(store: ReadableStore, run_id: str) -> list[Point]:
    """The run's curve; each step's time is its segment's start and the seconds that were measured since."""
    segments = store.segments(run_id)
    points: list[Point] = []
    owned = ((_owner(segments, m.step), m) for m in store.curve(run_id))
    for segment, steps in groupby(owned, key=lambda pair: pair[0]):
        now = max(segment.started if segment else 0.0, points[-1].time if points else 0.0)
        for _, metrics in steps:
            now += _seconds(metrics)
            points.append(Point(metrics.step, now, metrics.values))
    return points


def _tracked(
    study: StudyRecord,
    run: RunRecord,
    segments: Sequence[SegmentRecord],
    evaluations: Sequence[Evaluation],
    scores: Sequence[ScoreRecord],
    alive: bool,
) -> TrackedRun:
    newest = segments[-1]
    running = newest.state is SegmentState.RUNNING and alive
    stop = None if newest.state is SegmentState.RUNNING else newest.stop
    role = "target" if run.model == study.facts.get("target") else "proxy"
    finalist = _finalist(study, run) if role == "target" else ""
    reached = {e.fidelity.steps: e.score for e in evaluations if e.score is not None}
    kind = stop.kind.value if stop else ""
    return TrackedRun(
        key=f"{tracked_study(study).key}-{run.id}",
        name=f"{run.number:04d} {run.model} s{run.seed} {run.configuration.id}",
        kind=newest.phase.value,
        config=_config(study, run, role),
        facts={
            f"{PREFIX}study": study.name,
            f"{PREFIX}phase": newest.phase.value,
            f"{PREFIX}phases": ", ".join(dict.fromkeys(s.phase.value for s in segments)),
            f"{PREFIX}proposed_because": newest.reason,
            f"{PREFIX}rungs_reached": ", ".join(map(str, sorted(reached))),
            f"{PREFIX}stop_kind": kind,
            f"{PREFIX}stop_rule": (stop.rule or "") if stop else "",
            f"{PREFIX}stop_reason": stop.reason if stop else "",
            f"{PREFIX}finalist": finalist,
        },
        numbers=_numbers(segments, reached, scores, stop),
        tags=tuple(tag for tag in (newest.phase.value, role, finalist, kind) if tag),
        status=Status.RUNNING if running else _status(stop),
        started=segments[0].started,
        ended=None if running else newest.ended or newest.started,
        last_step=max((s.stop.step if s.stop else s.from_step for s in segments), default=0),
    )


def _config(study: StudyRecord, run: RunRecord, role: str) -> dict[str, Scalar]:
    """Hyperparameters, held and searched, by their own names; all else under `rltune/`."""
    fixed = study.facts.get("fixed")
    held = fixed if isinstance(fixed, Mapping) else {}
    own: dict[str, Scalar] = {
        f"{PREFIX}study": study.name,
        f"{PREFIX}run": run.id,
        f"{PREFIX}configuration": run.configuration.id,
        f"{PREFIX}model": run.model,
        f"{PREFIX}role": role,
        f"{PREFIX}seed": run.seed,
    }
    for name in ("task", "trainer", "optimizer"):
        section = study.config.get(name)
        if isinstance(section, Mapping) and isinstance(section.get("name"), str):
            own[f"{PREFIX}{name}"] = section["name"]
    rungs = study.facts.get("rungs")
    if isinstance(rungs, (list, tuple)) and rungs:
        own[f"{PREFIX}horizon"] = int(rungs[-1])
    models = study.facts.get("models")
    model = models.get(run.model) if isinstance(models, Mapping) else None
    if isinstance(model, Mapping):
        parameters, factor = model.get("parameters"), model.get("learning_rate_factor")
        rate = run.configuration.values.get("learning_rate", held.get("learning_rate"))
        if isinstance(parameters, (int, float)):
            own[f"{PREFIX}parameters"] = parameters
        if isinstance(factor, (int, float)) and isinstance(rate, (int, float)):
            own[f"{PREFIX}scaled_learning_rate"] = rate * factor
    scalars = {str(k): v for k, v in held.items() if isinstance(v, (bool, int, float, str))}
    return {**own, **scalars, **run.configuration.values}


def _numbers(
    segments: Sequence[SegmentRecord],
    reached: Mapping[int, float],
    scores: Sequence[ScoreRecord],
    stop: StopReason | None,
) -> dict[str, float]:
    costs = [s.cost for s in segments]
    numbers = {
        f"{PREFIX}segments": float(len(segments)),
        f"{PREFIX}steps_retrained": float(sum(s.retrained for s in segments)),
        f"{PREFIX}seconds": sum(c.seconds for c in costs),
        f"{PREFIX}train_seconds": sum(c.train_seconds for c in costs),
        f"{PREFIX}validate_seconds": sum(c.validate_seconds for c in costs),
        f"{PREFIX}start_seconds": sum(c.start_seconds for c in costs),
    }
    if reached:
        highest = max(reached)
        numbers |= {f"{PREFIX}rung": float(highest), f"{PREFIX}score": reached[highest]}
    if stop is not None:
        numbers[f"{PREFIX}stop_step"] = float(stop.step)
        numbers |= {f"{PREFIX}stop/{name}": float(value) for name, value in stop.values.items()}
    for score in scores:
        numbers |= {f"{score.split}/{name}": float(value) for name, value in score.values.items()}
    return numbers


def _finalist(study: StudyRecord, run: RunRecord) -> str:
    """winner, recipe, both or neither."""
    found = []
    for role in ("winner", "recipe"):
        fact = study.facts.get(role)
        if isinstance(fact, Mapping) and fact.get("id") == run.configuration.id:
            found.append(role)
    return " and ".join(found)


def _status(stop: StopReason | None) -> Status:
    if stop is not None and stop.kind in (*FAILURES, StopKind.DIVERGED):
        return Status.FAILED
    return Status.KILLED if stop is None or stop.kind in SAYS_NOTHING else Status.FINISHED


def _owner(segments: Sequence[SegmentRecord], step: int) -> SegmentRecord | None:
    """The segment that trained a step last."""
    own = [s for s in segments if s.from_step < step and (s.stop is None or step <= max(s.stop.step, s.from_step + 1))]
    return own[-1] if own else (segments[-1] if segments else None)


def _seconds(metrics: StepMetrics) -> float:
    measured = (metrics.values.get(name, 0.0) for name in ("step_seconds", "validate_seconds"))
    # NaN and infinity are no durations.
    return sum(value for value in measured if 0 <= value < float("inf"))


def _by_run(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for run_id, item in pairs:
        found.setdefault(run_id, []).append(item)
    return found


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "study"
