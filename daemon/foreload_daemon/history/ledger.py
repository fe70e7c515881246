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


def newest(connection: sqlite3.Connection, limit: int, kinds: Sequence[str] = ()) -> list[Entry]:
    """The last entries, newest first; only those of some kinds where such are named."""
    where = f"WHERE kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
    rows = connection.execute(
        f"SELECT * FROM ledger {where} ORDER BY entry DESC LIMIT ?",  # noqa: S608
        (*kinds, limit),
    )
    return [Entry(row["at_seconds"], row["kind"], row["bytes"], json.loads(row["fields"])) for row in rows]


def totals(connection: sqlite3.Connection) -> tuple[int, int]:
    """Number of messages and of their bytes, as far back as the ledger goes."""
    count, size = connection.execute("SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM ledger").fetchone()
    return int(count), int(size)


def first_at(connection: sqlite3.Connection) -> float | None:
    """When the oldest entry that is kept left, seconds since 1970; None where nothing did."""
    return connection.execute("SELECT MIN(at_seconds) FROM ledger").fetchone()[0]


def by_hour(connection: sqlite3.Connection, since_seconds: float) -> dict[int, int]:
    """Bytes of each hour in which something left: hour's beginning, seconds since 1970 -> bytes."""
    rows = connection.execute(
        "SELECT CAST(at_seconds AS INTEGER) / 3600 * 3600 AS hour, SUM(bytes) AS size FROM ledger "
        "WHERE at_seconds >= ? GROUP BY hour",
        (since_seconds,),
    )
    return {int(row["hour"]): int(row["size"]) for row in rows}


def by_kind(connection: sqlite3.Connection, since_seconds: float) -> dict[str, int]:
    """How many messages of each kind have left since then."""
    rows = connection.execute(
        "SELECT kind, COUNT(*) AS count FROM ledger WHERE at_seconds > ? GROUP BY kind ORDER BY count DESC",
        (since_seconds,),
    )
    return {row["kind"]: int(row["count"]) for row in rows}


def forget(connection: sqlite3.Connection, now_seconds: float) -> None:
    """Deletes entries older than they are kept."""
    connection.execute("DELETE FROM ledger WHERE at_seconds < ?", (now_seconds - KEPT_SECONDS,))
