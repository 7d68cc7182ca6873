"""The tables, and the constraints that keep them true whatever a caller does.

`run`, `segment` and the rest hang on integer keys of their own; the ids that the outside sees (`r0007`, `r0007-s2`)
are unique within a study. What can't happen twice has a unique constraint: a study's name, a run's (configuration,
model, seed), a run's running segment, a metric's (run, step, name), an evaluation's and a checkpoint's (run, step), a
request's number.

In PostgreSQL the tables stand in a schema `rltune`, so that they can share a database with others.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from rltune.store.base import SegmentState
from rltune.store.columns import CleanText, ExactFloat, JsonText, WholeNumber

SCHEMA_VERSION = 3
"""Raised with every change of the tables, together with a step in `rltune.store.migrations` that gets there."""

POSTGRES_SCHEMA = "rltune"

metadata = MetaData()


def _key() -> Column[int]:
    return Column("pk", WholeNumber, primary_key=True)


def _of(table: str) -> Column[int]:
    return Column(table, WholeNumber, ForeignKey(f"{table}.pk"), nullable=False)


def _stop(*, nullable: bool) -> tuple[Column, ...]:
    """The five columns of a StopReason."""
    return (
        Column("stop_kind", String(20), nullable=nullable),
        Column("stop_step", WholeNumber, nullable=nullable),
        Column("stop_reason", CleanText, nullable=nullable),
        Column("stop_rule", CleanText),
        Column("stop_values", JsonText),
    )


def _cost() -> tuple[Column, ...]:
    """The three columns of a Cost, in seconds."""
    names = ("train_seconds", "validate_seconds", "start_seconds")
    return tuple(Column(name, ExactFloat, nullable=False, default=0.0) for name in names)


version = Table("rltune_schema", metadata, Column("version", WholeNumber, primary_key=True))

study = Table(
    "study",
    metadata,
    _key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("phase", CleanText, nullable=False),
    Column("config", JsonText, nullable=False),
    Column("created", ExactFloat, nullable=False),
    Column("seconds", ExactFloat, nullable=False),
)

controller = Table(
    "controller",
    metadata,
    # One row a study, from its first controller on; see `rltune.store.lock`.
    Column("study", WholeNumber, ForeignKey("study.pk"), primary_key=True, autoincrement=False),
    Column("token", WholeNumber, nullable=False),  # goes up by one with each controller
    Column("holder", Text, nullable=False),  # its process, recognizable on its own machine; empty: it has let go
    Column("host", Text, nullable=False),
    Column("pid", WholeNumber, nullable=False),
    Column("acquired", ExactFloat, nullable=False),  # by the database's clock, as `renewed`
    Column("renewed", ExactFloat, nullable=False),
    Column("written", Text),  # names its newest writing transaction: did a commit whose answer was lost go through?
)

fact = Table(
    "fact",
    metadata,
    _key(),
    _of("study"),
    Column("name", Text, nullable=False),
    Column("value", JsonText, nullable=False),
    UniqueConstraint("study", "name"),
)

configuration = Table(
    "configuration",
    metadata,
    _key(),
    _of("study"),
    Column("id", String(20), nullable=False),
    Column("content", Text, nullable=False),  # Configuration.json(): canonical, so equal texts are equal values
    UniqueConstraint("study", "content"),
)

run = Table(
    "run",
    metadata,
    _key(),
    _of("study"),
    Column("number", WholeNumber, nullable=False),
    Column("id", String(40), nullable=False),
    _of("configuration"),
    Column("model", Text, nullable=False),
    Column("seed", WholeNumber, nullable=False),
    UniqueConstraint("study", "number"),
    UniqueConstraint("study", "id"),
    UniqueConstraint("configuration", "model", "seed"),
)

segment = Table(
    "segment",
    metadata,
    _key(),
    _of("run"),
    Column("number", WholeNumber, nullable=False),
    Column("id", String(60), nullable=False),
    Column("from_step", WholeNumber, nullable=False),
    Column("to_step", WholeNumber, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("proposal_values", JsonText, nullable=False),
    Column("state", String(20), nullable=False),
    Column("folder", Text, nullable=False),
    Column("pid", WholeNumber),
    Column("pid_started", ExactFloat),
    Column("worker", CleanText),  # the machine that it ran on, known at its end; NULL: it didn't say
    Column("started", ExactFloat, nullable=False),
    Column("ended", ExactFloat),
    *_stop(nullable=True),
    *_cost(),
    Column("retrained", WholeNumber, nullable=False, default=0),
    Column("log_tail", CleanText, nullable=False, default=""),
    UniqueConstraint("run", "number"),
    CheckConstraint("0 <= from_step AND from_step < to_step"),
)

_RUNNING = segment.c.state == SegmentState.RUNNING.value
Index("one_running_segment_a_run", segment.c.run, unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING)

metric = Table(
    "metric",
    metadata,
    Column("run", WholeNumber, ForeignKey("run.pk"), primary_key=True),
    Column("step", WholeNumber, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", ExactFloat, nullable=False),
    sqlite_with_rowid=False,  # the key is the table: one B-tree instead of two, by far the most rows
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("run", WholeNumber, ForeignKey("run.pk"), primary_key=True),
    Column("step", WholeNumber, primary_key=True),
    Column("path", Text, nullable=False),
    Column("bytes", WholeNumber, nullable=False),
    Column("state", String(20), nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("tier", String(20), nullable=False, server_default="full"),  # or "weights": nothing to resume from
)

evaluation = Table(
    "evaluation",
    metadata,
    _key(),  # in the order of their commit
    _of("run"),
    Column("step", WholeNumber, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("score", ExactFloat),
    Column("last_score", ExactFloat),
    Column("steps_trained", WholeNumber, nullable=False),
    *_cost(),
    *_stop(nullable=False),
    UniqueConstraint("run", "step"),
)

score = Table(
    "score",
    metadata,
    _key(),
    _of("study"),
    Column("model", Text, nullable=False),
    Column("run", WholeNumber, ForeignKey("run.pk")),  # NULL: the base model
    Column("step", WholeNumber, nullable=False),
    Column("split", Text, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("seconds", ExactFloat, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    _key(),
    _of("study"),
    Column("time", ExactFloat, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("content", JsonText, nullable=False),
)

event = Table(
    "event",
    metadata,
    _key(),
    _of("study"),
    Column("time", ExactFloat, nullable=False),
    Column("level", String(20), nullable=False),
    Column("message", CleanText, nullable=False),
)

request = Table(
    "request",
    metadata,
    # What people ask of a study while it goes on; the only rows that others than its controller add.
    _key(),
    _of("study"),
    Column("number", WholeNumber, nullable=False),
    Column("time", ExactFloat, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("author", CleanText, nullable=False),
    Column("state", String(20), nullable=False),
    Column("answer", CleanText, nullable=False, server_default=""),
    Column("answered", ExactFloat),
    UniqueConstraint("study", "number"),
)

for _table in (segment, score, decision, event):
    _owner = _table.c.run if _table is segment else _table.c.study
    Index(f"{_table.name}_of_{_owner.name}", _owner)
