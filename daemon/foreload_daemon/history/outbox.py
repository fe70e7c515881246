"""Messages that wait until the broker has made them durable. Bounded; no sequence is ever given twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

MOST_MESSAGES = 10_000
MOST_BYTES = 16 * 1024 * 1024
SAMPLE = "sample"
LATEST_ONLY = frozenset({"ask", "profile", "consent", "features"})
"""Kinds of which a newer message makes an older one worthless."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that was not acknowledged yet."""

    sequence: int
    kind: str
    at_seconds: float
    message: bytes


def put(connection: sqlite3.Connection, kind: str, message: bytes, at_seconds: float) -> tuple[int, int]:
    """Keeps a message until it is acknowledged.

    Returns:
        Its sequence, and how many other messages were dropped to make room: the oldest samples, then the oldest of all.
    """
    if kind in LATEST_ONLY:
        connection.execute("DELETE FROM outbox WHERE kind = ?", (kind,))
    cursor = connection.execute(
        "INSERT INTO outbox (kind, at_seconds, message) VALUES (?, ?, ?)", (kind, at_seconds, message)
    )
    return int(cursor.lastrowid or 0), _make_room(connection)


def above(connection: sqlite3.Connection, sequence: int, limit: int = 200) -> list[Waiting]:
    """Messages with a larger sequence, in order."""
    rows = connection.execute("SELECT * FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?", (sequence, limit))
    return [Waiting(row["sequence"], row["kind"], row["at_seconds"], row["message"]) for row in rows]


def acknowledge(connection: sqlite3.Connection, sequence: int) -> None:
    """Everything up to `sequence` is durable at the broker."""
    connection.execute("DELETE FROM outbox WHERE sequence <= ?", (sequence,))


def keep_only(connection: sqlite3.Connection, kinds: Sequence[str]) -> int:
    """Deletes what may no longer leave. Returns how many messages that were."""
    marks = ", ".join("?" * len(kinds))
    return connection.execute(f"DELETE FROM outbox WHERE kind NOT IN ({marks})", tuple(kinds)).rowcount  # noqa: S608


def waiting(connection: sqlite3.Connection) -> int:
    """How many messages wait."""
    return int(connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])


def begin_after(connection: sqlite3.Connection, acknowledged: int) -> None:
    """Welcomes the outbox of a new history to a broker that knows the environment: it goes on after `acknowledged`.

    Without this the broker would take the first messages of a history that was begun anew for ones it has. One that
    was welcomed before has handed out every sequence itself, and nothing changes.
    """
    if connection.execute("SELECT 1 FROM meta WHERE key = 'welcomed'").fetchone():
        return
    rows = connection.execute("SELECT kind, at_seconds, message FROM outbox ORDER BY sequence").fetchall()
    connection.execute("DELETE FROM outbox")
    (last,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", (max(last, acknowledged),))
    connection.executemany(
        "INSERT INTO outbox (kind, at_seconds, message) VALUES (?, ?, ?)", [tuple(row) for row in rows]
    )
    connection.execute("INSERT INTO meta (key, value) VALUES ('welcomed', '1')")


def _make_room(connection: sqlite3.Connection) -> int:
    count, size = connection.execute("SELECT COUNT(*), COALESCE(SUM(LENGTH(message)), 0) FROM outbox").fetchone()
    dropped = 0
    while count > MOST_MESSAGES or size > MOST_BYTES:
        oldest = connection.execute(
            "SELECT sequence, LENGTH(message) AS bytes FROM outbox ORDER BY kind != ?, sequence LIMIT 1", (SAMPLE,)
        ).fetchone()
        connection.execute("DELETE FROM outbox WHERE sequence = ?", (oldest["sequence"],))
        count, size, dropped = count - 1, size - oldest["bytes"], dropped + 1
    return dropped
