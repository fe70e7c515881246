"""The list of everything that left this machine. A message is written here before it is sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KEPT_SECONDS = 90 * 86400


@dataclass(frozen=True, slots=True)
class Entry:
    """One message that left: when, what it was, its size, and its fields with their values."""

    at_seconds: float
    kind: str
    bytes: int
    fields: Mapping[str, object]


def put(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Writes messages that are about to leave."""
    connection.executemany(
        "INSERT INTO ledger (at_seconds, kind, bytes, fields) VALUES (?, ?, ?, ?)",
        [(entry.at_seconds, entry.kind, entry.bytes, json.dumps(entry.fields, sort_keys=True)) for entry in entries],
    )


def newest(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """The last entries, newest first."""
    rows = connection.execute("SELECT * FROM ledger ORDER BY entry DESC LIMIT ?", (limit,))
    return [Entry(row["at_seconds"], row["kind"], row["bytes"], json.loads(row["fields"])) for row in rows]


def totals(connection: sqlite3.Connection) -> tuple[int, int]:
    """Number of messages and of their bytes, as far back as the ledger goes."""
    count, size = connection.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM ledger").fetchone()
    return int(count), int(size)


def forget(connection: sqlite3.Connection, now_seconds: float) -> None:
    """Deletes entries older than they are kept."""
    connection.execute("DELETE FROM ledger WHERE at_seconds < ?", (now_seconds - KEPT_SECONDS,))
