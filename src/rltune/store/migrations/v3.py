"""Version 3: requests of people to a study."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from rltune.store.columns import ExactFloat, WholeNumber


def upgrade(op: Operations, schema: str | None) -> None:
    """From version 2. `schema`: where the tables stand."""
    op.create_table(
        "request",
        sa.Column("pk", WholeNumber, primary_key=True),
        sa.Column("study", WholeNumber, sa.ForeignKey(f"{schema}.study.pk" if schema else "study.pk"), nullable=False),
        sa.Column("number", WholeNumber, nullable=False),
        sa.Column("time", ExactFloat, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("answer", sa.Text, nullable=False, server_default=""),
        sa.Column("answered", ExactFloat),
        sa.UniqueConstraint("study", "number"),
        schema=schema,
    )
