"""Tables of the local history, and how an older file becomes today's. One entry a version; an entry never changes."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE samples (
        resolution_seconds INTEGER NOT NULL,
        start_seconds INTEGER NOT NULL,
        measured_seconds REAL NOT NULL,
        cpu_cores REAL, cpu_cores_highest REAL,
        memory_bytes INTEGER, memory_bytes_highest INTEGER,
        gpu_count REAL,
        network_rx_bytes_per_second REAL, network_tx_bytes_per_second REAL,
        cpu_limit_cores REAL, memory_limit_bytes INTEGER,
        throttled_seconds REAL NOT NULL DEFAULT 0,
        oom_kills INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (resolution_seconds, start_seconds)
    ) WITHOUT ROWID;

    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        kind TEXT NOT NULL,
        trigger TEXT NOT NULL,
        name TEXT NOT NULL,
        started_at_seconds REAL NOT NULL,
        duration_seconds REAL,
        cpu_cores REAL, cpu_cores_highest REAL,
        memory_bytes_highest INTEGER,
        network_rx_bytes_per_second REAL, network_tx_bytes_per_second REAL,
        gpu_count REAL,
        throttled_seconds REAL,
        raised_after_milliseconds REAL,
        exit_code INTEGER,
        features TEXT NOT NULL DEFAULT '{}'
    );
    CREATE INDEX runs_by_key ON runs (key, started_at_seconds);
    CREATE INDEX runs_by_time ON runs (started_at_seconds);

    CREATE TABLE ledger (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        at_seconds REAL NOT NULL,
        kind TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        fields TEXT NOT NULL
    );

    CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        at_seconds REAL NOT NULL,
        message BLOB NOT NULL
    );

    CREATE TABLE consent (
        revision INTEGER PRIMARY KEY AUTOINCREMENT,
        at_seconds REAL NOT NULL,
        text_version INTEGER NOT NULL,
        analysis INTEGER NOT NULL,
        share_features INTEGER NOT NULL,
        automatic_scaling INTEGER NOT NULL,
        cohort_history INTEGER NOT NULL
    );

    CREATE TABLE decisions (
        decision_id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        decided_at_seconds REAL NOT NULL,
        message BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX decisions_by_time ON decisions (decided_at_seconds);

    CREATE TABLE fits (
        method TEXT NOT NULL,
        resource TEXT NOT NULL,
        start_seconds REAL NOT NULL,
        forecast TEXT NOT NULL,
        PRIMARY KEY (method, resource, start_seconds)
    ) WITHOUT ROWID;
    """,
)

VERSION = len(MIGRATIONS)
