"""The decisions the broker told of, as they came, so that the log is there without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

KEPT_DECISIONS = 2000


def put(connection: sqlite3.Connection, rows: Iterable[tuple[str, int, float, bytes]]) -> None:
    """Keeps decisions: id, revision, time in seconds since 1970, message. A later word on one replaces the earlier."""
    connection.executemany(
        "INSERT OR REPLACE INTO decisions (decision_id, revision, decided_at_seconds, message) VALUES (?, ?, ?, ?)",
        list(rows),
    )
    connection.execute(
        "DELETE FROM decisions WHERE decision_id IN "
        "(SELECT decision_id FROM decisions ORDER BY decided_at_seconds DESC, revision DESC LIMIT -1 OFFSET ?)",
        (KEPT_DECISIONS,),
    )


def newest(connection: sqlite3.Connection, limit: int) -> list[bytes]:
    """The last decisions, newest first."""
    rows = connection.execute(
        "SELECT message FROM decisions ORDER BY decided_at_seconds DESC, revision DESC LIMIT ?", (limit,)
    )
    return [row["message"] for row in rows]


def one(connection: sqlite3.Connection, decision_id: str) -> bytes | None:
    """One decision, or None where it is not known here."""
    row = connection.execute("SELECT message FROM decisions WHERE decision_id = ?", (decision_id,)).fetchone()
    return None if row is None else row["message"]


def count(connection: sqlite3.Connection, since_seconds: float = 0.0) -> int:
    """How many decisions are kept here since `since_seconds`."""
    return int(
        connection.execute("SELECT COUNT(*) FROM decisions WHERE decided_at_seconds >= ?", (since_seconds,)).fetchone()[
            0
        ]
    )
