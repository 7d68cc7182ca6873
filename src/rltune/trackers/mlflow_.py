"""MLflow: one run a run, in an experiment of the study's name.

MLflow chooses the ids of runs itself, so each carries its key as a tag, set by the request that makes it. Metrics can
only be added there, never replaced: before the first write to a run that exists, what it has is read back, and a step
is sent once. (A step that was trained twice keeps its first values; a run continued exactly repeats them.)
"""

# pyright: reportMissingImports=false
# The package is an extra.

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.view_type import ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from rltune.errors import TrackerError
from rltune.trackers.base import PREFIX, Point, Status, TrackedRun, TrackedStudy
from rltune.trackers.names import mlflow_name
from rltune.trackers.options import MlflowOptions

KEY_TAG = f"{PREFIX}key"
STUDY_TAG = f"{PREFIX}study_key"
DIGEST_TAG = f"{PREFIX}digest"
_METRICS_A_REQUEST, _NAMES_A_REQUEST = 800, 90
"""Metrics, and parameters or tags, in one request: MLflow takes 1000 things in all."""
_LONGEST_VALUE = 4_000
_PAGE = 1_000
_STATUS = {
    Status.RUNNING: "RUNNING",
    Status.FINISHED: "FINISHED",
    Status.FAILED: "FAILED",
    Status.KILLED: "KILLED",
}


@dataclass(slots=True)
class _Known:
    """What MLflow has of a run: its id there, parameters' names, (metric, step) -> value, tags, status."""

    id: str
    params: set[str] = field(default_factory=set)
    metrics: dict[tuple[str, int], float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "RUNNING"


class MlflowTracker:
    """Implements `rltune.trackers.base.Tracker`."""

    name = "mlflow"

    def __init__(self, options: MlflowOptions, folder: Path) -> None:
        default = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.absolute() / 'mlflow.db'}"
        self._uri = options.tracking_uri or default
        self._experiment_name = options.experiment
        self._folder = folder
        self._known: dict[str, _Known] = {}
        self._ids: dict[str, str] = {}

    @property
    def place(self) -> str:
        return f"mlflow ui --backend-store-uri {self._uri}" if self._local else self._uri

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        # A database that is made anew is told in dozens of lines.
        logging.getLogger("mlflow.store.db").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self._client = MlflowClient(tracking_uri=self._uri)
        self._study = study
        self._experiment = self._find_experiment(self._experiment_name or study.name)
        self._known.clear()
        digests = {}
        for run in self._runs():
            key = run.data.tags.get(KEY_TAG)
            if key is not None:
                self._ids[key] = run.info.run_id
                # The status is written last.
                whole = run.info.status != _STATUS[Status.RUNNING]
                digests[key] = run.data.tags.get(DIGEST_TAG, "") if whole else ""
        return digests

    def write(self, run: TrackedRun, curve: Sequence[Point]) -> None:
        known = self._take_up(run)
        at = _milliseconds(run.ended or run.started)
        values = [
            (mlflow_name(name), point.step, value, _milliseconds(point.time))
            for point in curve
            for name, value in point.values.items()
        ]
        metrics = [Metric(n, v, t, s) for n, s, v, t in values if (n, s) not in known.metrics]
        if run.status is not Status.RUNNING:
            step = run.last_step
            final = [(mlflow_name(name), value) for name, value in run.numbers.items()]
            metrics += [Metric(n, v, at, step) for n, v in final if not _same(known.metrics.get((n, step)), v)]
        self._send(known, metrics, run)
        self._set_status(known, run, at)
        if run.status is not Status.RUNNING:
            del self._known[run.key]  # most never change again, and their metrics fill the memory

    def close(self) -> None:
        """Holds nothing open."""

    # --- finding -------------------------------------------------------------------------------------------------
    @property
    def _local(self) -> bool:
        return "://" not in self._uri or self._uri.startswith(("sqlite:", "file:"))

    def _find_experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return self._client.create_experiment(name, artifact_location=self._artifacts())
            except MlflowException:
                # Another study may have made it just now.
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            raise TrackerError(
                f"MLflow's experiment {name!r} was deleted",
                where=self._uri,
                hint="restore it (`mlflow experiments restore`), or name another with {name: mlflow, experiment: ...}",
            )
        return found.experiment_id

    def _artifacts(self) -> str | None:
        """A local store's files go beside it, not into whatever folder the process happens to be in."""
        return (self._folder / "mlartifacts").absolute().as_uri() if self._local else None

    def _runs(self) -> Iterator:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                f"tags.`{STUDY_TAG}` = '{self._study.key}'",
                ViewType.ACTIVE_ONLY,
                _PAGE,
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    def _take_up(self, run: TrackedRun) -> _Known:
        """What MLflow has of the run; makes it if it is new."""
        known = self._known.get(run.key)
        if known is not None:
            return known
        if run.key not in self._ids:
            tags = {KEY_TAG: run.key, STUDY_TAG: self._study.key}
            made = self._client.create_run(
                self._experiment, start_time=_milliseconds(run.started), tags=tags, run_name=run.name
            )
            self._ids[run.key] = made.info.run_id
            known = _Known(made.info.run_id, tags=dict(tags))
        else:
            found = self._client.get_run(self._ids[run.key])
            known = _Known(found.info.run_id, set(found.data.params), tags=dict(found.data.tags))
            known.status = found.info.status
            for name in found.data.metrics:
                for metric in self._client.get_metric_history(known.id, name):
                    known.metrics[name, metric.step] = metric.value
        self._known[run.key] = known
        return known

    # --- sending -------------------------------------------------------------------------------------------------
    def _send(self, known: _Known, metrics: list[Metric], run: TrackedRun) -> None:
        params = [
            Param(key, str(value)[:_LONGEST_VALUE])
            for name, value in run.config.items()
            if (key := mlflow_name(name)) not in known.params
        ]
        facts = {**run.facts, f"{PREFIX}tags": ", ".join(run.tags), f"{PREFIX}status": run.status.value}
        if run.status is not Status.RUNNING:
            facts[DIGEST_TAG] = run.digest
        tags = [
            RunTag(key, text[:_LONGEST_VALUE])
            for name, text in facts.items()
            if known.tags.get(key := mlflow_name(name)) != text[:_LONGEST_VALUE]
        ]
        while metrics or params or tags:
            some_metrics, metrics = metrics[:_METRICS_A_REQUEST], metrics[_METRICS_A_REQUEST:]
            some_params, params = params[:_NAMES_A_REQUEST], params[_NAMES_A_REQUEST:]
            some_tags, tags = tags[:_NAMES_A_REQUEST], tags[_NAMES_A_REQUEST:]
            self._client.log_batch(known.id, some_metrics, some_params, some_tags)
            known.metrics |= {(m.key, m.step): m.value for m in some_metrics}
            known.params |= {param.key for param in some_params}
            known.tags |= {tag.key: tag.value for tag in some_tags}

    def _set_status(self, known: _Known, run: TrackedRun, at: int) -> None:
        status = _STATUS[run.status]
        if run.status is Status.RUNNING:
            if known.status != status:
                self._client.update_run(known.id, status=status)
        else:
            self._client.set_terminated(known.id, status, end_time=at)
        known.status = status


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))


def _same(there: float | None, value: float) -> bool:
    # MLflow keeps an infinity as the largest number.
    if there is None:
        return False
    return there == value or (math.isnan(there) and math.isnan(value)) or (math.isinf(value) and abs(there) > 1e308)
