"""Version 2: one controller at a time by a lease in the database; a segment's node; tiers of checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from rltune.store.columns import ExactFloat, WholeNumber


def upgrade(op: Operations, schema: str | None) -> None:
    """From version 1. `schema`: where the tables stand."""
    op.create_table(
        "controller",
        sa.Column("study", WholeNumber, sa.ForeignKey(f"{schema}.study.pk" if schema else "study.pk"), nullable=False),
        sa.Column("token", WholeNumber, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", WholeNumber, nullable=False),
        sa.Column("acquired", ExactFloat, nullable=False),
        sa.Column("renewed", ExactFloat, nullable=False),
        sa.Column("written", sa.Text),
        sa.PrimaryKeyConstraint("study"),
        schema=schema,
    )
    op.add_column("segment", sa.Column("worker", sa.Text), schema=schema)
    tier = sa.Column("tier", sa.String(20), nullable=False, server_default="full")
    op.add_column("checkpoint", tier, schema=schema)
