"""From the columns of a row to the values that records are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Row, Table

from rltune.store.base import SegmentRecord, SegmentState
from rltune.store.scope import Scope
from rltune.types import Configuration, Cost, Phase, StopKind, StopReason


@lru_cache(maxsize=1 << 16)
def configuration_of(content: str) -> Configuration:
    """Parses each configuration once: many rows share one, and a controller reads them again and again."""
    return Configuration(json.loads(content))


def stop_columns(table: Table) -> Iterable[Column[Any]]:
    """A table's columns that a stop reason is made of."""
    return (table.c.stop_kind, table.c.stop_step, table.c.stop_reason, table.c.stop_rule, table.c.stop_values)


def stop_of(row: Row[Any]) -> StopReason | None:
    """The stop reason of a row; None if it has none yet."""
    return None if row.stop_kind is None else required_stop(row)


def required_stop(row: Row[Any]) -> StopReason:
    """The stop reason of a row that has one."""
    return StopReason(
        kind=StopKind(row.stop_kind),
        step=row.stop_step,
        reason=row.stop_reason,
        rule=row.stop_rule,
        values=row.stop_values,
    )


def cost_of(row: Row[Any]) -> Cost:
    """The cost of a row."""
    return Cost(row.train_seconds, row.validate_seconds, row.start_seconds)


def segment_record(row: Row[Any], scope: Scope) -> SegmentRecord:
    """The record of a row that `segment_row` gave."""
    return SegmentRecord(
        id=row.id,
        run_id=row.run_id,
        from_step=row.from_step,
        to_step=row.to_step,
        phase=Phase(row.phase),
        reason=row.reason,
        state=SegmentState(row.state),
        folder=scope.text_to_path(row.folder),
        pid=row.pid,
        pid_started=row.pid_started,
        started=row.started,
        ended=row.ended,
        stop=stop_of(row),
        cost=cost_of(row),
        retrained=row.retrained,
        log_tail=row.log_tail,
        worker=row.worker or "",
    )
