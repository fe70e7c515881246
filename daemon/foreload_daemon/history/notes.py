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


def count_up(connection: sqlite3.Connection, key: str) -> int:
    """The next number of a counter, from 1; never given twice."""
    value = int(read(connection, key, "0")) + 1
    write(connection, key, str(value))
    return value
