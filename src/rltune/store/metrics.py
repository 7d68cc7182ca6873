"""The metrics of runs, from rows to curves. Every function reads through a connection that its caller opened."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from rltune.store import schema as t
from rltune.store.reading import run_key
from rltune.store.records import SegmentState
from rltune.store.scope import Scope
from rltune.types import StepMetrics

_LARGEST = sys.float_info.max


def curve(connection: Connection, scope: Scope, run_id: str) -> list[StepMetrics]:
    """A run's metrics by step."""
    key = run_key(connection, scope, run_id)
    query = select(t.metric.c.step, t.metric.c.name, t.metric.c.value).where(t.metric.c.run == key)
    steps: dict[int, dict[str, float]] = {}
    for step, name, value in connection.execute(query.order_by(t.metric.c.step)):
        steps.setdefault(step, {})[name] = value
    return [StepMetrics(step, values) for step, values in steps.items()]


def curves(connection: Connection, scope: Scope, flying: bool = False) -> dict[str, list[StepMetrics]]:
    """Of all runs, or of those that are being trained (`flying`)."""
    # One pass over the metrics' own order: a query a run would take seconds in a study of thousands.
    runs = select(t.run.c.pk, t.run.c.id).where(t.run.c.study == scope.study)
    if flying:
        runs = runs.where(
            t.run.c.pk.in_(select(t.segment.c.run).where(t.segment.c.state == SegmentState.RUNNING.value))
        )
    keys = {row.pk: row.id for row in connection.execute(runs)}
    query = select(t.metric.c.run, t.metric.c.step, t.metric.c.name, t.metric.c.value).where(
        t.metric.c.run.in_(runs.with_only_columns(t.run.c.pk))
    )
    steps: dict[int, dict[int, dict[str, float]]] = {}
    for run, step, name, value in connection.execute(query.order_by(t.metric.c.run, t.metric.c.step)):
        steps.setdefault(run, {}).setdefault(step, {})[name] = value
    return {keys[run]: [StepMetrics(step, values) for step, values in curve.items()] for run, curve in steps.items()}


def metric_total(connection: Connection, scope: Scope, name: str) -> float | None:
    """The sum of a metric's finite values; None if no run has it."""
    finite = t.metric.c.value.between(-_LARGEST, _LARGEST)  # NaN lies beyond on both databases
    query = select(func.sum(t.metric.c.value)).join(t.run, t.run.c.pk == t.metric.c.run)
    return connection.execute(query.where(t.run.c.study == scope.study, t.metric.c.name == name, finite)).scalar()


def metric_names(connection: Connection, scope: Scope, runs: Sequence[int]) -> list[str]:
    """Names of all metrics that runs, by their keys, have reported, sorted."""
    query = select(t.metric.c.name).distinct().where(t.metric.c.run.in_(list(runs)))
    return sorted(connection.execute(query).scalars())


def series(
    connection: Connection, scope: Scope, runs: Sequence[int], names: Sequence[str] | None = None
) -> dict[tuple[int, str], list[tuple[int, float]]]:
    """(run's key, metric) -> its (step, value) by step, of these runs and metrics; `names` None: all metrics."""
    query = select(t.metric.c.run, t.metric.c.name, t.metric.c.step, t.metric.c.value)
    query = query.where(t.metric.c.run.in_(list(runs))).order_by(t.metric.c.run, t.metric.c.step)
    if names is not None:
        query = query.where(t.metric.c.name.in_(list(names)))
    found: dict[tuple[int, str], list[tuple[int, float]]] = {}
    for run, name, step, value in connection.execute(query):
        found.setdefault((run, name), []).append((step, value))
    return found


def newest_steps(connection: Connection, scope: Scope, runs: Sequence[int]) -> dict[int, StepMetrics]:
    """The newest line of each of these runs, by its key."""
    last = select(func.max(t.metric.c.step)).where(t.metric.c.run == t.run.c.pk).correlate(t.run).scalar_subquery()
    query = (
        select(t.run.c.pk, t.metric.c.step, t.metric.c.name, t.metric.c.value)
        .join(t.metric, (t.metric.c.run == t.run.c.pk) & (t.metric.c.step == last))
        .where(t.run.c.pk.in_(list(runs)))
    )
    values: dict[tuple[int, int], dict[str, float]] = {}
    for run, step, name, value in connection.execute(query):
        values.setdefault((run, step), {})[name] = value
    return {run: StepMetrics(step, found) for (run, step), found in values.items()}
