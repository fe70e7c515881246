"""The first shape"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the change."""
    op.create_table(
        "asks",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
    )
    op.create_table(
        "consents",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("share_features", sa.Boolean(), nullable=False),
        sa.Column("automatic_scaling", sa.Boolean(), nullable=False),
        sa.Column("cohort_history", sa.Boolean(), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("decided_at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("explanation", sa.LargeBinary(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "revision"),
    )
    op.create_index("decisions_by_time", "decisions", ["decided_at_microseconds"], unique=False)
    op.create_table(
        "features",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("stream", sa.String(length=63), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("chain_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("stream", "tick", "kind"),
    )
    op.create_index("journal_by_tick", "journal", ["tick"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
    )
    op.create_table(
        "results",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "revision", "resource"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "samples",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("start_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("interval_seconds", sa.Float(), nullable=False),
        sa.Column("used_cpu_cores", sa.Float(), nullable=True),
        sa.Column("used_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("used_gpu_count", sa.Float(), nullable=True),
        sa.Column("used_network_rx_bytes_per_second", sa.Float(), nullable=True),
        sa.Column("used_network_tx_bytes_per_second", sa.Float(), nullable=True),
        sa.Column("limit_cpu_cores", sa.Float(), nullable=True),
        sa.Column("limit_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("limit_gpu_count", sa.Float(), nullable=True),
        sa.Column("limit_network_rx_bytes_per_second", sa.Float(), nullable=True),
        sa.Column("limit_network_tx_bytes_per_second", sa.Float(), nullable=True),
        sa.Column("throttled_seconds", sa.Float(), nullable=False),
        sa.Column("oom_kills", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "source", "start_microseconds"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sequences",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("acknowledged_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "signals",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("signal_id", sa.String(length=128), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "signal_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("signals_by_time", "signals", ["environment_id", "at_microseconds"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("purged_at_microseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "wishes",
        sa.Column("environment_id", sa.String(length=63), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("at_microseconds", sa.BigInteger(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "request_id"),
        sqlite_with_rowid=False,
    )
