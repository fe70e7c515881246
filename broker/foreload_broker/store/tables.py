"""The tables. Times are whole microseconds since 1970, UTC; payloads are messages of the gRPC contract or plain JSON.

SQLite keeps rows of a few numbers in the order of their key; rows with long payloads have their own numbers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

FLEET_STREAM = ""
"""The journal's stream that belongs to no environment: moments of the ticks, capacities, prices, settings."""


def _environment(**more: object) -> Column[str]:
    return Column("environment_id", String(63), primary_key=True, **more)  # pyright: ignore[reportArgumentType]


SEQUENCES = Table(
    "sequences",
    METADATA,
    _environment(),
    # Everything up to here is durable. Outlives a purge, or what is still in a daemon's outbox would come back.
    Column("acknowledged_sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

CONSENTS = Table(
    "consents",
    METADATA,
    _environment(),
    Column("revision", BigInteger, nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("share_features", Boolean, nullable=False),
    Column("automatic_scaling", Boolean, nullable=False),
    Column("cohort_history", Boolean, nullable=False),
    Column("at_microseconds", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

SAMPLES = Table(
    "samples",
    METADATA,
    _environment(),
    Column("source", String(8), primary_key=True),
    Column("start_microseconds", BigInteger, primary_key=True),
    Column("interval_seconds", Float, nullable=False),
    Column("used_cpu_cores", Float),
    Column("used_memory_bytes", BigInteger),
    Column("used_gpu_count", Float),
    Column("used_network_rx_bytes_per_second", Float),
    Column("used_network_tx_bytes_per_second", Float),
    Column("limit_cpu_cores", Float),
    Column("limit_memory_bytes", BigInteger),
    Column("limit_gpu_count", Float),
    Column("limit_network_rx_bytes_per_second", Float),
    Column("limit_network_tx_bytes_per_second", Float),
    Column("throttled_seconds", Float, nullable=False),
    Column("oom_kills", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

SIGNALS = Table(
    "signals",
    METADATA,
    _environment(),
    Column("signal_id", String(128), primary_key=True),
    Column("at_microseconds", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("signals_by_time", "environment_id", "at_microseconds"),
    sqlite_with_rowid=False,
)

ASKS = Table(
    "asks",
    METADATA,
    _environment(),
    Column("revision", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

PROFILES = Table(
    "profiles",
    METADATA,
    _environment(),
    Column("revision", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

FEATURES = Table(
    "features",
    METADATA,
    _environment(),
    Column("schema_version", Integer, nullable=False),
    Column("at_microseconds", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

WISHES = Table(
    "wishes",
    METADATA,
    _environment(),
    Column("request_id", String(128), primary_key=True),
    Column("method", String(64), nullable=False),
    Column("at_microseconds", BigInteger, nullable=False),
    Column("response", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

DECISIONS = Table(
    "decisions",
    METADATA,
    _environment(),
    Column("revision", BigInteger, primary_key=True),
    Column("decided_at_microseconds", BigInteger, nullable=False),
    # The whole `EnvironmentDecision` as plain JSON.
    Column("decision", Text, nullable=False),
    # `ExplainDecisionResponse` without the decision: what it was decided on.
    Column("explanation", LargeBinary, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("undone", Boolean, nullable=False),
    # The agent has said what came of it, or nothing is to be done any more.
    Column("settled", Boolean, nullable=False),
    Index("decisions_by_time", "decided_at_microseconds"),
)

RESULTS = Table(
    "results",
    METADATA,
    _environment(),
    Column("revision", BigInteger, primary_key=True),
    Column("resource", String(16), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

ENROLMENT_TOKENS = Table(
    "enrolment_tokens",
    METADATA,
    # SHA-256 of the secret: who reads the database gets no certificate with it.
    Column("secret_hash", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(63), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("expires_at_microseconds", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

ADMINISTRATIVE_ACTS = Table(
    "administrative_acts",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at_microseconds", BigInteger, nullable=False),
    # KIND NAME of who did it; a newcomer is who the token was for.
    Column("actor", String(80), nullable=False),
    Column("act", String(40), nullable=False),
    Column("about", String(200), nullable=False),
    Index("administrative_acts_by_time", "at_microseconds"),
)

JOURNAL = Table(
    "journal",
    METADATA,
    # Environment, or FLEET_STREAM.
    Column("stream", String(63), primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    # "delta": what this tick brought; "snapshot": the state after this tick.
    Column("kind", String(8), primary_key=True),
    Column("at_microseconds", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # The decision that the tick came to for this environment, as canonical JSON; empty for none.
    Column("decision", Text, nullable=False),
    # SHA-256 over the stream's hash before, the payload and the decision.
    Column("chain_hash", LargeBinary(32), nullable=False),
    Index("journal_by_tick", "tick"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String(20), primary_key=True),
    # Who holds it, for people; empty before the first.
    Column("holder", String(200), nullable=False),
    # Grows with each taking: what is written is written under one epoch.
    Column("epoch", BigInteger, nullable=False),
    # By the clock of the database.
    Column("expires_at_microseconds", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

TOMBSTONES = Table(
    "tombstones",
    METADATA,
    _environment(),
    Column("purged_at_microseconds", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

TASKS = Table(
    "tasks",
    METADATA,
    Column("task_id", String(63), primary_key=True),
    Column("environment_id", String(63), nullable=False),
    Column("updated_at_microseconds", BigInteger, nullable=False),
    # The whole `Task` as plain JSON: what is decided on.
    Column("task", Text, nullable=False),
    # `TaskCommand` of the contract: what a person submitted. Emptied when the task has ended.
    Column("command", LargeBinary, nullable=False),
    Index("tasks_by_environment", "environment_id"),
)

TASK_EVENTS = Table(
    "task_events",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("environment_id", String(63), nullable=False),
    Column("task_id", String(63), nullable=False),
    Column("at_microseconds", BigInteger, nullable=False),
    Column("from_state", String(16), nullable=False),
    Column("to_state", String(16), nullable=False),
    Column("instance_id", String(63), nullable=False),
    # The `Reason` as plain JSON: why, in a code and numbers.
    Column("reason", Text, nullable=False),
    Index("task_events_by_task", "environment_id", "task_id"),
)

OF_AN_ENVIRONMENT = (
    *(CONSENTS, SAMPLES, SIGNALS, ASKS, PROFILES, FEATURES, WISHES, RESULTS, DECISIONS),
    *(TASKS, TASK_EVENTS),
)
"""The tables whose rows belong to one environment and are deleted with it; the journal's streams come on top."""
