"""From records to rows. Every function writes inside a transaction that its caller has opened and will commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rltune.errors import StoreError
from rltune.store import reading
from rltune.store import schema as t
from rltune.store.base import CheckpointState, CheckpointTier, ScoreRecord, SegmentState
from rltune.store.scope import Scope
from rltune.types import SAYS_NOTHING, Configuration, Cost, Evaluation, Proposal, StepMetrics, StopKind, StopReason

CUT_SHORT = (*SAYS_NOTHING, StopKind.FAILED)
"""Ends that say nothing about a configuration: what follows is another try, not a promotion."""


def hold_study(connection: Connection, study: int) -> None:
    """Until the transaction ends nobody else writes this study: as SQLite has it of itself, for the whole database."""
    connection.execute(select(t.study.c.pk).where(t.study.c.pk == study).with_for_update(key_share=True))


def fact(connection: Connection, scope: Scope, name: str, value: object) -> None:
    _upsert(connection, t.fact, {"study": scope.study, "name": name}, {"value": value})


def run(connection: Connection, scope: Scope, configuration: Configuration, model: str, seed: int) -> int:
    """The key of the run of these three, which is made if it is new."""
    content = configuration.json()
    found = connection.execute(
        select(t.configuration.c.pk).where(t.configuration.c.study == scope.study, t.configuration.c.content == content)
    ).scalar()
    if found is None:
        values = {"study": scope.study, "id": configuration.id, "content": content}
        found = _insert(connection, t.configuration, values)
    known = connection.execute(
        select(t.run.c.pk).where(t.run.c.configuration == found, t.run.c.model == model, t.run.c.seed == seed)
    ).scalar()
    if known is not None:
        return known
    last = connection.execute(select(func.max(t.run.c.number)).where(t.run.c.study == scope.study)).scalar()
    number = (last or 0) + 1
    values = {"study": scope.study, "number": number, "id": f"r{number:04d}"}
    return _insert(connection, t.run, {**values, "configuration": found, "model": model, "seed": seed})


def begin_segment(
    connection: Connection,
    scope: Scope,
    proposal: Proposal,
    run_id: str,
    from_step: int,
    folder: Path,
    now: float,
) -> str:
    """Adds a running segment and its line in the ledger; returns the segment's id.

    Raises:
        StoreError: if the run is unknown or has a running segment already, or `from_step` isn't before the end.
    """
    key = reading.run_key(connection, scope, run_id)
    to_step = proposal.fidelity.steps
    if not 0 <= from_step < to_step:
        raise StoreError(
            f"a segment must go forward, not from step {from_step} to step {to_step}",
            where=f"{scope.where}, run {run_id}",
        )
    earlier = reading.segments(connection, scope, run_id)
    if any(segment.state is SegmentState.RUNNING for segment in earlier):
        raise StoreError(
            f"run {run_id} has a running segment already ({earlier[-1].id})",
            where=scope.where,
            hint="finish it first; after a crash, `rltune resume` does",
        )
    number = len(earlier) + 1
    segment_id = f"{run_id}-s{number}"
    values = {
        "run": key,
        "number": number,
        "id": segment_id,
        "from_step": from_step,
        "to_step": to_step,
        "phase": proposal.phase.value,
        "reason": proposal.reason,
        "proposal_values": proposal.values,
        "state": SegmentState.RUNNING.value,
        "folder": scope.path_to_text(folder),
        "started": now,
    }
    _insert(connection, t.segment, values)
    last = earlier[-1].stop if earlier else None
    kind = "proposal" if last is None else "retry" if last.kind in CUT_SHORT else "promotion"
    inputs = {
        "segment": segment_id,
        "configuration": proposal.configuration.id,
        "model": proposal.fidelity.model,
        "from_step": from_step,
        "to_step": to_step,
        "seed": proposal.seed,
        "phase": proposal.phase.value,
    }
    decision(connection, scope, kind, run_id, proposal.reason, {**proposal.values, **inputs}, now)
    return segment_id


def set_process(connection: Connection, scope: Scope, segment_id: str, pid: int, pid_started: float) -> None:
    key = reading.segment_row(connection, scope, segment_id).pk
    values = {"pid": pid, "pid_started": pid_started}
    connection.execute(update(t.segment).where(t.segment.c.pk == key).values(values))


def steps(connection: Connection, new: Mapping[int, Sequence[StepMetrics]]) -> None:
    """Replaces the metrics of these steps, by the keys of their runs; of a step given twice the last line counts."""
    lines = {(run, metrics.step): metrics.values for run, found in new.items() for metrics in found}
    if not lines:
        return
    old = t.metric.delete().where(t.metric.c.run == bindparam("of_run"), t.metric.c.step == bindparam("of_step"))
    connection.execute(old, [{"of_run": run, "of_step": step} for run, step in lines])
    rows = [
        {"run": run, "step": step, "name": name, "value": value}
        for (run, step), values in lines.items()
        for name, value in values.items()
    ]
    if rows:
        connection.execute(t.metric.insert(), rows)


def end_segment(
    connection: Connection,
    scope: Scope,
    segment_id: str,
    stop: StopReason,
    cost: Cost,
    log_tail: str,
    worker: str,
    now: float,
) -> int | None:
    """Ends a running segment and returns its run's key, or None if it has ended already.

    What it `retrained` is the overlap of its steps with those that earlier segments of the run had trained.
    """
    row = reading.segment_row(connection, scope, segment_id)
    reached = connection.execute(
        select(func.max(t.segment.c.stop_step)).where(t.segment.c.run == row.run, t.segment.c.number < row.number)
    ).scalar()
    ended = (
        update(t.segment)
        .where(t.segment.c.pk == row.pk, t.segment.c.state == SegmentState.RUNNING.value)
        .values(
            state=SegmentState.ENDED.value,
            ended=now,
            retrained=max(0, min(stop.step, reached or 0) - row.from_step),
            log_tail=log_tail,
            worker=worker or None,
            **_stop(stop),
            **_cost(cost),
        )
    )
    if connection.execute(ended).rowcount == 0:
        return None
    if stop.rule is not None or stop.kind is StopKind.RULE:
        values = {**stop.values, "rule": stop.rule, "step": stop.step, "segment": segment_id}
        decision(connection, scope, "stop", row.run_id, stop.reason, values, now)
    return row.run


def evaluation(connection: Connection, scope: Scope, run_key: int, new: Evaluation) -> None:
    """Adds an evaluation. If (run, step) has one: with a score it stays, without one it gives way to the new.

    Raises:
        StoreError: if it isn't of this run.
    """
    owner = reading.runs(connection, scope, t.run.c.pk == run_key)[0]
    if (new.configuration, new.fidelity.model, new.seed) != (owner.configuration, owner.model, owner.seed):
        raise StoreError(
            f"the evaluation is of {new.configuration.id} on {new.fidelity.model} with seed {new.seed}, "
            f"but run {owner.id} is {owner.configuration.id} on {owner.model} with seed {owner.seed}",
            where=scope.where,
        )
    this = (t.evaluation.c.run == run_key, t.evaluation.c.step == new.fidelity.steps)
    old = connection.execute(select(t.evaluation.c.pk, t.evaluation.c.score).where(*this)).first()
    if old is not None and old.score is not None:
        return
    connection.execute(t.evaluation.delete().where(*this))
    values = {
        "run": run_key,
        "step": new.fidelity.steps,
        "phase": new.phase.value,
        "score": new.score,
        "last_score": new.last_score,
        "steps_trained": new.steps_trained,
    }
    _insert(connection, t.evaluation, {**values, **_cost(new.cost), **_stop(new.stop)})


def checkpoint(connection: Connection, scope: Scope, run_key: int, step: int, path: Path, size: int) -> None:
    """Adds a complete checkpoint, in the place of one of the same step; a pin stays."""
    values = {"path": scope.path_to_text(path), "bytes": size, "state": CheckpointState.COMPLETE.value}
    values["tier"] = CheckpointTier.FULL.value
    key = {"run": run_key, "step": step}
    _upsert(connection, t.checkpoint, key, values, only_new={"pinned": False})


def change_checkpoint(
    connection: Connection, scope: Scope, run_id: str, step: int, values: Mapping[str, object]
) -> None:
    """Changes columns of a checkpoint.

    Raises:
        StoreError: if there is none.
    """
    key = reading.run_key(connection, scope, run_id)
    this = (t.checkpoint.c.run == key, t.checkpoint.c.step == step)
    if connection.execute(update(t.checkpoint).where(*this).values(**values)).rowcount == 0:
        raise StoreError(f"run {run_id} has no checkpoint of step {step}", where=scope.where)


def delete_checkpoint(connection: Connection, scope: Scope, run_id: str, step: int) -> bool:
    """Marks a checkpoint as deleted; False, and nothing is changed, if it is pinned or there is none."""
    key = reading.run_key(connection, scope, run_id)
    this = (t.checkpoint.c.run == key, t.checkpoint.c.step == step, t.checkpoint.c.pinned.is_(False))
    gone = update(t.checkpoint).where(*this).values(state=CheckpointState.DELETED.value)
    return connection.execute(gone).rowcount == 1


def score(connection: Connection, scope: Scope, new: ScoreRecord) -> None:
    run_key = None if new.run_id is None else reading.run_key(connection, scope, new.run_id)
    same = (
        t.score.c.study == scope.study,
        t.score.c.model == new.model,
        t.score.c.run.is_(None) if run_key is None else t.score.c.run == run_key,
        t.score.c.step == new.step,
        t.score.c.split == new.split,
    )
    connection.execute(t.score.delete().where(*same))
    values = {"study": scope.study, "model": new.model, "run": run_key, "step": new.step}
    _insert(connection, t.score, {**values, "split": new.split, "content": new.values, "seconds": new.seconds})


def decision(
    connection: Connection,
    scope: Scope,
    kind: str,
    subject: str,
    reason: str,
    values: Mapping[str, object],
    now: float,
) -> None:
    row = {"study": scope.study, "time": now, "kind": kind, "subject": subject, "reason": reason}
    connection.execute(t.decision.insert().values(**row, content=values))


def event(connection: Connection, scope: Scope, level: str, message: str, now: float) -> None:
    row = {"study": scope.study, "time": now, "level": level, "message": message}
    connection.execute(t.event.insert().values(**row))


def _insert(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    """Adds a row and returns its key."""
    (key,) = connection.execute(table.insert().values(**values)).inserted_primary_key or (0,)
    return key


def _upsert(
    connection: Connection,
    table: Table,
    key: Mapping[str, object],
    values: Mapping[str, object],
    only_new: Mapping[str, object] | None = None,
) -> None:
    """Adds a row, or changes `values` of the one with this unique `key`. `only_new` is left alone in an old row."""
    postgres = connection.dialect.name == "postgresql"
    insert: Any = (postgresql.insert if postgres else sqlite.insert)(table)
    statement = insert.values(**key, **values, **(only_new or {}))
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _stop(stop: StopReason) -> dict[str, object]:
    return {
        "stop_kind": stop.kind.value,
        "stop_step": stop.step,
        "stop_reason": stop.reason,
        "stop_rule": stop.rule,
        "stop_values": stop.values,
    }


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "train_seconds": cost.train_seconds,
        "validate_seconds": cost.validate_seconds,
        "start_seconds": cost.start_seconds,
    }
