"""Small facts that survive a restart: one text a key."""

from __future__ import annotations

import sqlite3


def read(connection: sqlite3.Connection, key: str, default: str = "") -> str:
    """The text of a key, or `default`."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return default if row is None else row["value"]


def write(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Replaces the text of a key."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def next_revision(connection: sqlite3.Connection, key: str, now_seconds: float) -> int:
    """A number above all that were given before, also by a history that was lost: it begins at the time itself."""
    value = max(int(read(connection, key, "0")) + 1, int(now_seconds))
    write(connection, key, str(value))
    return value
