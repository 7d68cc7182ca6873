"""Orders, metrics and outcomes as plain JSON values, and back, exactly.

JSON has no NaN and no infinity, but metrics do: such a number is written as `{"$float": "nan"}` (or `"inf"`,
`"-inf"`), so that every file is strict JSON and every value comes back as it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from rltune.executors.base import Depot, Limits, Order, Outcome, SavedCheckpoint
from rltune.store.registry import KEEP_CHECKPOINTS
from rltune.trainers.base import ScoreJob, Scoring, TrainJob
from rltune.types import Cost, StepMetrics, StopKind, StopReason

_FLOAT = "$float"
_JOBS = {"train": TrainJob, "score": ScoreJob}


def dumps(value: object) -> str:
    """One line of strict JSON.

    Raises:
        TypeError: if the value holds something that is not plain (a number, string, bool, None, list or mapping).
    """
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """The value that `dumps` wrote (tuples come back as lists).

    Raises:
        ValueError: if the text is not JSON.
    """
    return json.loads(text, object_hook=_revive)


def order_to_plain(order: Order) -> dict[str, object]:
    """An order as plain values; `folder` and `checkpoints` as text."""
    kind = next(name for name, job in _JOBS.items() if isinstance(order.job, job))
    return {
        "id": order.id,
        "folder": str(order.folder),
        "checkpoints": str(order.checkpoints),
        "trainer": order.trainer,
        "settings": dict(order.settings),
        "kind": kind,
        "job": _fields(order.job) | {_scoring_field(kind): _fields(getattr(order.job, _scoring_field(kind)))},
        "rules": [dict(rule) for rule in order.rules],
        "limits": _fields(order.limits),
        "earlier": [metrics_to_plain(m) for m in order.earlier],
        "gpus": order.gpus,
        "keep": order.keep,
        "avoid": list(order.avoid),
        "depot": None if order.depot is None else _fields(order.depot),
    }


def order_from_plain(plain: Mapping[str, Any]) -> Order:
    """The order that `order_to_plain` described.

    Raises:
        KeyError, TypeError, ValueError: if it is not one.
    """
    kind = plain["kind"]
    job = dict(plain["job"])
    job[_scoring_field(kind)] = Scoring(**job[_scoring_field(kind)])
    if kind == "train":
        job |= {name: tuple(job[name]) for name in ("validate_at", "checkpoint_at")}
    return Order(
        id=plain["id"],
        folder=Path(plain["folder"]),
        checkpoints=Path(plain["checkpoints"]),
        trainer=plain["trainer"],
        job=_JOBS[kind](**job),
        rules=tuple(plain["rules"]),
        limits=Limits(**plain["limits"]),
        earlier=tuple(metrics_from_plain(m) for m in plain["earlier"]),
        settings=dict(plain["settings"]),
        gpus=plain.get("gpus"),
        keep=plain.get("keep", KEEP_CHECKPOINTS),
        avoid=tuple(str(machine) for machine in plain.get("avoid", ())),
        depot=Depot(**plain["depot"]) if plain.get("depot") else None,
    )


def metrics_to_plain(metrics: StepMetrics) -> dict[str, object]:
    """A line of metrics as JSON values."""
    return {"step": metrics.step, "values": dict(metrics.values)}


def metrics_from_plain(plain: Mapping[str, Any]) -> StepMetrics:
    """Raises KeyError, TypeError or ValueError if `plain` is no step."""
    return StepMetrics(int(plain["step"]), {str(k): float(v) for k, v in plain["values"].items()})


def outcome_to_plain(outcome: Outcome) -> dict[str, object]:
    """An outcome without its metrics and log, which have files of their own."""
    stop = _fields(outcome.stop) | {"kind": outcome.stop.kind.value}
    checkpoints = [{"step": c.step, "path": str(c.path), "bytes": c.bytes} for c in outcome.checkpoints]
    return {
        "stop": stop,
        "cost": _fields(outcome.cost),
        "checkpoints": checkpoints,
        "scores": dict(outcome.scores),
        "abstained": dict(outcome.abstained),
    }


def outcome_from_plain(plain: Mapping[str, Any], metrics: tuple[StepMetrics, ...]) -> Outcome:
    """Raises KeyError, TypeError or ValueError if `plain` is no outcome."""
    stop = plain["stop"]
    return Outcome(
        stop=StopReason(**{**stop, "kind": StopKind(stop["kind"])}),
        cost=Cost(**plain["cost"]),
        metrics=metrics,
        checkpoints=tuple(SavedCheckpoint(c["step"], Path(c["path"]), c["bytes"]) for c in plain["checkpoints"]),
        scores=dict(plain["scores"]),
        abstained=dict(plain["abstained"]),
    )


def _scoring_field(kind: str) -> str:
    return "validation" if kind == "train" else "scoring"


def _fields(value: Any) -> dict[str, Any]:
    return {f.name: getattr(value, f.name) for f in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: repr(float(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _revive(plain: dict[str, Any]) -> object:
    return float(plain[_FLOAT]) if plain.keys() == {_FLOAT} else plain
