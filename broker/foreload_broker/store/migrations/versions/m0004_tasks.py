"""Tasks that may be paused or moved, and what became of them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the change."""
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.String(length=63), nullable=False),
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("updated_at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("command", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("task_id"),
    )
    op.create_index("tasks_by_environment", "tasks", ["environment_id"])
    op.create_table(
        "task_events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("task_id", sa.String(length=63), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=False),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("task_events_by_task", "task_events", ["environment_id", "task_id"])
